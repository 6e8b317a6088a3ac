"""Reads what reports are made of, by the fewest requests: all results are one list of the API.

Results say whether a course is overdue and until when a completion counts, but not when it is due: for that,
the people of a course are read where a report shows it, one list a course that has something open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from attrs import evolve, frozen

from litmos_async.ahead import MOST_AHEAD
from litmos_async.errors import ConfigurationError, NotFound
from litmos_async.report.data import KINDS, Bar, Column, Kind, Report
from litmos_async.report.rules import GOOD, Result, Standing, is_overdue, standing_of
from litmos_async.resources import Resources
from litmos_async.resources.base import Caller, ListOptions

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything in any account: the list of results demands a beginning."""

BARS: Final = 30
"""Bars of a chart at the most: what is behind most comes first."""


@frozen
class Entry:
    """One person in one course.

    Attributes:
        user_id: The person.
        user_name: The person's user name.
        name: The person's name.
        email: The person's e-mail.
        course_id: The course.
        course_code: The course's code.
        course: The course's name.
        result: What is known of it.
        completed: When it was completed.
        standing: Where the person stands.
        teams: The names of the person's teams, among those that the report is limited to.
    """

    user_id: str
    user_name: str
    name: str
    email: str
    course_id: str
    course_code: str
    course: str
    result: Result
    completed: datetime | None
    standing: Standing
    teams: tuple[str, ...] = ()


class Reports:
    """Reports: who has not completed a course, who is overdue, how far each team is.

    ```python
    report = await litmos.report.make("overdue", courses=[course_id])
    print(report.to_dicts())
    html = page(report)  # of `litmos_async.report`, with the extra "report"
    Path("overdue.html").write_text(html, encoding="utf-8")
    ```
    """

    def __init__(self, caller: Caller, base_url: str) -> None:
        self._litmos = Resources(caller)
        self._base_url = base_url
        self._options = ListOptions(pages_ahead=MOST_AHEAD)

    async def make(
        self,
        kind: Kind,
        *,
        courses: Collection[str] = (),
        teams: Collection[str] = (),
        since: datetime | None = None,
        inactive: bool = False,
        now: datetime | None = None,
    ) -> Report:
        """Read what a report needs and return it.

        Args:
            kind: "completion" (everyone in every course), "overdue", "not-started", or "teams" (a row a team).
            courses: Ids of the courses that it is limited to; none is all.
            teams: Ids of the teams whose members it is limited to; none is everyone. For "teams": which rows.
            since: Only results that changed after it; None is all.
            inactive: Whether inactive people are in it. Not with teams: the API does not list inactive members.
            now: The time that it is made for; None is now.

        Raises:
            ConfigurationError: There is no such report, course or team.
            IncompleteListing: A list could not be read to its end.
        """
        if kind not in KINDS:
            raise ConfigurationError(f"there is no report {kind!r}; there are {', '.join(KINDS)}")
        for name, given in (("courses", courses), ("teams", teams)):
            if isinstance(given, str):
                raise ConfigurationError(f"{name} must be a list of ids, not one text")
        for name, moment in (("since", since), ("now", now)):
            if moment is not None and moment.tzinfo is None:
                raise ConfigurationError(f"{name} must be a datetime with a time zone")
        if inactive and (kind == "teams" or teams):
            # Else it would say that they are in it.
            raise ConfigurationError(
                "a report about teams cannot have inactive people: the API lists no inactive members"
            )
        now = (now or datetime.now(UTC)).astimezone(UTC)
        members = await self._members(kind, teams)
        entries = await self._entries(courses, members, since or BEGINNING, now, inactive=inactive)
        if kind == "overdue":
            entries = await self._with_due_dates(entries, now)
        report = (
            _teams(entries, members or {}, now, self._base_url)
            if kind == "teams"
            else _BUILDERS[kind](entries, now, self._base_url)
        )
        return evolve(report, note=_note(courses, teams, since, inactive=inactive))

    async def _members(
        self, kind: Kind, wanted: Collection[str]
    ) -> Mapping[str, tuple[str, list[str]]] | None:
        """Return the members of teams, name and people by the team's id; None where it is about everyone."""
        if kind != "teams" and not wanted:
            return None
        teams = {team.id: team.name or "" async for team in self._litmos.teams.list(**self._options)}
        missing = [team_id for team_id in wanted if team_id not in teams]
        if missing:
            raise ConfigurationError(f"there is no team {', '.join(missing)}")
        found: dict[str, tuple[str, list[str]]] = {}
        for team_id in wanted or teams:
            try:
                people = [user.id async for user in self._litmos.teams.list_users(team_id, **self._options)]
            except NotFound:
                continue  # deleted since the list was read
            found[team_id] = (teams[team_id], people)
        return found

    async def _entries(
        self,
        courses: Collection[str],
        members: Mapping[str, tuple[str, list[str]]] | None,
        since: datetime,
        now: datetime,
        *,
        inactive: bool,
    ) -> list[Entry]:
        """Return everyone's results, limited to courses and to the members of teams."""
        teams_of: defaultdict[str, list[str]] = defaultdict(list)
        for name, people in (members or {}).values():
            for user_id in people:
                teams_of[user_id].append(name)
        wanted, seen = frozenset(courses), set[str]()
        entries: list[Entry] = []
        async for row in self._litmos.results.list_details(since=since, **self._options):
            course_id = row.course_id or ""
            seen.add(course_id)
            if (wanted and course_id not in wanted) or (members is not None and row.id not in teams_of):
                continue
            if row.active is False and not inactive:
                continue
            result = Result(
                complete=row.complete,
                percentage=row.percentage_complete,
                overdue=row.overdue,
                compliant_till=row.compliant_till_date,
            )
            entries.append(
                Entry(
                    user_id=row.id,
                    user_name=row.user_name or "",
                    name=" ".join(filter(None, (row.first_name, row.last_name))),
                    email=row.email or "",
                    course_id=course_id,
                    course_code=row.code or "",
                    course=row.course_name or "",
                    result=result,
                    completed=row.completed_date,
                    standing=standing_of(result, now),
                    teams=tuple(sorted(teams_of[row.id])) if members is not None else (),
                )
            )
        if unknown := wanted - seen:
            await self._check_courses(unknown)
        return entries

    async def _check_courses(self, unknown: Iterable[str]) -> None:
        """Refuse ids of which there is no course; one that no one has is a report without rows."""
        for course_id in unknown:
            try:
                await self._litmos.courses.get(course_id)
            except NotFound:
                raise ConfigurationError(f"there is no course {course_id}") from None

    async def _with_due_dates(self, entries: list[Entry], now: datetime) -> list[Entry]:
        """Return the entries with their due dates, read for courses in which something is open."""
        due: dict[tuple[str, str], datetime | None] = {}
        for course_id in dict.fromkeys(each.course_id for each in entries if not each.result.complete):
            try:
                async for user in self._litmos.courses.list_users(course_id, **self._options):
                    due[user.id, course_id] = user.due_date
            except NotFound:
                continue
        dated: list[Entry] = []
        for each in entries:
            result = evolve(each.result, due_date=due.get((each.user_id, each.course_id)))
            dated.append(evolve(each, result=result, standing=standing_of(result, now)))
        return dated


_PERSON: Final = (
    Column("user_name", "User name"),
    Column("name", "Name"),
    Column("email", "E-mail"),
    Column("course_code", "Course code"),
    Column("course", "Course"),
)


def _person(each: Entry) -> tuple[Any, ...]:
    return each.user_name, each.name, each.email, each.course_code, each.course


def _completion(entries: Sequence[Entry], now: datetime, account: str) -> Report:
    columns = (
        *_PERSON,
        Column("percentage", "Progress", "percent"),
        Column("standing", "Standing"),
        Column("completed", "Completed", "time"),
        Column("compliant_till", "Compliant till", "time"),
    )
    rows = [
        (
            *_person(each),
            each.result.percentage,
            str(each.standing),
            each.completed,
            each.result.compliant_till,
        )
        for each in _sorted(entries)
    ]
    done = sum(bool(each.result.complete) for each in entries)
    figures = [*_counts(entries), ("Completed", f"{done:,}"), ("Of all", _percent(done, len(entries)))]
    return Report("completion", "Completion", now, account, figures, _bars(entries), columns, rows)


def _overdue(entries: Sequence[Entry], now: datetime, account: str) -> Report:
    late = [each for each in entries if is_overdue(each.result, now)]
    columns = (
        *_PERSON,
        Column("due_date", "Due", "time"),
        Column("days", "Days late", "number"),
        Column("percentage", "Progress", "percent"),
    )
    rows = [
        (*_person(each), each.result.due_date, _days(each.result.due_date, now), each.result.percentage)
        for each in sorted(late, key=lambda each: (each.result.due_date or now, each.user_name, each.course))
    ]
    figures = [*_counts(late), ("Overdue", f"{len(late):,}")]
    affected = {each.course_id for each in late}
    in_time = [each for each in entries if each.course_id in affected]
    bars = _bars(in_time, lambda each: not is_overdue(each.result, now))
    return Report("overdue", "Overdue", now, account, figures, bars, columns, rows)


def _not_started(entries: Sequence[Entry], now: datetime, account: str) -> Report:
    idle = [each for each in entries if not each.result.complete and not each.result.percentage]
    idle = [each for each in idle if each.standing not in GOOD]
    columns = (*_PERSON, Column("standing", "Standing"))
    rows = [(*_person(each), str(each.standing)) for each in _sorted(idle)]
    figures = [*_counts(idle), ("Not started", f"{len(idle):,}")]
    courses = {each.course_id for each in idle}
    bars = _bars(
        [each for each in entries if each.course_id in courses],
        lambda each: bool(each.result.complete or each.result.percentage),
    )
    return Report("not-started", "Not started", now, account, figures, bars, columns, rows)


def _teams(
    entries: Sequence[Entry], members: Mapping[str, tuple[str, list[str]]], now: datetime, account: str
) -> Report:
    columns = (
        Column("team_id", "Team id"),
        Column("team", "Team"),
        Column("people", "People", "number"),
        Column("assigned", "Assigned", "number"),
        Column("completed", "Completed", "number"),
        Column("percentage", "Completed", "percent"),
        Column("overdue", "Overdue", "number"),
    )
    by_person: defaultdict[str, list[Entry]] = defaultdict(list)
    for each in entries:
        by_person[each.user_id].append(each)
    rows: list[tuple[Any, ...]] = []
    bars: list[Bar] = []
    for team_id, (name, people) in members.items():
        own = [each for user_id in people for each in by_person[user_id]]
        done = sum(bool(each.result.complete) for each in own)
        late = sum(is_overdue(each.result, now) for each in own)
        share = round(100 * done / len(own), 1) if own else None
        rows.append((team_id, name, len(people), len(own), done, share, late))
        if own:
            bars.append(Bar(name, done, len(own)))
    rows.sort(key=lambda row: (row[1].casefold(), row[0]))
    bars.sort(key=lambda bar: (bar.percent, bar.label))
    figures = [
        ("Teams", f"{len(rows):,}"),
        ("People in them", f"{len({p for _, ps in members.values() for p in ps}):,}"),
    ]
    return Report("teams", "Teams", now, account, figures, bars[:BARS], columns, rows)


_BUILDERS: Final[Mapping[Kind, Callable[[Sequence[Entry], datetime, str], Report]]] = {
    "completion": _completion,
    "overdue": _overdue,
    "not-started": _not_started,
}


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(
        entries, key=lambda each: (each.course.casefold(), each.course_id, each.user_name.casefold())
    )


def _counts(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    return [
        ("People", f"{len({each.user_id for each in entries}):,}"),
        ("Courses", f"{len({each.course_id for each in entries}):,}"),
    ]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _days(due: datetime | None, now: datetime) -> int | None:
    return None if due is None else max(0, (now - due).days)


def _bars(
    entries: Iterable[Entry], done: Callable[[Entry], bool] = lambda each: bool(each.result.complete)
) -> list[Bar]:
    """Return a bar a course, what is behind most first."""
    total: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    names: dict[str, str] = {}
    for each in entries:
        total[each.course_id] += 1
        finished[each.course_id] += done(each)
        names[each.course_id] = each.course or each.course_code or each.course_id
    bars = [Bar(names[key], finished[key], total[key]) for key in total]
    return sorted(bars, key=lambda bar: (bar.percent, bar.label))[:BARS]


def _note(courses: Collection[str], teams: Collection[str], since: datetime | None, *, inactive: bool) -> str:
    said = []
    if courses:
        said.append(f"{len(courses)} course{'s' if len(courses) > 1 else ''} chosen")
    if teams:
        said.append(f"members of {len(teams)} team{'s' if len(teams) > 1 else ''}")
    if since is not None:
        said.append(f"changed since {since:%Y-%m-%d %H:%M} {since.tzname()}")
    said.append("inactive people included" if inactive else "inactive people left out")
    return "; ".join(said)
