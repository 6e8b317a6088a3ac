"""`litmos login-link`: a link that logs a person in, once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from litmos_async import LitmosClient
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.lists import with_client
from litmos_async.cli.options import ACCOUNT_FLAGS, OUTPUT, AccountFlags
from litmos_async.cli.order import unwritable, usable
from litmos_async.cli.outcomes import Access, check_writable, write_whole
from litmos_async.errors import ConfigurationError

__all__ = ["login_link"]


async def login_link(
    user: Annotated[str, Parameter(help="The person's user name, e-mail address or id.")],
    /,
    *,
    course: Annotated[
        str | None, Parameter(help="A course that is shown after the login: its code, id or number.")
    ] = None,
    output: Annotated[
        Path | None,
        Parameter(help="Write the link to this file, which its owner alone can read.", group=OUTPUT),
    ] = None,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Print a link that logs a person in once, without a password. Anyone with it can act as that person.

    It is written to a terminal, or to a file that only its owner can read (--output), but never to a pipe or
    another file, where others might find it.

    Exit code 0: the link was written. 1: there is no such person or course, or the account cannot be reached.
    2: the command cannot work as given.
    """
    if output is None and not (sys.stdout is not None and sys.stdout.isatty()):
        raise ConfigurationError(
            "the link is a credential, and standard output is not a terminal: use --output FILE"
        )
    if output is not None:
        usable(output)
        try:
            check_writable(output)
        except OSError as problem:
            raise ConfigurationError(unwritable("the link", output, problem)) from None
    terminal = account.terminal()

    async def work(litmos: LitmosClient) -> int:
        found = await litmos.bulk.resolve_users([user])
        courses = await litmos.bulk.resolve_courses([course]) if course else None
        for resolved in filter(None, (found, courses)):
            for problem in resolved.problems.values():
                terminal.complain(problem)
                return FAILED
        if course and courses is not None:
            link = await litmos.sso.course_login_url(found.ids[user], courses.ids[course])
        else:
            link = await litmos.sso.get_login_key(found.ids[user])
        if output is None:
            terminal.say(link.url)
            return OK
        try:
            write_whole(output, Access(), lambda file: file.write(f"{link.url}\n"))
        except OSError as error:
            terminal.complain(unwritable("the link", output, error))
            return FAILED
        terminal.tell(f"The link is in {output}")
        return OK

    return await with_client(account, terminal, work)
