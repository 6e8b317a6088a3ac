"""`litmos mcp`: the account for an assistant, over the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from litmos_async.cli.codes import OK, USAGE
from litmos_async.cli.extras import missing
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.options import ACCOUNT_FLAGS, AccountFlags
from litmos_async.cli.terminal import Terminal

__all__ = ["mcp"]


async def mcp(
    *,
    allow_writes: Annotated[
        bool,
        Parameter(
            help="Allow changes, each as a plan that a second call confirms. Without this it only reads."
        ),
    ] = False,
    share: Annotated[
        float,
        Parameter(
            help="The largest part of the account's limit that it may use.", validator=Number(gt=0, lte=1)
        ),
    ] = 0.25,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Serve the account to an AI assistant, over standard input and output (Model Context Protocol).

    The assistant's program starts it. What the assistant reads, including people's names and e-mail addresses,
    goes to the vendor of its model.

    Exit code 0: the assistant ended it. 2: it could not start.
    """
    terminal = Terminal()
    if needed := missing("litmos mcp", "mcp"):
        terminal.complain(needed)
        return USAGE
    from litmos_async.mcp import serve  # noqa: PLC0415 - an extra of its own

    options = account.client_options()

    async def run() -> int:
        await serve(options, allow_writes=allow_writes, share=share)
        return OK

    return await until_interrupted(run())
