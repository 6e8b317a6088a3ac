"""Teams."""

from __future__ import annotations

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class TeamSummary(Record):
    """A row of every list of teams.

    Attributes:
        id: At most 50 characters.
        name: At most 100 characters.
        team_code_for_bulk_import: <number>-<name without spaces>.
        parent_team_id: At most 50 characters; empty string at the top; absent in 2016.
    """

    xml_element = "Team"

    id: str = ""
    name: str | None = None
    team_code_for_bulk_import: str | None = field(default=None, metadata=wire(read_only=True))
    parent_team_id: str | None = None


@define(kw_only=True, repr=False)
class Team(Record):
    """A team, whole.

    Attributes:
        id: At most 50 characters; empty element on create; must equal the path on update.
        name: At most 100 characters.
        description: At most 1000 characters.
        parent_team_id: At most 50 characters.
    """

    xml_element = "Team"

    id: str = ""
    name: str | None = field(default=None, metadata=wire(required=True))
    description: str | None = None
    parent_team_id: str | None = None
    team_code_for_bulk_import: str | None = field(default=None, metadata=wire(read_only=True))


@define(kw_only=True, repr=False)
class TeamRef(Record):
    """A team in the list of a request.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "Team"

    id: str = field(default="", metadata=wire(required=True))


@define(kw_only=True, repr=False)
class TeamLearningPathRef(Record):
    """A learning path in the list of a request about a team.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "LearningPath"

    id: str = field(default="", metadata=wire(required=True))
