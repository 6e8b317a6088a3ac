"""The people and teams of an organisation, who belongs to what, and what comes with it.

Things are plain records by their names on the wire, so a test can look at `tenant.users[id]["Active"]` or set
it. Links between things go through the methods, which keep both sides, the team's courses of its members and
the times of creation and change in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

from attrs import frozen

from litmos_async.sandbox.state.ids import Ids
from litmos_async.sandbox.state.learning import Learning
from litmos_async.sandbox.state.links import Assignment, Link, Links, Membership, Registration
from litmos_async.sandbox.wire.schema import USER, Record

AnyLinks: TypeAlias = Links[Membership] | Links[Assignment] | Links[Registration] | Links[Link]

_ADDRESS: Final = "192.0.2.1"


@frozen
class Mail:
    """An e-mail that the service would have sent.

    ```python
    await litmos.users.assign_courses(user_id, [course_id], send_message=True)
    print([(mail.to, mail.kind) for mail in sandbox.tenant.outbox])
    ```

    Attributes:
        to: Id of the person.
        kind: "login", "team", "course" or "learning path".
        about: Id of the team, course or learning path; empty for a login e-mail.
    """

    to: str
    kind: str
    about: str = ""


class People(Learning):
    """People and teams, on top of what there is to learn.

    Args:
        now: The clock that stamps records.
        seed: The ids handed out depend on it and on nothing else.

    Attributes:
        users: People by id.
        teams: Teams by id, sub-teams too.
        deleted_teams: The records of teams that are gone, for the delta queries to report.
        members: Links from teams to people.
        outbox: The e-mails that would have gone out, oldest first.
        job_roles: The job roles that exist; a person with another one is rejected.
    """

    def __init__(self, *, now: Callable[[], datetime], seed: int) -> None:
        super().__init__(now, Ids(seed))
        self.users: dict[str, Record] = {}
        self.teams: dict[str, Record] = {}
        self.deleted_teams: list[Record] = []
        self.members: Links[Membership] = Links(lambda when: Membership(created=when, updated=when))
        self.outbox: list[Mail] = []
        self.job_roles = {"Analyst", "Engineer", "Nurse"}
        self._user_names: dict[str, str] = {}

    # People

    def add_user(self, **fields: Any) -> Record:
        """Add a person; name the fields as on the wire, what is not named gets a plain default.

        Args:
            fields: Fields by their names on the wire.
        """
        now = self.now()
        user: Record = {
            **USER.blank(),
            "Id": self.ids.long(),
            "OriginalId": self.ids.number("user"),
            "AccessLevel": "Learner",
            "Active": True,
            "LoginKey": self.ids.login_key(),
            "TimeZone": "UTC",
            "Culture": "en-US",
            "Brand": "Default",
            "ManagerId": "0",
            "CreatedDate": now,
            **fields,
        }
        self.users[user["Id"]] = user
        self._settle_user(user)
        self.audit.note("actions", "Created", user["Id"])
        if user["LastLogin"]:
            self.audit.note_login(user["Id"], user["LastLogin"], _ADDRESS)
        return user

    def change_user(self, user_id: str, **fields: Any) -> None:
        """Change fields of a person.

        Args:
            user_id: Id of the person.
            fields: Fields by their names on the wire.
        """
        user = self.users[user_id]
        self._user_names.pop(user["UserName"].lower(), None)
        user |= fields
        self._settle_user(user)
        self.audit.note("actions", "Updated", user_id)

    def _settle_user(self, user: Record) -> None:
        user["FullName"] = f"{user['FirstName']} {user['LastName']}"
        manager = self.users.get(user["ManagerId"])
        user["ManagerName"] = manager["FullName"] if manager else ""
        user["UpdatedDate"] = self.now()
        self._user_names[user["UserName"].lower()] = user["Id"]
        self.audit.know("User", user)

    def log_in(self, user_id: str, address: str = _ADDRESS) -> None:
        """Let a person log in: the login key is used up and a new one takes its place (api-facts 8).

        Args:
            user_id: Id of the person.
            address: The IP address that the log shows.
        """
        now = self.now()
        self.users[user_id] |= {"LastLogin": now, "LoginKey": self.ids.login_key()}
        self.audit.note_login(user_id, now, address)

    def delete_user(self, user_id: str) -> None:
        """Delete a person for good.

        Args:
            user_id: Id of the person.
        """
        self.audit.note("actions", "Deleted", user_id)
        for links in self._links_of_people():
            links.remove_all(user_id, self.now())
        self.achieved.pop(user_id, None)
        del self._user_names[self.users.pop(user_id)["UserName"].lower()]

    def _links_of_people(self) -> tuple[AnyLinks, ...]:
        """Return the links that end with a person: more than these in a subclass."""
        return (self.members, self.user_courses, self.user_paths)

    def _links_of_teams(self) -> tuple[Links[Link], ...]:
        """Return the links that end with a team: more than these in a subclass."""
        return (self.team_courses, self.team_library, self.team_paths)

    def user_named(self, user_name: str) -> Record | None:
        """Return the person with this user name, in whatever case it is written.

        Args:
            user_name: The user name.
        """
        user_id = self._user_names.get(user_name.lower())
        return self.users[user_id] if user_id else None

    def mail(self, user_id: str, kind: str, about: str = "") -> None:
        """Send an e-mail, if the person gets any.

        News of courses goes to people only who have logged in before (api-facts 8); that the same holds for
        learning paths is assumed.

        Args:
            user_id: Id of the person.
            kind: "login", "team", "course" or "learning path".
            about: Id of the team, course or learning path; empty for a login e-mail.
        """
        user = self.users[user_id]
        newcomer = kind in {"course", "learning path"} and user["LastLogin"] is None
        if user["Active"] and not user["DisableMessages"] and not newcomer:
            self.outbox.append(Mail(user_id, kind, about))

    # Teams

    def add_team(self, **fields: Any) -> Record:
        """Add a team.

        Args:
            fields: Fields by their names on the wire.
        """
        now = self.now()
        team: Record = {
            "Id": self.ids.short(),
            "OriginalId": self.ids.number("team"),
            "Name": "",
            "Description": "",
            "ParentTeamId": "",
            "CreatedDate": now,
            **fields,
        }
        self.teams[team["Id"]] = team
        self._settle_team(team)
        self.audit.note("actions", "Created", team["Id"])
        return team

    def change_team(self, team_id: str, **fields: Any) -> None:
        """Change fields of a team.

        Args:
            team_id: Id of the team.
            fields: Fields by their names on the wire.
        """
        team = self.teams[team_id]
        team |= fields
        self._settle_team(team)
        self.audit.note("actions", "Updated", team_id)

    def _settle_team(self, team: Record) -> None:
        team["TeamCodeForBulkImport"] = f"{team['OriginalId']}-{''.join(team['Name'].split())}"
        team["UpdatedDate"] = self.now()
        self.audit.know("Team", team)

    def delete_team(self, team_id: str) -> None:
        """Delete a team and its sub-teams; its people stay.

        Args:
            team_id: Id of the team.
        """
        for each in list(self.with_sub_teams(team_id)):
            for user_id in self.members.of_left(each):
                self.leave_team(each, user_id)
            for links in self._links_of_teams():
                links.remove_all(each, self.now())
            self.deleted_teams.append(self.teams.pop(each) | {"UpdatedDate": self.now()})
            self.audit.note("actions", "Deleted", each)

    def with_sub_teams(self, team_id: str) -> Iterator[str]:
        """Yield the ids of a team and of all teams below it.

        Args:
            team_id: Id of the team.
        """
        yield team_id
        for team in self.teams.values():
            if team["ParentTeamId"] == team_id:
                yield from self.with_sub_teams(team["Id"])

    def join_team(self, team_id: str, user_id: str) -> bool:
        """Make a person a member, who gets what the team has; False if the person was one.

        Args:
            team_id: Id of the team.
            user_id: Id of the person.
        """
        _, new = self.members.add(team_id, user_id, self.now())
        if not new:
            return False
        self.audit.note("assignments", "Assigned", team_id, user_id)
        for course_id in self.team_courses.of_left(team_id):
            self.assign_course(user_id, course_id, team_id)
        for path_id in self.team_paths.of_left(team_id):
            self.assign_path(user_id, path_id, team_id)
        return True

    def leave_team(self, team_id: str, user_id: str) -> bool:
        """End a membership, and what came with it, which is a choice of the sandbox; False if there was none.

        Args:
            team_id: Id of the team.
            user_id: Id of the person.
        """
        if not self.members.remove(team_id, user_id, self.now()):
            return False
        self.audit.note("assignments", "Unassigned", team_id, user_id)
        for course_id in self.team_courses.of_left(team_id):
            self.withdraw_course(user_id, course_id, team_id)
        for path_id in self.team_paths.of_left(team_id):
            self.withdraw_path(user_id, path_id, team_id)
        return True

    def set_role(self, team_id: str, user_id: str, role: str, *, held: bool) -> bool:
        """Give or take the role "leader" or "admin" of a member; False if the person is no member.

        Args:
            team_id: Id of the team.
            user_id: Id of the person.
            role: "leader" or "admin".
            held: True gives it, False takes it.
        """
        membership = self.members.get(team_id, user_id)
        if membership is None:
            return False
        setattr(membership, role, held)
        membership.updated = self.now()
        self.audit.note("actions", f"{'Promoted to' if held else 'Demoted from'} {role}", user_id, team_id)
        return True

    # What teams have

    def assign_team_course(self, team_id: str, course_id: str) -> list[str]:
        """Assign a course to a team; returns the ids of the members for whom it is new.

        Args:
            team_id: Id of the team.
            course_id: Id of the course.
        """
        if self.team_courses.add(team_id, course_id, self.now())[1]:
            self.audit.note("assignments", "Assigned", course_id, team_id)
        return [
            each for each in self.members.of_left(team_id) if self.assign_course(each, course_id, team_id)
        ]

    def unassign_team_course(self, team_id: str, course_id: str) -> bool:
        """Take a course from a team and its members; False if the team did not have it.

        Args:
            team_id: Id of the team.
            course_id: Id of the course.
        """
        if not self.team_courses.remove(team_id, course_id, self.now()):
            return False
        self.audit.note("assignments", "Unassigned", course_id, team_id)
        for user_id in self.members.of_left(team_id):
            self.withdraw_course(user_id, course_id, team_id)
        return True

    def assign_team_path(self, team_id: str, path_id: str) -> list[str]:
        """Assign a learning path to a team; returns the ids of the members for whom it is new.

        Args:
            team_id: Id of the team.
            path_id: Id of the learning path.
        """
        if self.team_paths.add(team_id, path_id, self.now())[1]:
            self.audit.note("assignments", "Assigned", path_id, team_id)
        return [each for each in self.members.of_left(team_id) if self.assign_path(each, path_id, team_id)]

    def unassign_team_path(self, team_id: str, path_id: str) -> bool:
        """Take a learning path from a team and its members; False if the team did not have it.

        Args:
            team_id: Id of the team.
            path_id: Id of the learning path.
        """
        if not self.team_paths.remove(team_id, path_id, self.now()):
            return False
        self.audit.note("assignments", "Unassigned", path_id, team_id)
        for user_id in self.members.of_left(team_id):
            self.withdraw_path(user_id, path_id, team_id)
        return True
