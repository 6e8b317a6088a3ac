"""Proxies and certificates of the environment: what works, and what ends in one line that names the variable."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from litmos_async import environment as environment_module
from litmos_async import errors
from litmos_async.environment import bypasses, certificates, is_loopback, proxy_for
from tests.support.showing import tell_all
from tests.wire.ways import client

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MARKER = "marker-proxy-5c1d"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy.example.com:3128", ("http", "proxy.example.com", 3128, "", "")),
        ("proxy.example.com:3128", ("http", "proxy.example.com", 3128, "", "")),
        ("proxy.example.com", ("http", "proxy.example.com", 80, "", "")),
        ("https://proxy.example.com", ("https", "proxy.example.com", 443, "", "")),
        ("HTTP://proxy.example.com:3128/", ("http", "proxy.example.com", 3128, "", "")),
        ("socks5://10.0.0.1", ("socks5", "10.0.0.1", 1080, "", "")),
        ("socks5h://10.0.0.1:9050", ("socks5h", "10.0.0.1", 9050, "", "")),
        ("user:pass@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "pass")),
        ("http://user@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "")),
        ("http://user:p%40ss%2Fword@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "p@ss/word")),
        ("http://user:p@ss:w/o?r#d%@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "p@ss:w/o?r#d%")),
        ("http://user:pässwörd@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "pässwörd")),
        ("user:http://x@10.0.0.1:3128", ("http", "10.0.0.1", 3128, "user", "http://x")),
        ("http://[2001:db8::1]:3128", ("http", "2001:db8::1", 3128, "", "")),
        ("http://[2001:db8::1]", ("http", "2001:db8::1", 80, "", "")),
        (" http://proxy.example.com:3128 ", ("http", "proxy.example.com", 3128, "", "")),
    ],
)
def test_what_names_a_proxy(value: str, expected: tuple[object, ...]) -> None:
    """Every form that curl takes: without a scheme, with odd passwords, addresses of either kind."""
    proxy = proxy_for("https", "litmos.example.com", None, {"HTTPS_PROXY": value})
    assert proxy is not None
    assert (proxy.scheme, proxy.host, proxy.port, proxy.username, proxy.password) == expected
    assert "pass" not in repr(proxy)
    assert "pass" not in repr(proxy.credentials)


@pytest.mark.parametrize(
    ("settings_of_system", "variables", "expected"),
    [
        ({"https": "http://proxy.example.com:3128"}, {}, "proxy.example.com"),
        ({"all": "http://proxy.example.com:3128"}, {}, "proxy.example.com"),
        ({"http": "http://proxy.example.com:3128"}, {}, None),
        ({}, {}, None),
        ({"https": "http://proxy.example.com:3128"}, {"NO_PROXY": ".example.com"}, None),
        ({"https": "http://proxy.example.com:3128"}, {"NO_PROXY": "other.example"}, "proxy.example.com"),
        ({"https": "http://proxy.example.com:3128"}, {"ALL_PROXY": "http://10.0.0.1:1"}, "10.0.0.1"),
    ],
)
@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_settings_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    settings_of_system: dict[str, str],
    variables: dict[str, str],
    expected: str | None,
) -> None:
    """Windows and macOS keep a proxy of their own: it counts where no variable is set, but for what is exempt."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(environment_module, "getproxies", lambda: settings_of_system)
    monkeypatch.setattr(environment_module, "proxy_bypass", lambda _: False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_for("https", "litmos.example.com")
    known = expected if platform != "linux" or "ALL_PROXY" in variables else None
    assert (proxy and proxy.host) == known


def test_hosts_that_the_system_exempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are reached directly."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(environment_module, "getproxies", lambda: {"https": "http://proxy.example.com:3128"})
    monkeypatch.setattr(environment_module, "proxy_bypass", lambda host: host == "litmos.example.com")
    assert proxy_for("https", "litmos.example.com") is None
    assert proxy_for("https", "other.example.com") is not None


@pytest.mark.parametrize(
    "value",
    [
        "socks4://10.0.0.1",
        "socks://10.0.0.1",
        "ftp://10.0.0.1",
        "http://",
        "http://:3128",
        "http://a b:1",
        "[::1",
        "http://host:port",
        "http://10.0.0.1:0",
        "http://10.0.0.1:99999",
        "http://10.0.0.1:999999999999",
        "http://[zz]:1",
        "http://a..b:1",
        f"http://{'a' * 64}.example.com:1",
        "http://ho\\st:1",
        f"http://u:{'p' * 300}\udcff@10.0.0.1:1",
        f"socks5://u:{'p' * 256}@10.0.0.1",
        "http://h\x7fost:1",
        ":",
        "@",
        "://",
        "http://@",
        "http://%41:1",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_what_names_none(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """One line that names the variable, before anything is sent, and without the value."""
    monkeypatch.setenv(variable, value.replace("ppp", MARKER))
    with pytest.raises(errors.ConfigurationError, match=f"^{variable}: ") as caught:
        client()
    assert "\n" not in str(caught.value)
    assert MARKER not in tell_all(caught.value)
    assert not caught.value.__context__


def test_socks_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the extra."""
    monkeypatch.setenv("ALL_PROXY", f"socks5://user:{MARKER}@10.0.0.1")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "litmos_async.environment.find_spec", lambda name: None if name == "socksio" else find(name)
    )
    with pytest.raises(errors.ConfigurationError, match=r"^ALL_PROXY: .*litmos-async\[socks\]") as caught:
        client()
    assert MARKER not in tell_all(caught.value)


def test_which_variable_counts() -> None:
    """By the scheme before all, lower case before upper, empty ones not at all, and none that a caller can set."""

    def host(**environment: str) -> str | None:
        proxy = proxy_for("https", "litmos.example.com", None, environment)
        return proxy and proxy.host

    assert host() is None
    assert host(http_proxy="a") is None
    assert host(https_proxy="a", HTTPS_PROXY="b", all_proxy="c") == "a"
    assert host(https_proxy="", HTTPS_PROXY="b", all_proxy="c") == "b"
    assert host(HTTPS_PROXY=" ", ALL_PROXY="c") == "c"
    assert host(ALL_PROXY="c", all_proxy="d", NO_PROXY="") == "d"
    assert host(HTTPS_PROXY="b", NO_PROXY="example.com") is None
    assert host(HTTPS_PROXY="b", no_proxy="other.example.com", NO_PROXY="example.com") == "b"
    cgi = {"HTTP_PROXY": "evil", "REQUEST_METHOD": "GET"}
    assert proxy_for("http", "litmos.example.com", None, cgi) is None
    assert proxy_for("http", "litmos.example.com", None, cgi | {"http_proxy": "a"}) is not None


@pytest.mark.parametrize(
    ("exempt", "host", "expected"),
    [
        ("*", "litmos.example.com", True),
        ("example.com", "litmos.example.com", True),
        (".example.com", "litmos.example.com", True),
        ("*.example.com", "litmos.example.com", True),
        ("EXAMPLE.COM.", "litmos.example.com", True),
        ("ample.com", "litmos.example.com", False),
        ("other.org, example.com", "litmos.example.com", True),
        ("other.org example.com", "litmos.example.com", True),
        ("example.com:443", "litmos.example.com", True),
        ("example.com:8443", "litmos.example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("10.1.2.3:80", "10.1.2.3", False),
        ("fd00::/8", "fd00::1", True),
        ("[fd00::]/8", "fd00::1", True),
        ("[fd00:0:0::1]", "fd00::1", True),
        ("fd00:0::1", "fd00::1", True),
        ("[fd00::1]:443", "fd00::1", True),
        ("[fd00::1]:80", "fd00::1", False),
        ("10.0.0.0/8", "litmos.example.com", False),
        ("10.0.0.0/99, nonsense/8, :, [, ], ::::, /, .", "10.1.2.3", False),
        ("", "litmos.example.com", False),
        ("com:999999999999", "litmos.example.com", False),
    ],
)
def test_no_proxy(exempt: str, host: str, expected: bool) -> None:
    """Names and what is below them, addresses, networks, ports."""
    assert bypasses(host, 443, exempt) is expected


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_no_proxy_for_this_machine(host: str) -> None:
    """The key would travel to the proxy in the clear, since a loopback address may do without HTTPS."""
    assert is_loopback(host)
    for scheme in ("http", "https"):
        environment = {f"{scheme}_proxy": "http://10.0.0.1:3128", "all_proxy": "nonsense://"}
        assert proxy_for(scheme, host, None, environment) is None
    assert not is_loopback("localhost.example.com")


async def serving(serve: Serve, use: Callable[[int], Awaitable[None]]) -> None:
    """Serve on a port of this machine while something uses it."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await use(server.sockets[0].getsockname()[1])


async def test_a_proxy_is_asked_and_its_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets name and password; the error names the proxy and the host, the password and the key nowhere."""
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def use(port: int) -> None:
        monkeypatch.setenv("ALL_PROXY", f"user:{MARKER}@127.0.0.1:{port}")
        async with client() as litmos:
            with pytest.raises(
                errors.ConnectError, match=f"407.*127.0.0.1:{port} .*host litmos.example.com"
            ) as caught:
                await litmos.users.get("u1")
            assert litmos.quota.used == 0
        shown = tell_all(caught.value)
        assert MARKER not in shown
        assert "the-key" not in shown

    await serving(proxy, use)
    assert heard[0].startswith(b"CONNECT litmos.example.com:443 ")
    assert base64.b64encode(f"user:{MARKER}".encode()) in heard[0]
    assert b"the-key" not in heard[0]


async def test_a_proxy_that_does_not_answer_is_no_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the proxy has not connected us nothing of the request left: its slot is free at once."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def use(port: int) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        async with client().with_options(timeout=0.2) as litmos:
            with pytest.raises(errors.ConnectError, match="no connection within"):
                await litmos.users.delete("u1")
            assert litmos.quota.used == 0

    await serving(silent, use)


async def test_socks_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A SOCKS proxy is asked, with name and password, which no log shows at whatever level."""
    heard = bytearray()

    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readexactly(2))
        heard.extend(await reader.readexactly(heard[1]))
        writer.write(b"\x05\x02")
        heard.extend(await reader.readexactly(2 + 4 + 1 + len(MARKER)))
        writer.write(b"\x01\x01")  # refused
        await writer.drain()
        writer.close()

    async def use(port: int) -> None:
        monkeypatch.setenv("ALL_PROXY", f"socks5://user:{MARKER}@127.0.0.1:{port}")
        async with client() as litmos:
            with caplog.at_level(1), pytest.raises(errors.ConnectError) as caught:
                await litmos.users.get("u1")
        assert MARKER not in tell_all(caught.value)

    await serving(socks, use)
    assert MARKER.encode() in heard
    assert "setup_socks5_connection" in caplog.text
    assert MARKER not in caplog.text


# ------------------------------------------------ certificates


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "folder", "nul", "long"])
def test_certificates_that_are_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, kind: str
) -> None:
    """A variable that names nothing of use is named in one line."""
    path = tmp_path / kind
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("no certificate", encoding="utf-8")
        case "folder":
            path.mkdir()
            (path / "some.pem").write_bytes(b"nonsense")
        case "long":
            path = tmp_path / ("x" * 5_000)
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(errors.ConfigurationError, match=f"^{variable}: ") as caught:
        client()
    assert "\n" not in str(caught.value)


def test_a_log_of_keys_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """OpenSSL would open it, and Python says so with an OSError."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no" / "such" / "folder"))
    with pytest.raises(errors.ConfigurationError, match=r"^SSLKEYLOGFILE: "):
        client()


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_a_file_or_folder_of_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, hashed: bool
) -> None:
    """A server whose authority stands in the file, or in the folder under any name, is believed; else it is not."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"Id": "u1"}'
        )
        await writer.drain()
        writer.close()

    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "notes.txt").write_text("not one", encoding="utf-8")
    other = trustme.CA()
    other.cert_pem.write_to_path(folder / "other.pem")
    authority.cert_pem.write_to_path(folder / "company.crt")
    if hashed:
        # As `openssl rehash` names it; another name does not matter, since the files are read as well.
        (folder / "0123abcd.0").symlink_to("company.crt")
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        base_url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with client(base_url) as litmos:
            with pytest.raises(errors.ConnectError, match=r"certificate"):
                await litmos.users.get("u1")
        monkeypatch.setenv(variable, str(folder))
        async with client(base_url) as litmos:
            assert (await litmos.users.get("u1")).id == "u1"
    assert certificates({}) is None
    assert certificates({"SSL_CERT_DIR": f"{folder}:{folder}"}) is not None
