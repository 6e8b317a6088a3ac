"""`litmos check`: whether the account can be reached, and if not, what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlsplit

import attrs
from attrs import frozen
from cyclopts import Parameter

from litmos_async import LitmosClient, RetryPolicy
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.options import ACCOUNT_FLAGS, OUTPUT, AccountFlags
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.cli.words import explain
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    DecodeError,
    Forbidden,
    LimiterUnavailable,
    LitmosError,
    NetworkError,
    RateLimited,
    Unauthorized,
)
from litmos_async.profiles import Profile, Region, region_of

__all__ = ["Finding", "check", "examine"]

PATIENCE: Final = RetryPolicy(max_attempts=1, deadline=5.0)
"""A person waits for the answer: a pause that takes longer is itself the answer."""

SECONDS: Final = 15.0
"""For one attempt."""

Connect = Callable[[str | None], LitmosClient]
"""Makes a client of a region, or of the address that was asked for."""


@frozen
class Finding:
    """What one look at an account showed.

    Attributes:
        ok: Whether the key works there.
        problem: What is wrong, as a word for programs: "key", "region", "forbidden", "name", "refused", "proxy",
            "certificate", "tls", "timeout", "network", "limit", "limiter", "address", "server"; or empty.
        message: What is wrong, in a line.
        host: The host that was asked.
        region: Its region; empty for another address.
        works_in: The region in which the key works, where that is another one.
        people: How many people the account has; None where that was not seen.
    """

    ok: bool
    problem: str = ""
    message: str = ""
    host: str = ""
    region: str = ""
    works_in: str = ""
    people: int | None = None


async def examine(connect: Connect) -> Finding:
    """Try an account with one request; with one more for each other region if the key is rejected.

    Raises:
        ConfigurationError: There is nothing that could be tried.
    """
    try:
        people = await _count_people(connect, None)
    except ConfigurationError:
        raise
    except (Unauthorized, Forbidden) as problem:
        return await _rejected(problem, connect)
    except LitmosError as problem:
        return _not_reached(problem)
    return Finding(ok=True, people=people)


async def _count_people(connect: Connect, region: str | None) -> int | None:
    async with connect(region) as litmos:
        page = await litmos.users.list_paginated(page_size=1, retry=PATIENCE, timeout=SECONDS)
        return page.total


async def _rejected(problem: Unauthorized | Forbidden, connect: Connect) -> Finding:
    """Return whether it is the key or the region: a key works in its own region only."""
    found = Finding(ok=False, host=problem.host, region=problem.region)
    for region in get_args(Region) if problem.region else ():
        if region == problem.region:
            continue
        try:
            people = await _count_people(connect, region)
        except LitmosError:
            continue
        message = f"the key works in region {region}, not in {problem.region}: use --region {region}"
        return attrs.evolve(found, problem="region", message=message, works_in=region, people=people)
    if isinstance(problem, Forbidden):
        message = f"the account does not let this key read its people: {problem}"
        return attrs.evolve(found, problem="forbidden", message=message)
    elsewhere = "" if not problem.region else " or in any other region"
    message = f"the key does not work at {problem.host}{elsewhere}, or the API is off for this account"
    return attrs.evolve(found, problem="key", message=message)


def _not_reached(problem: LitmosError) -> Finding:
    found = Finding(ok=False, host=getattr(problem, "host", ""), region=getattr(problem, "region", ""))
    if isinstance(problem, RateLimited):
        word, text = "limit", "the limit of the account is used up: another program sends requests, too"
    elif isinstance(problem, LimiterUnavailable):
        word, text = "limiter", explain(problem)
    elif isinstance(problem, NetworkError):
        word, text = problem.obstacle or "network", _obstacle(problem)
    elif isinstance(problem, DecodeError) or (isinstance(problem, APIError) and problem.status == 404):
        word, text = "address", f"what answers is not the API: check the address {explain(problem)}"
    else:
        word, text = "server", explain(problem)
    return attrs.evolve(found, problem=word, message=text)


def _obstacle(problem: NetworkError) -> str:
    """Return what is in the way of a connection, and where to look."""
    host = problem.host
    text = {
        "proxy": f"the proxy refuses to connect to {host}: check HTTPS_PROXY, and whether it needs a password",
        "certificate": f"the certificate of {host} is not trusted: a proxy that inspects connections has one "
        "of its own, which SSL_CERT_FILE can name",
        "tls": f"no secure connection to {host}: what answers there does not speak HTTPS",
        "name": f"there is no host {host}: check the network and the address",
        "refused": f"{host} refuses connections",
        "timeout": f"{host} does not answer: a firewall may be in the way",
    }.get(problem.obstacle, f"{host} cannot be reached")
    return f"{text} ({problem.args[0]})"


def _check_options(profile: Profile) -> None:
    """Refuse options of a profile that no command has: elsewhere they are passed over, as each command has its own.

    Raises:
        ConfigurationError: There is one.
    """
    if not profile.options:
        return
    from litmos_async.cli.app import option_names  # noqa: PLC0415 - the command line, of which this is a part

    known = option_names()
    for name in profile.options:
        if name.replace("_", "-") not in known:
            near = get_close_matches(name.replace("_", "-"), known, 1)
            guess = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"profile {profile.name!r} has the option {name!r}, which no command has{guess}", option=name
            )


async def check(
    *,
    json: Annotated[
        bool, Parameter(help="Write one JSON document to standard output.", group=OUTPUT)
    ] = False,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Test the account with one request, and say what is wrong if it does not work.

    It distinguishes a wrong key, a wrong region, a host that cannot be reached, a proxy, a certificate, and a
    limit that is used up. If the key is rejected, it tries the other regions as well.

    Exit code 0: the key works. 1: it does not. 2: there is nothing to test, for example because there is no
    key.
    """
    terminal = Terminal()
    _check_options(account.named_profile())
    options = account.client_options()

    def connect(region: str | None) -> LitmosClient:
        return LitmosClient(**options | ({"region": region, "base_url": None} if region else {}))

    async def look() -> int:
        async with connect(None) as litmos:
            host, region = urlsplit(litmos.base_url).hostname or "", region_of(litmos.base_url)
        found = await examine(connect)
        found = attrs.evolve(found, host=found.host or host, region=found.region or region)
        profile = account.named_profile().name
        if json:
            terminal.document({"profile": profile or None, **attrs.asdict(found)})
        elif found.ok:
            rows: list[tuple[str, Any]] = [
                ("host", found.host),
                ("region", found.region),
                ("profile", profile),
            ]
            rows.append(("people", "" if found.people is None else f"{found.people:,}"))
            terminal.say(listed("The key works", [row for row in rows if row[1]]))
        else:
            where = f"profile {profile}: " if profile else ""
            terminal.complain(f"{where}{found.message}")
        return OK if found.ok else FAILED

    return await until_interrupted(look())
