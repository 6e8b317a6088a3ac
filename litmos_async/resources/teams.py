"""Teams: the tree, and its members, leaders and admins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import Team, TeamSummary, UserRef, UserSummary
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, complete, items, mail_query
from litmos_async.resources.base import ListOptions
from litmos_async.resources.team_learning import TeamLearning
from litmos_async.wire.operation import Operation, many, one

LIST = Operation("teams.list", "GET", "/teams", many(TeamSummary, "Teams"), json_seen=True)
GET = Operation("teams.get", "GET", "/teams/{team_id}", one(Team), json_seen=True)
CREATE = Operation("teams.create", "POST", "/teams", one(Team), body=one(Team), json_seen=True)
CREATE_SUB_TEAM = Operation(
    "teams.create_sub_team", "POST", "/teams/{team_id}/teams", one(Team), body=one(Team), json_seen=True
)
LIST_SUB_TEAMS = Operation(
    "teams.list_sub_teams", "GET", "/teams/{team_id}/teams", many(TeamSummary, "Teams"), json_seen=True
)
UPDATE: Operation[Any] = Operation("teams.update", "PUT", "/teams/{team_id}", body=one(Team), repeatable=True)
DELETE: Operation[Any] = Operation("teams.delete", "DELETE", "/teams/{team_id}", repeatable=True)
LIST_USERS = Operation(
    "teams.list_users", "GET", "/teams/{team_id}/users", many(UserSummary, "Users"), json_seen=True
)
ADD_USERS: Operation[Any] = Operation(
    "teams.add_users",
    "POST",
    "/teams/{team_id}/users",
    body=many(UserRef, "Users"),
    repeatable=True,
    json_seen=True,
)
REMOVE_USER: Operation[Any] = Operation(
    "teams.remove_user", "DELETE", "/teams/{team_id}/users/{user_id}", repeatable=True, json_seen=True
)
LIST_LEADERS = Operation(
    "teams.list_leaders", "GET", "/teams/{team_id}/leaders", many(UserSummary, "Users"), json_seen=True
)
PROMOTE_LEADER: Operation[Any] = Operation(
    "teams.promote_leader", "PUT", "/teams/{team_id}/leaders/{user_id}", repeatable=True, json_seen=True
)
DEMOTE_LEADER: Operation[Any] = Operation(
    "teams.demote_leader", "DELETE", "/teams/{team_id}/leaders/{user_id}", repeatable=True, json_seen=True
)
LIST_ADMINS = Operation(
    "teams.list_admins", "GET", "/teams/{team_id}/admins", many(UserSummary, "Users"), json_seen=True
)
PROMOTE_ADMIN: Operation[Any] = Operation(
    "teams.promote_admin", "PUT", "/teams/{team_id}/admins/{user_id}", repeatable=True
)
DEMOTE_ADMIN: Operation[Any] = Operation(
    "teams.demote_admin", "DELETE", "/teams/{team_id}/admins/{user_id}", repeatable=True
)


class Teams(TeamLearning):
    """Teams, who belongs to them, and what they learn."""

    def list(self, *, search: str | None = None, **options: Unpack[ListOptions]) -> Pages[TeamSummary]:
        """List all teams, the tree laid flat: `parent_team_id` is empty at the top.

        `GET /teams`

        Args:
            search: Filters by a part of the name; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, recorded.
        """
        return self._list(LIST, query={"search": search}, options=options)

    async def get(self, team_id: Ref, **options: Unpack[CallOptions]) -> Team:
        """Return one team.

        `GET /teams/{team_id}`

        Args:
            team_id: The team: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such team.

        Source: seed, openapi, recorded.
        """
        return await self._call(GET, team_id, options=options)

    async def create(self, team: Team, **options: Unpack[CallOptions]) -> Team:
        """Create a team at the top of the tree, and return the record with its id.

        `POST /teams`

        Args:
            team: The team, with a `name`. Its `id` is ignored.
            options: The options of every call.

        Raises:
            Conflict: The name exists. Do not rely on it: accounts with two teams of one name are known.
            OutcomeUnknown: No answer came. Look for the name before you try again.

        Source: seed, openapi, recorded.
        """
        return await self._call(CREATE, body=complete(team, Team).replace(id=""), options=options)

    async def create_sub_team(self, team_id: Ref, team: Team, **options: Unpack[CallOptions]) -> Team:
        """Create a team below another one, and return the record with its id.

        `POST /teams/{team_id}/teams`

        Args:
            team_id: The team above. It decides, whatever `parent_team_id` says.
            team: The team, with a `name`. Its `id` is ignored.
            options: The options of every call.

        Raises:
            NotFound: There is no team above.
            OutcomeUnknown: No answer came. Look for the name before you try again.

        Source: seed, openapi, recorded.
        """
        return await self._call(
            CREATE_SUB_TEAM, team_id, body=complete(team, Team).replace(id=""), options=options
        )

    def list_sub_teams(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[TeamSummary]:
        """List the teams below a team, on all levels.

        `GET /teams/{team_id}/teams`

        That the answer holds the teams below those below too is what one client works around; no document says it.
        For the next level only, compare `parent_team_id`.

        Args:
            team_id: The team: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, recorded.
        """
        return self._list(LIST_SUB_TEAMS, team_id, query={"search": search}, options=options)

    async def update(self, team: Team, **options: Unpack[CallOptions]) -> None:
        """Write a team, whole: change what `get` returned, and give it back.

        `PUT /teams/{team_id}`

        Args:
            team: The whole record: what `get` returned, with your changes.
            options: The options of every call.

        Raises:
            ConfigurationError: The record has no id or no name.
            NotFound: There is no such team.

        Source: seed, vendor collection, a peer.
        """
        await self._do(
            UPDATE,
            team,
            body=complete(team, Team, update=True, hint="change what `get` returned"),
            options=options,
        )

    async def delete(self, team_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a team.

        `DELETE /teams/{team_id}`

        Args:
            team_id: The team: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such team; also after a lost answer to a delete that went through.

        Source: seed, vendor collection.
        """
        await self._do(DELETE, team_id, options=options)

    def list_users(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[UserSummary]:
        """List the members of a team, active ones only.

        `GET /teams/{team_id}/users`

        Args:
            team_id: The team.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, recorded.
        """
        return self._list(LIST_USERS, team_id, query={"search": search}, options=options)

    async def add_users(
        self,
        team_id: Ref,
        user_ids: Iterable[Ref],
        *,
        send_message: bool = False,
        **options: Unpack[CallOptions],
    ) -> None:
        """Put people into a team: any number in one request, safe to repeat.

        `POST /teams/{team_id}/users`

        Members, and ids that do not exist, are ignored without an error: success proves nothing, read back
        where it matters.

        Args:
            team_id: The team.
            user_ids: The people. No limit is documented; about 100 is a careful one.
            send_message: True e-mails the people added; the server's default is False.
            options: The options of every call.

        Raises:
            NotFound: There is no such team.

        Source: seed, openapi, recorded.
        """
        body = items(UserRef, user_ids, "user_ids")
        await self._do(ADD_USERS, team_id, query=mail_query(send_message), body=body, options=options)

    async def remove_user(self, team_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a person out of a team.

        `DELETE /teams/{team_id}/users/{user_id}`

        Args:
            team_id: The team: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: The person is not in it; also after a lost answer to a removal that went through.

        Source: seed, openapi, recorded.
        """
        await self._do(REMOVE_USER, team_id, user_id, options=options)

    def list_leaders(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[UserSummary]:
        """List the leaders of a team.

        `GET /teams/{team_id}/leaders`

        Args:
            team_id: The team: an id or a record.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, peers.
        """
        return self._list(LIST_LEADERS, team_id, query={"search": search}, options=options)

    async def promote_leader(self, team_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Make a member a leader of the team.

        `PUT /teams/{team_id}/leaders/{user_id}`

        Args:
            team_id: The team: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: The person is not a member: `add_users` first.

        Source: seed, openapi, recorded.
        """
        await self._do(PROMOTE_LEADER, team_id, user_id, options=options)

    async def demote_leader(self, team_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Make a leader a plain member again.

        `DELETE /teams/{team_id}/leaders/{user_id}`

        Args:
            team_id: The team: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: The person is not a member.

        Source: seed, openapi, recorded.
        """
        await self._do(DEMOTE_LEADER, team_id, user_id, options=options)

    def list_admins(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[UserSummary]:
        """List the admins of a team.

        `GET /teams/{team_id}/admins`

        Args:
            team_id: The team: an id or a record.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, peers.
        """
        return self._list(LIST_ADMINS, team_id, query={"search": search}, options=options)

    async def promote_admin(self, team_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Make a member an admin of the team.

        `PUT /teams/{team_id}/admins/{user_id}`

        Args:
            team_id: The team: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: The person is not a member: `add_users` first.

        Source: openapi.
        """
        await self._do(PROMOTE_ADMIN, team_id, user_id, options=options)

    async def demote_admin(self, team_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Make an admin a plain member again.

        `DELETE /teams/{team_id}/admins/{user_id}`

        Args:
            team_id: The team: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: The person is not a member.

        Source: openapi.
        """
        await self._do(DEMOTE_ADMIN, team_id, user_id, options=options)
