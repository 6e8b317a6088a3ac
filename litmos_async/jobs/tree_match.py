"""Which rows of a tree of teams mean which teams that are there, and what stands above what. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from attrs import Attribute, converters, define, field, frozen

from litmos_async.bulk.inputs import texts
from litmos_async.errors import ConfigurationError
from litmos_async.models import TeamSummary
from litmos_async.names import clean, loose

__all__ = ["Key", "Place", "TeamRow", "Tree"]

Key: TypeAlias = tuple[str, ...]
"""A name, the name of the team above, and its code: as they are compared."""

_CIRCLE: Final = "its parent teams form a circle"


def _ids(given: Iterable[str]) -> frozenset[str]:
    return frozenset(texts(given))


def _is_text(_: object, attribute: Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise ConfigurationError(f"{attribute.name} must be str, not {type(value).__name__}")


@frozen
class TeamRow:
    """A team as it should be. What is empty is left as it is, and so are leaders and admins that are None.

    ```python
    rows = [TeamRow("Sales", leaders=frozenset({user_id})), TeamRow("Sales North", parent="Sales")]
    job = Jobs.of(litmos.bulk).sync_team_tree(rows)
    print(await job.plan())
    ```

    Attributes:
        name: What it is called.
        parent: The name of the team above it; with neither this nor a code a new team stands at the top.
        parent_code: The code for bulk imports of the team above it.
        description: What is said of it.
        leaders: Ids of the people who lead it, from any iterable, or the only one. None leaves them as they are.
        admins: Ids of its admins. None leaves them as they are.

    Raises:
        ConfigurationError: A value is of another type.
    """

    name: str = field(validator=_is_text)
    parent: str = field(default="", validator=_is_text)
    parent_code: str = field(default="", validator=_is_text)
    description: str = field(default="", validator=_is_text)
    leaders: frozenset[str] | None = field(default=None, converter=converters.optional(_ids))
    admins: frozenset[str] | None = field(default=None, converter=converters.optional(_ids))

    @property
    def key(self) -> Key:
        """What tells it from other rows."""
        return loose(self.name), loose(self.parent), clean(self.parent_code)


@define(eq=False)
class Place:
    """A row in its tree.

    Attributes:
        row: The row.
        team: The team that it means; None of one that is new.
        above: The row of the team above it; None where that is not in the input.
        parent_id: The id of the team above it, where that is there and not in the input; empty at the top.
        problem: Why the row cannot be used; empty if it can.
        depth: How many rows stand above it.
    """

    row: TeamRow
    team: TeamSummary | None = None
    above: Place | None = None
    parent_id: str = ""
    problem: str = ""
    depth: int = 0

    @property
    def names_parent(self) -> bool:
        """Whether the row says what stands above it."""
        return bool(loose(self.row.parent) or clean(self.row.parent_code))

    @property
    def known_parent_id(self) -> str | None:
        """The id of the team above it, as far as that is known before anything is done; None of a new one."""
        if self.above is None:
            return self.parent_id
        return self.above.team.id if self.above.team else None

    def moves(self) -> bool:
        """Return whether the team is there, and stands below another one than it should."""
        return (
            self.team is not None
            and self.names_parent
            and self.known_parent_id != (self.team.parent_team_id or "")
        )


class Tree:
    """The rows of an input among the teams that are there.

    Args:
        rows: The input, each row once.
        teams: All teams that are there.
    """

    def __init__(self, rows: Sequence[TeamRow], teams: Sequence[TeamSummary]) -> None:
        self.places = [Place(row) for row in rows]
        self._teams: Mapping[str, TeamSummary] = {team.id: team for team in teams}
        self._by_name: defaultdict[str, list[TeamSummary]] = defaultdict(list)
        for team in teams:
            self._by_name[loose(team.name)].append(team)
        self._rows_by_name: defaultdict[str, list[Place]] = defaultdict(list)
        for place in self.places:
            self._rows_by_name[loose(place.row.name)].append(place)
        self._match()

    def unnamed(self) -> list[tuple[TeamSummary, int]]:
        """Return the teams that no row means and that stand above none of a row, each with its depth."""
        kept = set[str]()
        for place in self.places:
            for team in (place.team, self._teams.get(place.parent_id)):
                if team is not None:
                    kept |= {each.id for each in self._upward(team)}
        rest = [team for team in self._teams.values() if team.id not in kept]
        return [(team, len(list(self._upward(team)))) for team in rest]

    def _match(self) -> None:
        for place in self.places:
            self._find_above(place)
        self._find_circles()
        # Where the team above is new, nothing can be below it yet; so those at the top come first.
        for place in sorted(self.places, key=lambda each: each.depth):
            self._find_team(place)
        for place in self.places:
            self._find_moved(place)
        self._refuse_doubles()

    def _find_above(self, place: Place) -> None:
        name, code = loose(place.row.parent), clean(place.row.parent_code)
        if code:
            found = [team for team in self._teams.values() if clean(team.team_code_for_bulk_import) == code]
            if len(found) != 1:
                place.problem = f"no team has the code for bulk imports {code!r}"
            elif name and loose(found[0].name) != name:
                place.problem = f"the team with the code {code!r} is called {found[0].name!r}"
            else:
                place.parent_id = found[0].id
        elif name:
            rows, teams = self._rows_by_name[name], self._by_name[name]
            if len(rows) == 1:
                place.above = rows[0]
            elif not rows and len(teams) == 1:
                place.parent_id = teams[0].id
            elif rows or teams:
                place.problem = (
                    f"several teams are called {place.row.parent!r}: say the code of the one above"
                )
            else:
                place.problem = f"no team goes by {place.row.parent!r}"

    def _find_circles(self) -> None:
        for place in self.places:
            above, seen = place.above, {id(place)}
            while above is not None and id(above) not in seen:
                seen.add(id(above))
                above = above.above
            place.depth = len(seen) - 1
            if above is not None:
                place.problem = place.problem or _CIRCLE
        for place in self.places:
            if place.problem == _CIRCLE:
                place.above = None

    def _find_team(self, place: Place) -> None:
        """Take the team of that name in that place; where no place is named, the only one of that name."""
        teams = self._by_name[loose(place.row.name)]
        if place.above is not None and place.above.problem:
            above = place.above.row.name
            place.problem = place.problem or f"{above!r}, which stands above it, cannot be used"
        if place.problem:
            return
        if place.names_parent:
            parent_id = place.known_parent_id
            found = [team for team in teams if (team.parent_team_id or "") == parent_id]
        else:
            found = teams
        if len(found) == 1:
            place.team = found[0]
        elif found:
            codes = ", ".join(repr(team.team_code_for_bulk_import or team.id) for team in found)
            place.problem = f"several teams are called {place.row.name!r}: {codes}"

    def _find_moved(self, place: Place) -> None:
        """Take the only team of that name, wherever it stands, if no other row may mean it."""
        if place.problem or place.team is not None or not place.names_parent:
            return
        teams = self._by_name[loose(place.row.name)]
        if len(teams) == 1 and len(self._rows_by_name[loose(place.row.name)]) == 1:
            place.team = teams[0]

    def _refuse_doubles(self) -> None:
        """Refuse the rows after the first that mean one team."""
        claimed = dict[str, Place]()
        for place in self.places:
            if place.team is not None and claimed.setdefault(place.team.id, place) is not place:
                place.problem = f"another line means the same team {place.team.name!r}"

    def _upward(self, team: TeamSummary) -> Iterator[TeamSummary]:
        """Yield a team and those above it; a circle on the server ends it."""
        seen = set[str]()
        at: TeamSummary | None = team
        while at is not None and at.id not in seen:
            seen.add(at.id)
            yield at
            at = self._teams.get(at.parent_team_id or "")
