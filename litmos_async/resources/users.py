"""People: the directory, custom fields, and the teams of one person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, Unpack, cast

from litmos_async.ahead import Batch, PageRequest
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.models import (
    AccessLevel,
    CustomFieldValue,
    TeamRef,
    TeamSummary,
    User,
    UserPage,
    UserSummary,
)
from litmos_async.models.record import fields_of
from litmos_async.paging import Pages
from litmos_async.resources.arguments import (
    Direction,
    Ref,
    asked,
    complete,
    identified,
    items,
    mail_query,
    people_query,
    records,
    sort_query,
)
from litmos_async.resources.base import ListOptions, Rows
from litmos_async.resources.user_changes import UserChanges
from litmos_async.resources.user_learning import UserLearning
from litmos_async.wire.operation import Operation, many, one

_KNOWN_AHEAD: Final = 3
"""Pages that are asked for ahead unless the caller says otherwise: where a total is known, none is wasted."""

UserSort = Literal["FirstName", "LastName", "UserName", "Active", "Email"]

LIST = Operation("users.list", "GET", "/users", answer=many(UserSummary, "Users"), json_seen=True)
LIST_PAGINATED = Operation("users.list_paginated", "GET", "/users/paginated", answer=one(UserPage))
LIST_DETAILS = Operation("users.list_details", "GET", "/users/details", many(User, "Users"), json_seen=True)
GET = Operation("users.get", "GET", "/users/{user_id}", answer=one(User), json_seen=True)
CREATE = Operation("users.create", "POST", "/users", answer=one(User), body=one(User), json_seen=True)
UPDATE: Operation[Any] = Operation(
    "users.update", "PUT", "/users/{user_id}", body=one(User), repeatable=True, json_seen=True
)
DELETE: Operation[Any] = Operation(
    "users.delete", "DELETE", "/users/{user_id}", repeatable=True, json_seen=True
)
GET_CUSTOM_FIELDS = Operation(
    "users.get_custom_fields",
    "GET",
    "/users/{user_id}/usercustomfields",
    many(CustomFieldValue, "ArrayOfparameter"),
)
SET_CUSTOM_FIELDS: Operation[Any] = Operation(
    "users.set_custom_fields",
    "POST",
    "/users/{user_id}/usercustomfields",
    body=many(CustomFieldValue, "ArrayOfparameter", labels=("fieldname", "Value")),
    repeatable=True,
    json_seen=True,
)
LIST_TEAMS = Operation(
    "users.list_teams", "GET", "/users/{user_id}/teams", many(TeamSummary, "Teams"), json_seen=True
)
ADD_TO_TEAMS: Operation[Any] = Operation(
    "users.add_to_teams", "POST", "/users/{user_id}/teams", body=many(TeamRef, "Teams")
)
REMOVE_FROM_ALL_TEAMS: Operation[Any] = Operation(
    "users.remove_from_all_teams", "DELETE", "/users/{user_id}/teams", repeatable=True, json_seen=True
)


_EMAIL_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


def is_email_address(text: str) -> bool:
    """Return whether a user name is an e-mail address too: one @, something on both sides of it, no blank."""
    return _EMAIL_ADDRESS.fullmatch(text) is not None


class Users(UserLearning):
    """People, their teams, and what they learn."""

    def list(
        self,
        *,
        search: str | None = None,
        sort: UserSort | str | None = "UserName",
        direction: Direction | None = None,
        show_inactive: bool | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[UserSummary]:
        """List people.

        `GET /users`

        Args:
            search: Filters by part of the names, the user name or the e-mail address, ignoring case; at most 50
                characters; None takes all. Compare the results exactly yourself.
            sort: Field to sort by. The default keeps the order stable from page to page.
            direction: "asc", the server's default, or "desc".
            show_inactive: False leaves inactive people out; the server's default is True.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, recorded.
        """
        query = people_query(search, sort, direction, show_inactive)
        return self._list(LIST, query=query, options=options)

    def list_paginated(
        self,
        *,
        search: str | None = None,
        sort: UserSort | str | None = "UserName",
        direction: Direction | None = None,
        show_inactive: bool | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[UserSummary]:
        """List people with a total, so that the list is proven complete and pages are read side by side.

        `GET /users/paginated`

        `page.total` is how many people there are. If the server gives fewer rows than it says, the end of the
        list raises `IncompleteListing`. Its JSON form was never seen recorded, so "auto" reads XML.

        Args:
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            sort: Field to sort by. The default keeps the order stable from page to page.
            direction: "asc", the server's default, or "desc".
            show_inactive: False leaves inactive people out; the server's default is True.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor page.
        """
        query = people_query(search, sort, direction, show_inactive)

        async def read(
            asked: Mapping[str, Any], call: CallOptions, request: PageRequest
        ) -> Batch[UserSummary]:
            """Read one page, with the total that stands beside it."""
            page = await self._call(LIST_PAGINATED, query=asked, options=call, page=request)
            return Batch(page.items, page.pagination.total_count if page.pagination else None)

        return self._pages(LIST_PAGINATED, (), query, {"pages_ahead": _KNOWN_AHEAD, **options}, read)

    def list_details(
        self,
        *,
        since: datetime | None = None,
        search: str | None = None,
        sort: UserSort | str | None = "UserName",
        direction: Direction | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[User]:
        """List people with all their fields, 1,000 per request; `get` returns one.

        `GET /users/details`

        Args:
            since: Only people created after it, not changed after it: for changes see `org.list_users`.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            sort: Field to sort by. The default keeps the order stable from page to page.
            direction: "asc", the server's default, or "desc".
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, peers.
        """
        query = {"search": search} | sort_query(sort, direction) | {"since": since}
        return self._list(LIST_DETAILS, query=query, options=options)

    async def get(self, user_id: Ref, **options: Unpack[CallOptions]) -> User:
        """Return one person.

        `GET /users/{user_id}`

        The user name works in place of the id, unless it cannot be part of a path (a slash, a trailing dot).
        The answer holds `login_key`, a credential.

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such person.

        Source: seed, openapi, recorded.
        """
        return await self._call(GET, user_id, options=options)

    async def create(
        self,
        user: User,
        *,
        send_message: bool = False,
        skip_first_login: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> User:
        """Create a person, and return the record with its id.

        `POST /users`

        `user_name`, `first_name` and `last_name` are required. Other values that the server requires are filled
        in if the record has none: active, messages on, access level "Learner", the e-mail address if the user
        name is one, and `is_custom_username` if it is not. A repeat cannot create a second person; it raises
        `Conflict`.

        Args:
            user: The person. Its `id` is ignored.
            send_message: True sends the login e-mail; the server's default is False.
            skip_first_login: True asks for no password at the first login. The vendor's page has it in the record
                (`User.skip_first_login`), where one recording shows it ignored; one document also has this option
                of the call. None leaves it to the server.
            options: The options of every call.

        Raises:
            ConfigurationError: The user name, e-mail address or employee id has an invisible character that
                cannot safely be removed: to the server it would be another person.
            Conflict: The user name exists, or a value is not known to the account (api-facts 5).
            OutcomeUnknown: No answer came. Look for the user name before you try again.

        Source: seed, openapi, recorded.
        """
        complete(user, User)
        user = identified(user)
        name = user.user_name or ""
        custom = not is_email_address(name) if user.is_custom_username is None else user.is_custom_username
        record = user.replace(
            id="",
            email=user.email or (name if not custom and is_email_address(name) else ""),
            active=user.active is not False,
            disable_messages=user.disable_messages is True,
            access_level=user.access_level or AccessLevel.LEARNER,
            is_custom_username=custom,
            skip_first_login=user.skip_first_login is True,
        )
        query = mail_query(send_message) | asked("skipfirstlogin", skip_first_login=skip_first_login)
        return await self._call(CREATE, query=query, body=record, options=options)

    async def update(self, user: User, **options: Unpack[CallOptions]) -> None:
        """Write a whole record: what it leaves out is blanked on the server.

        `PUT /users/{user_id}`

        Give it what `get` returned, with your changes; or use `patch`, which reads first. Read-only attributes
        are left out, unknown fields go back where they stood, and the elements stand in the documented order,
        since the server drops those that come late (api-facts 2 and 8).

        Args:
            user: The whole record: what `get` returned, with your changes.
            options: The options of every call.

        Raises:
            ConfigurationError: The record is no `User` (a row of `list` is none: it would blank what it leaves
                out), has no id, or lacks what every write must say.
            NotFound: There is no such person.

        Source: seed, openapi, recorded.
        """
        body = complete(user, User, update=True, hint="`patch` changes some attributes and keeps the others")
        await self._do(UPDATE, user, body=body, options=options)

    async def patch(self, user_id: Ref, **changes: Unpack[UserChanges]) -> User:
        """Change some attributes of a person and keep all others; return the person as it is then.

        `GET /users/{user_id}`
        `PUT /users/{user_id}`

        The server has no partial update: this reads, merges and writes, in two requests, or in one where
        nothing would change. Another client's change between the two is lost.

        Args:
            user_id: The person; the user name works too.
            changes: Attributes of `User` with their new values, and options of the call.

        Raises:
            ConfigurationError: There is no such attribute, or it is read-only.
            NotFound: There is no such person.

        Source: api-facts 8.
        """
        given = cast(dict[str, Any], changes)
        options = cast(
            CallOptions, {name: given.pop(name) for name in CallOptions.__annotations__ if name in given}
        )
        names = tuple(given)
        # A record does not show a password; a dict would, where errors are reported with their local variables.
        try:
            _check_writable(names)
            wanted = User(**given)
        finally:
            given.clear()
        current = await self.get(user_id, **options)
        changed = current.replace(**{name: getattr(wanted, name) for name in names})
        if changed != current:
            await self.update(changed, **options)
        return changed

    async def deactivate(self, user_id: Ref, **options: Unpack[CallOptions]) -> User:
        """Deactivate a person, who can then no longer log in, and keep all results; return the new record.

        `GET /users/{user_id}`
        `PUT /users/{user_id}`

        The same as `patch(user_id, active=False)`. For a person who is already inactive it takes one request.

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such person.

        Source: api-facts 8.
        """
        return await self.patch(user_id, active=False, **options)

    async def delete(self, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a person for good. To keep the results, `deactivate` instead.

        `DELETE /users/{user_id}`

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such person; also raised after a lost answer to a delete that succeeded.

        Source: seed, openapi, recorded.
        """
        await self._do(DELETE, user_id, options=options)

    async def get_custom_fields(self, user_id: Ref, **options: Unpack[CallOptions]) -> Rows[CustomFieldValue]:
        """Return the advanced custom fields of a person, up to 25. `custom_field1` to `10` of `User` are others.

        `GET /users/{user_id}/usercustomfields`

        The account must have the feature. The XML form of the values is pieced together from two sources.

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Source: openapi, vendor page, vendor collection, a peer.
        """
        return await self._rows(GET_CUSTOM_FIELDS, user_id, options=options)

    async def set_custom_fields(
        self,
        user_id: Ref,
        values: Mapping[str, str | None] | Iterable[CustomFieldValue],
        **options: Unpack[CallOptions],
    ) -> None:
        """Set advanced custom fields of a person.

        `POST /users/{user_id}/usercustomfields`

        Sends the vendor's own example, one JSON object of labels and values. No form of this request was
        recorded: read back what you set. `wire="xml"` sends `<parameter fieldname="Label">value</parameter>`, one
        of two forms on record there.

        Args:
            user_id: The person.
            values: Labels of the fields with their values, or what `get_custom_fields` returned. None and an
                empty text clear a field.
            options: The options of every call.

        Raises:
            ConfigurationError: There is no value, or a label stands there twice.
            NotFound: There is no such person, or a mandatory custom field is left out.

        Source: openapi, vendor collection, peers.
        """
        rows = records(_custom_fields(values), CustomFieldValue, "values")
        if any(not isinstance(row.fieldname, str) or not row.fieldname.strip() for row in rows):
            raise ConfigurationError("values: a value has no label, which is a text")
        rows = [row.replace(value=_field_text(row.value)) for row in rows]
        if len({row.fieldname for row in rows}) < len(rows):
            raise ConfigurationError(
                "values: a label stands there twice, and only one of its values could be sent"
            )
        await self._do(SET_CUSTOM_FIELDS, user_id, body=rows, options=options)

    def list_teams(
        self, user_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[TeamSummary]:
        """List the teams of a person.

        `GET /users/{user_id}/teams`

        Args:
            user_id: The person: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, peers.
        """
        return self._list(LIST_TEAMS, user_id, query={"search": search}, options=options)

    async def add_to_teams(
        self,
        user_id: Ref,
        team_ids: Iterable[Ref],
        *,
        send_message: bool = False,
        **options: Unpack[CallOptions],
    ) -> None:
        """Add a person to up to 25 teams.

        `POST /users/{user_id}/teams`

        The server ignores nothing here: one unknown team, or one membership that already exists, and it rejects
        the whole list. Use `teams.add_users` for safe repeats.

        Args:
            user_id: The person.
            team_ids: 1 to 25 teams.
            send_message: True e-mails the person; the server's default is False.
            options: The options of every call.

        Raises:
            NotFound: A team is unknown.
            Conflict: The person is in one of the teams already.

        Source: openapi, a peer.
        """
        body = items(TeamRef, team_ids, "team_ids", at_most=25)
        await self._do(ADD_TO_TEAMS, user_id, query=mail_query(send_message), body=body, options=options)

    async def remove_from_all_teams(self, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a person out of all teams at once. For one team see `teams.remove_user`.

        `DELETE /users/{user_id}/teams`

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Source: seed, openapi, recorded.
        """
        await self._do(REMOVE_FROM_ALL_TEAMS, user_id, options=options)


def _custom_fields(
    values: Mapping[str, str | None] | Iterable[CustomFieldValue],
) -> Iterable[CustomFieldValue]:
    if not isinstance(values, Mapping):
        return values
    pairs = cast(Mapping[str, str | None], values)
    return [
        CustomFieldValue(fieldname=label, value="" if value is None else value)
        for label, value in pairs.items()
    ]


def _field_text(value: object) -> Any:
    """Return a value as the text that a custom field is; none of its own clears the field, but 0 is one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _check_writable(names: Iterable[str]) -> None:
    writable = {attribute.name for attribute, fact in fields_of(User) if not fact.read_only} - {"id"}
    unknown = sorted(set(names) - writable)
    if unknown:
        raise ConfigurationError(f"a write cannot change {', '.join(unknown)} of a User")
