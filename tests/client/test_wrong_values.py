"""What cannot work is a `ConfigurationError` where it is given, whatever takes it."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async import LitmosClient, MemoryLimiter, RateLimit, RedisLimiter, RetryPolicy, SqliteLimiter
from litmos_async.errors import ConfigurationError
from litmos_async.export import schema
from litmos_async.models import User
from litmos_async.webhooks import MemorySpool, Receiver, RedisSeen, SqliteSpool
from litmos_async.xapi_store import XapiStore
from tests.support.sandboxes import bare, client

MADE: Final[dict[Callable[..., Any], dict[str, Any]]] = {
    LitmosClient: {"api_key": "k", "source": "s", "base_url": "https://litmos.example.com/v1.svc"},
    RateLimit: {},
    RetryPolicy: {},
    MemoryLimiter: {},
    SqliteLimiter: {"path": "limits.db"},
    RedisLimiter: {"url": "redis://127.0.0.1:1"},
    Receiver: {"handler": print, "secret": "0123456789abcdef"},
    MemorySpool: {},
    SqliteSpool: {"path": "spool.db"},
    RedisSeen: {"url": "redis://127.0.0.1:1"},
    XapiStore: {"endpoint": "https://lrs.example.com/TCAPI/a/b", "username": "u", "password": "p"},
}
"""How each is made where nothing is wrong with it."""

ODD: Final[tuple[Any, ...]] = (
    None,
    "",
    "x",
    b"x",
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    True,
    [],
    {},
    object(),
    "\ud800",
    "a\0b",
)
NOT_CHECKED: Final = {"random", "spool", "seen", "litmos"}
"""Of protocols that callers may write themselves, or taken for what they are worth."""


async def closed(made: Any) -> None:
    """Close what was made, if it can be closed: one file has one spool at a time."""
    if hasattr(made, "aclose"):
        await made.aclose()


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_an_odd_value_is_refused_or_works(
    made: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No argument of a constructor meets a bare TypeError, ValueError or OverflowError."""
    monkeypatch.chdir(tmp_path)
    asyncio.run(closed(made(**MADE[made])))
    for name, value in itertools.product(inspect.signature(made).parameters.keys() - NOT_CHECKED, ODD):
        try:
            asyncio.run(closed(made(**MADE[made] | {name: value})))
        except ConfigurationError:
            pass
        except Exception as problem:  # noqa: BLE001
            pytest.fail(f"{made.__name__}({name}={value!r}): {problem!r}")


@pytest.mark.parametrize("retry", [0, False, "", {}])
def test_no_retries_are_not_asked_for_so(retry: Any) -> None:
    """It would be the usual number of them."""
    with pytest.raises(ConfigurationError, match="retry must be a RetryPolicy"):
        LitmosClient("k", "s", retry=retry)


@pytest.mark.parametrize("wrong", ["no", "false", 0, 1, None])
def test_secrets_are_kept_by_true_alone(wrong: Any, tmp_path: Path) -> None:
    """As "no" they would be among the rest."""
    with pytest.raises(ConfigurationError, match="secrets must be True or False"):
        User(user_name="u", password="secret").to_dict(secrets=wrong)
    with pytest.raises(ConfigurationError, match="with_secrets must be True or False"):
        schema("users", with_secrets=wrong)

    async def main() -> None:
        async with client(bare()) as litmos:
            with pytest.raises(ConfigurationError, match="with_secrets must be True or False"):
                await litmos.export.run("users", str(tmp_path / "users.csv"), with_secrets=wrong)
            with pytest.raises(ConfigurationError, match="with_secrets must be True or False"):
                await anext(aiter(litmos.export.batches("users", with_secrets=wrong)))

    asyncio.run(main())


@pytest.mark.parametrize("path", ["", ":memory:", "a\0b", "\ud800", b"x", None, 5])
@pytest.mark.parametrize("made", [SqliteLimiter, SqliteSpool])
def test_what_names_no_file(made: Callable[[Any], object], path: object) -> None:
    """It is refused at once, and not by the first call that needs a slot."""
    with pytest.raises(ConfigurationError, match="path must name a file"):
        made(path)


def test_a_process_that_changes_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon does. It keeps to the same limit, which it would share with nobody in a new file."""
    sandbox = bare(users=1)
    (user,) = sandbox.tenant.users
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    limiter = SqliteLimiter("limits.db")
    assert limiter.path == tmp_path / "here" / "limits.db"

    async def main() -> None:
        async with client(sandbox, limiter=limiter) as litmos:
            for folder in ("here", "there"):
                os.chdir(tmp_path / folder)
                await litmos.users.get(user)
        await limiter.aclose()

    asyncio.run(main())
    assert list((tmp_path / "there").iterdir()) == []


async def told(_news: object) -> None:
    """Be called, and awaited by nobody."""


class Told:
    """An object that is called as a coroutine function."""

    async def __call__(self, _news: object) -> None:
        """Be called, and awaited by nobody."""


async def jobs(litmos: LitmosClient, show: Any) -> None:
    """Run a job that shows how far it is."""
    await litmos.bulk.add_users_to_teams([("u", "t")], send_message=False).run(on_progress=show)


async def exports(litmos: LitmosClient, show: Any) -> None:
    """Run an export that shows how far it is."""
    await litmos.export.run("users", "users.csv", on_progress=show)


async def clients(_litmos: LitmosClient, show: Any) -> None:
    """Make a client that tells of its work."""
    LitmosClient("k", "s", on_event=show)


@pytest.mark.parametrize("show", [told, Told(), "x"], ids=["function", "object", "text"])
@pytest.mark.parametrize("tells", [jobs, exports, clients])
def test_what_is_called_is_not_awaited(
    tells: Callable[[LitmosClient, Any], Awaitable[None]],
    show: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """News for a coroutine function would reach nobody: it is refused before a request is spent."""
    monkeypatch.chdir(tmp_path)
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(
                ConfigurationError, match=r"on_(progress|event) (is called, not awaited|must be)"
            ):
                await tells(litmos, show)

    asyncio.run(main())
    assert not sandbox.requests
