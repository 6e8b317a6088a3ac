"""A marker key, a marker password and marker login links turn up nowhere: over real HTTP, with all logs open."""

from __future__ import annotations

import io
import logging
import pickle
import traceback
from collections.abc import Iterator

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, User, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant

KEY, PASSWORD, LOGIN = "marker-key-1f6b", "marker-password-77ac", "00000000-marker-login-key"
MARKERS = (KEY, PASSWORD, LOGIN, LOGIN[9:])


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Log all that any library says, from DEBUG up, into one text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def locals_of(problem: BaseException) -> Iterator[str]:
    """Yield the local variables of all frames of an error but those of this file, as error reporters send them."""
    for frame in traceback.TracebackException.from_exception(problem, capture_locals=True).stack:
        if frame.filename != __file__:
            yield f"{frame.name}: {frame.locals}"


def tell_all(problem: BaseException) -> str:
    """Return all that an error can show, its causes and contexts included."""
    chain, seen = [problem], []
    while chain:
        each = chain.pop()
        seen += [repr(each), str(each), repr(each.args), repr(vars(each)), *locals_of(each)]
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
    return "\n".join([*seen, *traceback.format_exception(problem), repr(pickle.dumps(problem))])


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
