"""What the environment says of the way to the server: proxies and certificates.

The variables are those that curl, httpx and OpenSSL read. Whatever stands in them ends in a working connection, or
in a `ConfigurationError` of one line that names the variable, without the password that may stand in its value.
"""

from __future__ import annotations

import base64
import os
import re
import ssl
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote
from urllib.request import getproxies, proxy_bypass

from attrs import field, frozen

from litmos_async.errors import ConfigurationError

_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_SYSTEM: Final = "the system's proxy settings"

# RFC 1929: a SOCKS server is told the length of either in one byte.
_LONGEST_SOCKS_WORD: Final = 255

# A folder that OpenSSL's `rehash` has prepared holds certificates by such names.
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_CERTIFICATES: Final = frozenset({".pem", ".crt", ".cer", ".cert"})
_MOST_FILES: Final = 2_000


@frozen
class Proxy:
    """A proxy that a variable names.

    Attributes:
        variable: The variable.
        scheme: http, https, socks5 or socks5h.
        host: Its name or address.
        port: Its port.
        username: Empty where none is given.
        password: Empty where none is given.
    """

    variable: str
    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def netloc(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Name and password, as texts that do not show themselves; None where there are none."""
        known = self.username or self.password
        return (_Unshown(self.username), _Unshown(self.password)) if known else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown: the password, and the credentials as Basic authentication writes them."""
        if not self.password:
            return ()
        basic = base64.b64encode(f"{self.username}:{self.password}".encode("utf-8", "replace")).decode()
        return (self.password, quote(self.password, safe="", errors="replace"), basic)


class _Unshown(str):
    """A text that does not show itself: httpcore logs the credentials for a SOCKS proxy at level DEBUG."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return _UnshownBytes(super().encode(encoding, errors))


class _UnshownBytes(bytes):
    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very name, without asking anybody."""
    if host == "localhost":
        return True
    address = _address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def proxy_for(
    scheme: str, host: str, port: int | None = None, environment: Mapping[str, str] = os.environ
) -> Proxy | None:
    """Return the proxy for an address, or None for the direct way.

    `https_proxy` or `http_proxy` by the scheme, then `all_proxy`, in lower case or upper; `no_proxy` lists the
    hosts that are reached directly. Where no such variable is set, the settings of Windows and macOS count.

    What runs on this machine is never reached through a proxy: the proxy has no way to it, and the key would travel
    to the proxy in the clear, since a loopback address may do without HTTPS.

    Raises:
        ConfigurationError: The variable names no proxy that can be used.
    """
    if is_loopback(host):
        return None
    found = _variable(f"{scheme}_proxy", environment) or _variable("all_proxy", environment)
    exempt = _variable("no_proxy", environment)
    if found is None:
        if not _has_system_settings(environment) or (exempt is None and proxy_bypass(host)):
            return None
        settings = getproxies()
        value = settings.get(scheme) or settings.get("all") or ""
        found = (_SYSTEM, value) if value else None
    if found is None or (exempt is not None and bypasses(host, port or _PORTS[scheme], exempt[1])):
        return None
    proxy = _parsed(*found)
    if isinstance(proxy, Proxy):
        return proxy
    variable = found[0]
    # Else they would be shown where errors are reported with the values of local variables.
    del found, environment
    raise ConfigurationError(f"{variable}: {proxy}")


def _has_system_settings(environment: Mapping[str, str]) -> bool:
    return environment is os.environ and sys.platform in {"win32", "darwin"}


def _variable(name: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return a variable that says something, by its real name; lower case goes first, as for curl."""
    names = sorted((each for each in environment if each.lower() == name), key=str.swapcase)
    for each in names:
        # A CGI server sets HTTP_PROXY from a header of the caller (CVE-2016-5385).
        if each == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
            continue
        if value := environment[each].strip():
            return each, value
    return None


def _parsed(variable: str, value: str) -> Proxy | str:
    """Return the proxy that a value names, or what is wrong with it, without quoting it.

    `scheme://name:password@host:port`, of which the host alone must stand there. A password may hold anything, also
    what should have been percent-encoded: the last "@" ends it.
    """
    scheme, separator, rest = value.partition("://")
    scheme, rest = (scheme.lower(), rest) if separator else ("http", value)
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        scheme, rest = "http", value
    if scheme not in _PORTS:
        return f"{scheme} proxies are not supported; {', '.join(_PORTS)} are"
    credentials, _, place = rest.rpartition("@")
    username, _, password = credentials.partition(":")
    match = re.fullmatch(r"(\[[^\[\]]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?", re.split(r"[/?#]", place)[0])
    if not match or not _is_host(match[1]):
        return "there is no host, or no number for a port"
    port = int(match[2] or _PORTS[scheme])
    if not 0 < port < 65_536:
        return f"{port} is not a port"
    proxy = Proxy(variable, scheme, match[1].strip("[]"), port, unquote(username), unquote(password))
    return _unusable(proxy) or proxy


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return isinstance(_address(host.strip("[]")), IPv6Address)
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return host.isprintable() and not re.search(r"[\s\\<>^`{|}\"%@]", host)


def _unusable(proxy: Proxy) -> str:
    """Say why a proxy cannot be used, or nothing."""
    for word in (proxy.username, proxy.password):
        try:
            length = len(word.encode())
        except UnicodeEncodeError:
            return "name or password hold bytes that are not text"
        if proxy.scheme.startswith("socks") and length > _LONGEST_SOCKS_WORD:
            return f"a SOCKS proxy takes a name and a password of {_LONGEST_SOCKS_WORD} bytes at most"
    if proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        return 'a SOCKS proxy needs an extra: pip install "litmos-async[socks]"'
    return ""


def bypasses(host: str, port: int, exempt: str) -> bool:
    """Return whether a `no_proxy` list names a host.

    It holds names, which stand for all names below them too, with or without a leading dot; addresses; networks as
    `10.0.0.0/8`; each with a port if only that one is meant; and `*` for everything. A name is not looked up, so
    networks are compared with addresses only.
    """
    name, address = host.lower().rstrip("."), _address(host)
    for entry in re.split(r"[,\s]+", exempt.lower()):
        if entry == "*":
            return True
        if address is not None and "/" in entry:
            if _in_network(address, entry):
                return True
            continue
        place, its_port = _split(entry)
        if not place or its_port not in {None, port}:
            continue
        if address is not None:
            if _address(place) == address:
                return True
        elif name == place or name.endswith(f".{place}"):
            return True
    return False


def _split(entry: str) -> tuple[str, int | None]:
    """Split an entry into a name or address and a port."""
    match = re.fullmatch(r"\[([^\]]*)\](?::([0-9]+))?|([^:]*):([0-9]+)", entry)
    if match is None:
        place, port = entry, None
    else:
        place, port = match[1] or match[3] or "", match[2] or match[4]
    place = place.removeprefix("*").strip(".")
    if not port:
        return place, None
    # No port has more than five digits, and `int` refuses a text of thousands of them.
    return place, int(port) if len(port) < 6 else -1


def _in_network(address: IPv4Address | IPv6Address, entry: str) -> bool:
    try:
        return address in ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


# ------------------------------------------------ certificates


def certificates(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext | None:
    """Return the authorities that the environment names in place of the usual ones; None where it names none.

    `SSL_CERT_FILE` is a file of them, `SSL_CERT_DIR` a folder, or several, with or without the names that OpenSSL's
    `rehash` gives. Either variable may name either.

    Raises:
        ConfigurationError: A variable names nothing that holds a certificate.
    """
    context: ssl.SSLContext | None = None
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        value = environment.get(variable, "").strip()
        paths = [value] if variable == "SSL_CERT_FILE" else value.split(os.pathsep)
        for path in filter(None, paths):
            context = context or empty_context(environment)
            if reason := _load(context, path):
                raise ConfigurationError(f"{variable}: {reason}")
    return context


def empty_context(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return a context that trusts no authority yet.

    Raises:
        ConfigurationError: The file for the keys of connections cannot be written.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if keys := environment.get("SSLKEYLOGFILE"):
        try:
            context.keylog_filename = keys
        except (OSError, ValueError):
            raise ConfigurationError(f"SSLKEYLOGFILE: {keys!r} cannot be written") from None
    return context


def _load(context: ssl.SSLContext, path: str) -> str:
    """Add the certificates of a file or folder, or say why that cannot be done."""
    try:
        if not Path(path).is_dir():
            return _load_file(context, Path(path))
        files = sorted(Path(path).iterdir())[:_MOST_FILES]
    except (OSError, ValueError):
        return f"{path!r} cannot be read"
    hashed = any(_HASHED.fullmatch(each.name) for each in files)
    if hashed:
        context.load_verify_locations(capath=path)
    # OpenSSL finds only what has a hash for a name; a folder into which files were copied has none.
    copied = [each for each in files if each.suffix.lower() in _CERTIFICATES]
    if sum(not _load_file(context, each) for each in copied) or hashed:
        return ""
    return f"the folder {path!r} holds no certificate"


def _load_file(context: ssl.SSLContext, path: Path) -> str:
    try:
        context.load_verify_locations(cafile=path)
    except FileNotFoundError:
        return f"there is no {str(path)!r}"
    except ssl.SSLError:
        return f"{str(path)!r} holds no certificate"
    except (OSError, ValueError):
        return f"{str(path)!r} cannot be read"
    return ""
