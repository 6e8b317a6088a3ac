"""A pair of the plainest job enters the files that the architecture names, and no others."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType

import litmos_async
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

PACKAGE = Path(litmos_async.__file__).parent
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def named() -> set[str]:
    """Return the files that the page names."""
    found = re.search(r"<!-- entered -->\n```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return set(found[1].split())


def entered(**options: object) -> set[str]:
    """Return the files of bulk of which a function runs in a job over one pair."""
    tenant = Tenant()
    tenant.add_user(UserName="user@example.com", FirstName="U", LastName="One")
    tenant.add_course(Name="Course")
    (user,), (course,) = tenant.users, tenant.courses
    sandbox = Sandbox(tenant)
    files: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        # Comprehensions and class bodies run in their file, too; what is imported meanwhile does not count.
        if event == "call" and frame.f_code.co_name != "<module>":
            files.add(frame.f_code.co_filename)

    async def main() -> None:
        async with client(sandbox) as litmos:
            bulk = litmos.bulk
            before = sys.getprofile()
            sys.setprofile(note)
            try:
                report = await bulk.assign_courses_to_users(
                    [(user, course)], send_message=False, **options
                ).run()
            finally:
                sys.setprofile(before)
            assert (report.done, report.requests, report.ok) == (1, 1, True)

    run_virtual(main())
    folder = PACKAGE / "bulk"
    return {str(Path(each).relative_to(folder)) for each in files if each.startswith(f"{folder}/")}


def test_the_files_of_the_plainest_job() -> None:
    """The way of a pair is short, and the page says it."""
    assert entered() == named()


def test_an_option_brings_its_own_file() -> None:
    """The trace sees what is added: reading back takes one file more."""
    assert entered(verify=True) - named() == {"pairs/existing.py"}
