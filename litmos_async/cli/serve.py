"""`litmos sandbox`: a stand-in for the service on this machine, to try commands and programs on."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from litmos_async import RateLimit
from litmos_async.cli.codes import USAGE
from litmos_async.cli.extras import missing
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.options import parse_limit
from litmos_async.cli.terminal import Terminal
from litmos_async.wording import system_reason

__all__ = ["sandbox"]

KEY: Final = "sandbox-key"
"""The key that the sandbox takes: it holds invented people, so it is no secret."""


async def sandbox(
    *,
    users: Annotated[int, Parameter(help="Invented people.", validator=Number(gte=1, lte=1_000_000))] = 50,
    courses: Annotated[int, Parameter(help="Invented courses.", validator=Number(gte=1, lte=100_000))] = 12,
    port: Annotated[
        int, Parameter(help="The port on 127.0.0.1; 0 takes a free one.", validator=Number(gte=0, lte=65_535))
    ] = 0,
    limit: Annotated[
        RateLimit | None,
        Parameter(
            help="The rate limit that it enforces. [default: 100/60]",
            metavar="REQUESTS/SECONDS",
            converter=parse_limit,
            n_tokens=1,
            accepts_keys=False,
        ),
    ] = None,
    seed: Annotated[int, Parameter(help="The same seed makes the same organisation.")] = 1,
) -> int:
    """Serve a stand-in for the service until Ctrl-C, and print the environment variables that point to it.

    It holds a fictional organisation, and forgets all changes when it stops. Only this machine can reach it.

    Exit code 2: the port is taken. 130: Ctrl-C.
    """
    terminal = Terminal()
    if needed := missing("litmos sandbox", "cli", "sandbox"):
        terminal.complain(needed)
        return USAGE
    from litmos_async.sandbox import Sandbox, Tenant  # noqa: PLC0415 - an extra of its own

    rate = limit or RateLimit()
    tenant = Tenant.example(users=users, courses=courses, seed=seed)
    server = Sandbox(tenant, requests=rate.requests, period=rate.period, api_key=KEY)

    async def serve() -> int:
        try:
            async with server.serve(port) as base_url:
                terminal.say(_environment(base_url))
                terminal.tell(
                    f"The limit is {rate.requests} requests in any {rate.period:g} s. Ctrl-C ends the sandbox"
                )
                await asyncio.Event().wait()
        except OSError as problem:
            terminal.complain(f"cannot serve on port {port}: {system_reason(problem)}")
        return USAGE

    return await until_interrupted(serve())


def _environment(base_url: str) -> str:
    """Return lines to paste into a shell; the limit is the sandbox's own, not that of the user's account."""
    words = {"LITMOS_API_KEY": KEY, "LITMOS_BASE_URL": base_url, "LITMOS_SOURCE": "sandbox"}
    return "\n".join(f"export {name}={value}" for name, value in words.items())
