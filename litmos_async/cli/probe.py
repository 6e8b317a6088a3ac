"""`litmos probe`: which fields the account's answers have, for the report of a bug."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from litmos_async import LitmosClient
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.options import ACCOUNT_FLAGS, AccountFlags
from litmos_async.cli.order import unwritable, usable
from litmos_async.cli.outcomes import Access, check_writable, write_whole
from litmos_async.cli.words import explain
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.testing import MOST_REQUESTS
from litmos_async.testing import probe as read_fields

__all__ = ["probe"]


async def probe(
    output: Annotated[Path, Parameter(help="The report to write, as JSON.")] = Path("litmos-probe.json"),
    *,
    most_requests: Annotated[
        int, Parameter(help="The most requests to make.", validator=Number(gte=1, lte=MOST_REQUESTS))
    ] = MOST_REQUESTS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Read a little of everything, and record which fields the answers have, to attach to a bug report.

    It makes only calls that read, at most 60. The report has the names and types of fields, but no values.

    Exit code 0: the report was written. 1: the account could not be read, or writing the file failed at the
    end. 2: the file cannot be written, or there is no key.
    """
    usable(output)
    try:
        check_writable(output)
    except OSError as problem:
        raise ConfigurationError(unwritable("the report", output, problem)) from None
    terminal = account.terminal()
    options = account.client_options()

    async def run() -> int:
        try:
            async with LitmosClient(**options) as litmos:
                found = await read_fields(litmos, most_requests=most_requests)
        except ConfigurationError:
            raise
        except LitmosError as problem:
            terminal.complain(explain(problem))
            return FAILED
        text = json.dumps(found, indent=1) + "\n"
        try:
            write_whole(output, Access(), lambda file: file.write(text))
        except OSError as error:
            terminal.complain(unwritable("the report", output, error))
            return FAILED
        known = sum(1 for each in found["operations"].values() if each["result"] == "ok")
        terminal.say(f"{output}: {known} operations answered, in {found['requests']} requests")
        return OK if known else FAILED

    return await until_interrupted(run())
