"""Reports: numbers that are those of the organisation, by few requests; and the page."""

from __future__ import annotations

import re
import sys
from collections import Counter
from datetime import datetime
from html import unescape
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.report import KINDS, Bar, Report, chart, check_page, csv_text, page
from litmos_async.sandbox import Sandbox, Tenant
from tests.export.small import open_sandbox, reach
from tests.report.samples import EVIL, sample


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """An organisation of 60 people."""
    return open_sandbox(Tenant.example(users=60, courses=5, teams=4, seed=8))


def links(tenant: Tenant) -> list[tuple[str, str, Any]]:
    """Return the assignments of active people."""
    return [
        (user, course, link)
        for user, course, link in tenant.user_courses.rows()
        if link.active and tenant.users[user]["Active"]
    ]


async def make(sandbox: Sandbox, kind: Any, **options: Any) -> Report:
    """Make a report."""
    async with reach(sandbox) as litmos:
        made: Report = await litmos.report.make(kind, **options)
        return made


async def test_completion(sandbox: Sandbox) -> None:
    """Everyone in every course, with the share that is completed."""
    tenant = sandbox.tenant
    made = await make(sandbox, "completion")
    wanted = links(tenant)
    assert len(made.rows) == len(wanted)
    done = sum(link.percentage == 100 for *_, link in wanted)
    assert dict(made.figures)["Completed"] == f"{done}"
    assert Counter(row["standing"] for row in made.to_dicts())["completed"] == done
    total = Counter(course for _, course, _ in wanted)
    assert sorted(bar.total for bar in made.bars) == sorted(total.values())
    assert [bar.percent for bar in made.bars] == sorted(bar.percent for bar in made.bars)


async def test_not_started(sandbox: Sandbox) -> None:
    """Who has not begun."""
    made = await make(sandbox, "not-started")
    assert len(made.rows) == sum(link.percentage == 0 for *_, link in links(sandbox.tenant))


async def test_teams(sandbox: Sandbox) -> None:
    """A row a team, with what its members have done."""
    tenant = sandbox.tenant
    made = {row["team_id"]: row for row in (await make(sandbox, "teams")).to_dicts()}
    assert set(made) == set(tenant.teams)
    for team, row in made.items():
        members = (
            {user for user, other, link in tenant.team_users.rows() if other == team}
            if hasattr(tenant, "team_users")
            else None
        )
        if members is not None:
            assert row["people"] == len(members)
        assert row["completed"] <= row["assigned"]


async def test_few_requests(sandbox: Sandbox) -> None:
    """All results are one list: a report does not ask once a person, course or team without need."""
    before = len(sandbox.requests)
    await make(sandbox, "completion")
    assert len(sandbox.requests) - before <= 2
    before = len(sandbox.requests)
    await make(sandbox, "not-started", courses=[next(iter(sandbox.tenant.courses))])
    assert len(sandbox.requests) - before <= 3


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("everything", {}, "there is no report"),
        ("teams", {"teams": "x"}, "must be a list"),
        ("completion", {"courses": "x"}, "must be a list"),
        ("completion", {"since": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        ("completion", {"teams": ["nothing"]}, "no team nothing"),
        ("completion", {"courses": ["nothing"]}, "no course nothing"),
    ],
)
async def test_refused(sandbox: Sandbox, kind: Any, options: dict[str, Any], said: str) -> None:
    """What there is not, is said."""
    with pytest.raises(ConfigurationError, match=said):
        await make(sandbox, kind, **options)


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_hold_all_rows(sandbox: Sandbox, kind: Any) -> None:
    """Every cell stands on the page, which loads nothing and is allowed to load nothing."""
    made = await make(sandbox, kind)
    html = page(made)
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    assert body.count("<tr>") == len(made.rows)
    for row in made.rows:
        assert str(row[0]) in unescape(body)
    assert not re.search(r"(?:src|href)=", html)
    assert "default-src 'none'" in unescape(html)


def test_names_cannot_run_anything() -> None:
    """What stands in a name is text: in the table, in the chart, in its labels."""
    html = page(sample(text=EVIL))
    assert html.count("<script>") == 1
    assert "alert(" not in unescape(html).replace(EVIL, "")


def test_a_long_table_is_cut() -> None:
    """After 2,000 rows, with the file named that holds them all."""
    html = page(sample(rows=2_001), csv_name="all.csv")
    assert html.partition("<tbody>")[2].count("<tr>") == 2_000
    assert "2,001 rows" in html
    assert "all of them are in all.csv" in html
    assert csv_text(sample(rows=2_001)).count("\n") == 2_002


def test_every_bar_has_a_label() -> None:
    """A screen reader says what it is, and how much of it is done; equal names stay apart."""
    report = sample(bars=4)
    labels = re.findall(r'aria-label="([^"]*)"', chart([*report.bars, Bar("Ada 1", 5, 10)]))
    assert "Ada 3: 3 of 10, 30.0 %" in labels
    assert "Ada 1: 5 of 10, 50.0 %" in labels
    assert "style=" not in chart(report.bars)


def test_an_empty_report() -> None:
    """It is a page that says so."""
    assert "Nothing to show" in page(sample(rows=0, bars=0))


@pytest.mark.parametrize("missing", ["jinja2", "vl_convert"])
def test_without_the_packages_of_pages(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page, chart and check say how to get them; CSV does without."""
    monkeypatch.setitem(sys.modules, missing, None)
    for make in (check_page, lambda: page(sample())):
        with pytest.raises(ConfigurationError, match=r'pip install "litmos-async\[report\]"'):
            make()
    assert csv_text(sample()).count("\n") == 4


def test_a_carriage_return_ends_no_row_of_csv() -> None:
    """It is in quotes, so that a spreadsheet does not take what follows for another row."""
    assert '"a\rb 0",' in csv_text(sample(rows=1, text="a\rb"))
