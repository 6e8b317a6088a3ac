"""A marker key, a marker password and marker login links turn up nowhere: over real HTTP, with all logs open."""

from __future__ import annotations

import base64
import copy
import html
import io
import json
import logging
import pickle
import pprint
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

import attrs
import httpx
import pytest

from litmos_async import (
    LitmosClient,
    RedisLimiter,
    RetryPolicy,
    User,
    XapiStore,
    errors,
    models,
)
from litmos_async.limits import limiter_from_url
from litmos_async.mcp import serve
from litmos_async.models.record import Record, fields_of
from litmos_async.redaction import redact
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.webhooks import RedisSeen
from litmos_async.wire.converter import structure
from tests.support.sandboxes import client
from tests.support.showing import in_rich, tell_all

# With characters that are written otherwise in a URL, in JSON, in XML and by `repr`.
KEY, PASSWORD, LOGIN = "marker-key/1f6b&\"'\\x", "marker-pass wörd<77&ac>'\\\"", "00000000-marker-login-key"
MARKERS = ("marker-key", "marker-pass", "marker-login", LOGIN)


def forms(secret: str) -> list[str]:
    """Return the ways in which a text may quote a secret."""
    return [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        repr(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode(),
    ]


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Log all that any library says, from level 1 up, into one text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    # The server of the sandbox runs in this process, and at that level writes down what it was sent.
    handler.addFilter(lambda record: not record.name.startswith("uvicorn"))
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    root = logging.getLogger()
    # A library, or a test before this one, may have made httpx say less.
    levels = {logger: logger.level for logger in (root, logging.getLogger(httpx.__name__))}
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(1)
    yield stream
    root.removeHandler(handler)
    for logger, level in levels.items():
        logger.setLevel(level)


async def quoted_in_vain(litmos: LitmosClient, sandbox: Sandbox, user_id: str) -> list[str]:
    """Return what errors show of an answer that is cut off, and of a change that is refused or lost."""
    shown = []

    async def change() -> None:
        await litmos.users.patch(user_id, password=PASSWORD, last_name=f"Neu {len(shown)}")

    for fault, call in [
        (Fault(truncate=4_000), lambda: litmos.request("GET", "/users/details")),
        (Fault(truncate=4_000), lambda: litmos.users.list_details().collect()),
        (Fault(truncate=700), lambda: litmos.users.get(user_id)),
        (Fault(method="PUT", status=400), change),
        (Fault(method="PUT", drop=True), change),
    ]:
        sandbox.faults.clear()
        sandbox.faults.add(fault)
        with pytest.raises(errors.LitmosError) as caught:
            await call()
        shown.append(tell_all(caught.value))
    return shown


@pytest.mark.costly
@pytest.mark.parametrize("key_in", ["header", "query"])
@pytest.mark.parametrize("wire", ["json", "xml"])
async def test_no_marker_anywhere(everything_logged: io.StringIO, key_in: str, wire: str) -> None:
    """Calls, errors, logs, reprs, tracebacks and pickled errors hold none of the secrets."""
    sandbox = Sandbox(Tenant.example(users=5), api_key=KEY)
    user_id = next(iter(sandbox.tenant.users))
    link = f"https://acme.example.com/login.aspx?loginkey={LOGIN}"
    sandbox.tenant.users[user_id]["LoginKey"] = link
    shown: list[str] = []
    quoting = f"apikey {KEY}, password {PASSWORD}, see {link}".encode()

    async def fail(litmos: LitmosClient, fault: Fault, kind: type[errors.LitmosError]) -> None:
        sandbox.faults.clear()
        sandbox.faults.add(fault)
        new = User(user_name=f"new{len(shown)}@example.com", first_name="N", last_name="W", password=PASSWORD)
        with pytest.raises(kind) as caught:
            await litmos.users.create(new)
        shown.append(tell_all(caught.value))

    async with sandbox.serve() as base_url:
        async with LitmosClient(
            KEY,
            "tests",
            base_url=base_url,
            key_in=key_in,
            wire=wire,
            retry=RetryPolicy(max_attempts=1, max_rejections=0),
        ) as litmos:
            user = await litmos.users.get(user_id)
            assert user.login_key == link
            users = await litmos.users.list_details().collect()
            shown += [
                repr(user),
                str(user),
                repr(users),
                repr(litmos),
                repr(litmos.quota),
                repr(vars(litmos)),
                pprint.pformat(users),
                in_rich(user),
                in_rich(users),
                in_rich(litmos),
                in_rich(vars(litmos._sender)),
            ]
            await litmos.users.patch(user_id, password=PASSWORD, first_name="Neu")
            await fail(litmos, Fault(status=400, body=quoting), errors.BadRequest)
            await fail(litmos, Fault(status=409, body=b'{"Detail": "' + quoting + b'"}'), errors.Conflict)
            await fail(litmos, Fault(body=b"<" + quoting, after=True), errors.DecodeError)
            await fail(litmos, Fault(body=b'{"Id": "' + quoting, after=True), errors.DecodeError)
            await fail(litmos, Fault(drop=True), errors.OutcomeUnknown)
            await fail(litmos, Fault(status=500, html=True), errors.OutcomeUnknown)
            shown += await quoted_in_vain(litmos, sandbox, user_id)
        port = httpx.URL(base_url).port
    async with LitmosClient(
        KEY, "tests", base_url=f"http://127.0.0.1:{port}", key_in=key_in, retry=RetryPolicy(max_attempts=1)
    ) as litmos:
        with pytest.raises(errors.ConnectError) as caught:
            await litmos.users.get("x")
        shown.append(tell_all(caught.value))

    logs = everything_logged.getvalue()
    assert "litmos_async DEBUG users.get: GET" in logs
    assert "httpx" in logs
    for marker in MARKERS:
        assert marker not in logs
        for text in shown:
            assert marker not in text


def records() -> Iterator[type[Record]]:
    """Yield all records."""
    for name in dir(models):
        kind = getattr(models, name)
        if isinstance(kind, type) and issubclass(kind, Record):
            yield kind


def test_secret_attributes_have_no_repr() -> None:
    """Printers of attrs classes, such as rich, go by that flag; an unknown value may be a secret, too."""
    secret = 0
    for record in records():
        for attribute, fact in fields_of(record):
            assert attribute.repr is not fact.secret, f"{record.__name__}.{attribute.name}"
            secret += fact.secret
        assert attrs.fields_dict(record)["extra"].repr is False
    assert secret >= 5


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.__name__)
def test_no_printer_shows_a_secret(record: type[Record]) -> None:
    """Neither a secret attribute nor an unknown one is shown, in whatever form a record is printed."""
    secret = {attribute.name: PASSWORD for attribute, fact in fields_of(record) if fact.secret}
    row = record(**secret, extra={"New": PASSWORD})
    for shown in (
        repr(row),
        str(row),
        f"{[row]}",
        pprint.pformat([row]),
        in_rich(row),
        in_rich({"row": [row]}),
    ):
        assert "marker" not in shown


@pytest.mark.parametrize("secret", [KEY, PASSWORD, "plain", "k ?\"ä&<'/>\\~ÿ"])
def test_every_form_of_a_secret_is_cut_out(secret: str) -> None:
    """As it is, and as URLs, JSON, XML, `repr` and Basic credentials write it."""
    for form in forms(secret):
        assert redact(f"before {form} after", [secret]) == "before *** after"
    assert redact("https://x.example.com/?next=login.aspx%3Floginkey%3Dabc-def&x=1") == (
        "https://x.example.com/?next=login.aspx%3Floginkey%3D***&x=1"
    )


async def test_a_secret_that_is_not_there_cuts_nothing_out() -> None:
    """A person without a password: the words of the server are as they came, also where they say None."""
    sandbox = Sandbox(Tenant())
    sandbox.faults.add(Fault(method="POST", status=400, body=b'{"Detail": "None of the names is free"}'))
    async with client(sandbox) as litmos:
        with pytest.raises(errors.BadRequest, match="None of the names is free"):
            await litmos.users.create(User(user_name="a@example.com", first_name="A", last_name="B"))


class Talkative(httpx.AsyncBaseTransport):
    """A transport whose errors quote all that they were given, in one form, down a chain of causes."""

    def __init__(self, form: int, kind: type[Exception]) -> None:
        self.form = form
        self.kind = kind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail."""
        given = f"{request.headers.get('apikey', '')} {request.url.params.get('apikey', '')}"
        key = forms(KEY)[self.form] if KEY in given else "no key was given"
        password = forms(PASSWORD)[self.form]
        try:
            try:
                raise OSError(111, f"refused with {key}", f"file-{password}")
            except OSError as problem:
                problem.add_note(f"note of {key} and {password}")
                raise ValueError(
                    f"inner {key}", {"headers": dict(request.headers)}, key.encode()
                ) from problem
        except ValueError:
            raise self.kind(f"outer {key}, {password}")  # noqa: B904 - the context is what is tried


@pytest.mark.parametrize(
    ("form", "kind", "key_in"),
    [
        *((form, httpx.ReadError, "header") for form in range(len(forms("")))),
        *((0, kind, "query") for kind in (httpx.ConnectError, RuntimeError, OSError, ConnectionResetError)),
    ],
)
async def test_errors_of_a_transport_are_cleaned(
    everything_logged: io.StringIO, form: int, kind: type[Exception], key_in: Any
) -> None:
    """Whatever they quote, in whatever form, at whatever depth: the chain that leaves us has none of it."""
    new = User(user_name="n@example.com", first_name="N", last_name="W", password=PASSWORD)
    options: dict[str, Any] = {"retry": RetryPolicy(max_attempts=2, initial_backoff=0.0), "key_in": key_in}
    transport = Talkative(form, kind)
    async with LitmosClient(
        KEY, "tests", base_url="https://sandbox", transport=transport, **options
    ) as litmos:
        with pytest.raises(errors.LitmosError) as caught:
            await litmos.users.create(new)
    shown = tell_all(caught.value)
    assert "OutcomeUnknown" in shown or "ConnectError" in shown
    assert kind.__name__ in shown
    for text in (shown, everything_logged.getvalue()):
        for marker in ("marker-key", "marker-pass", forms(KEY)[form], forms(PASSWORD)[form]):
            assert marker not in text
    assert caught.value.__cause__ is not None


REFUSED: dict[str, Callable[[LitmosClient], Awaitable[object]]] = {
    "a character that XML cannot carry": lambda litmos: litmos.with_options(wire="xml").users.create(
        User(user_name="a", first_name="b", last_name="c", password=f"{PASSWORD}\0")
    ),
    "a lone surrogate": lambda litmos: litmos.with_options(wire="json").users.create(
        User(user_name="a", first_name="b", last_name="c", password=f"{PASSWORD}\ud800")
    ),
    "half a character in plain data": lambda litmos: litmos.request(
        "POST", "/x", body={"P": f"{PASSWORD}\ud800"}
    ),
    "plain data that is none": lambda litmos: litmos.request(
        "POST", "/x", body={"P": PASSWORD, "x": object()}
    ),
    "bytes as a password": lambda litmos: litmos.users.create(
        User(user_name="a", first_name="b", last_name="c", password=PASSWORD.encode())
    ),
    "an unknown field with an object": lambda litmos: litmos.users.create(
        User(user_name="a", first_name="b", last_name="c", extra={"P": {"q": PASSWORD, "x": object()}})
    ),
    "a number that is none": lambda litmos: litmos.request(
        "POST", "/x", body={"P": PASSWORD, "x": float("nan")}
    ),
    "plain data over XML": lambda litmos: litmos.request("POST", "/x", body={"P": PASSWORD}, wire="xml"),
    "a path that is none": lambda litmos: litmos.request("POST", "x", body={"P": PASSWORD}),
    "an attribute that is none": lambda litmos: litmos.users.patch("u", password=PASSWORD, colour="x"),
}


@pytest.mark.parametrize("call", REFUSED)
async def test_what_is_refused_is_not_shown(call: str) -> None:
    """A value that cannot be sent is in no error, and in no frame that leads to it."""
    async with LitmosClient(KEY, "tests", base_url="https://sandbox") as litmos:
        with pytest.raises(errors.ConfigurationError) as caught:
            await REFUSED[call](litmos)
        assert litmos.quota.used == 0
    assert "marker" not in tell_all(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"region": "moon"},
        {"base_url": "http://litmos.example.com"},
        {"base_url": "https://xn--a"},
        {"source": "x" * 60},
        {"limiter": f"redis://user:{PASSWORD}@[::1"},
        {"limiter": f"nonsense://user:{PASSWORD}@host"},
        {"rate_limit": 5},
        {"timeout": -1},
        {"max_answer_bytes": 0},
        {"api_key": f"{KEY}\n"},
    ],
    ids=str,
)
def test_a_client_that_cannot_be_made_shows_nothing(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames that lead to the error hold neither the key nor the environment, which holds it, too."""
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:marker-proxy@proxy.example.com:1")
    with pytest.raises(errors.ConfigurationError) as caught:
        LitmosClient(**{"api_key": KEY, "source": "tests"} | options)
    assert "marker" not in tell_all(caught.value)


# Not where they are used: the source of a line that raises is shown.
REDIS: Final = "redis://user:marker@host"
UNSENDABLE: Final = "marker\n"

UNMADE: Final[dict[str, Callable[[], object]]] = {
    "a limiter at no place": lambda: limiter_from_url(REDIS.replace("redis", "redsi")),
    "a limiter without redis-py": lambda: limiter_from_url(REDIS),
    "a RedisLimiter without redis-py": lambda: RedisLimiter(REDIS),
    "a RedisLimiter that waits no time": lambda: RedisLimiter(REDIS, timeout=0),
    "a RedisSeen without redis-py": lambda: RedisSeen(REDIS),
    "a RedisSeen that claims for no time": lambda: RedisSeen(REDIS, claim=0),
    "a store with a password that cannot be sent": lambda: XapiStore(
        "https://lrs.example.com", "user", UNSENDABLE
    ),
}


@pytest.mark.parametrize("made", UNMADE)
def test_what_cannot_be_made_shows_nothing(made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the error nor the frames that lead to it, whatever it is that cannot work."""
    if "without redis-py" in made:
        for module in ("redis", "redis.asyncio"):
            monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(errors.ConfigurationError) as caught:
        UNMADE[made]()
    assert "marker" not in tell_all(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https:/u:marker-pw@host/v1",
        "u:marker-pw@host/v1.svc",
        "https:///u:marker-pw@host",
        "http:/u:marker-pw@host/v1",
        "https:u:marker-pw@host/v1",
        "http://u:marker-pw@host/v1",
        "https:/u:marker-pw%40host/v1",
        "ftp://u:marker-pw@host",
        "@marker-pw",
    ],
)
def test_an_address_with_a_password_is_not_shown(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it stands at a place at which none can stand, and wherever the address comes from."""
    monkeypatch.setenv("LITMOS_BASE_URL", address)
    for make in (
        lambda: LitmosClient(KEY, "tests", base_url=address),
        lambda: LitmosClient(KEY, "tests"),
        lambda: XapiStore(address, "user", "password"),
    ):
        with pytest.raises(errors.ConfigurationError) as caught:
            make()
        assert "marker" not in str(caught.value)
    with pytest.raises(errors.ConfigurationError, match=r"loopback address: 'http://host\.example\.com'"):
        LitmosClient(KEY, "tests", base_url="http://host.example.com")


@pytest.mark.parametrize(
    "options", [{"region": "moon"}, {"limiter": REDIS.replace("redis", "redsi")}, {}], ids=str
)
async def test_a_server_that_cannot_be_made_shows_nothing(options: dict[str, Any]) -> None:
    """Neither the key nor the password of a Redis."""
    with pytest.raises(errors.ConfigurationError) as caught:
        await serve({"api_key": KEY, "source": "tests"} | options, share=0.5 if options else 2)
    assert "marker" not in tell_all(caught.value)


@pytest.mark.parametrize("plain", ["a-SECRET-marker", ["a-SECRET-marker"], 7])
def test_what_is_no_record_is_not_shown(plain: object) -> None:
    """Not even among the values of local variables, with which some programs report an error."""
    with pytest.raises(errors.DecodeError) as caught:
        structure(plain, User)
    assert "SECRET" not in tell_all(caught.value)


def test_nothing_that_holds_the_key_is_pickled() -> None:
    """A client, a view, its bulk side and a job refuse; a plan and an error hold no key."""
    litmos = LitmosClient(KEY, "tests", base_url="https://sandbox")
    job = litmos.bulk.deactivate_users(["u1"])
    for value in (litmos, litmos.with_options(timeout=1.0), litmos.users, litmos.bulk, job, litmos._sender):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(value)
    with pytest.raises(TypeError, match="one in each process"):
        copy.copy(litmos)
