"""Bulk helpers that compare what should be with what is, and do only the difference."""

from __future__ import annotations

from typing import Final, Unpack

from litmos_async.bulk.helpers.options import Helpers, ItemOptions
from litmos_async.bulk.items.sync_users import DesiredUsers, SyncUsersJob
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.pairs.sync_team_members import Members, SyncTeamMembersJob
from litmos_async.bulk.removal_limit import RemovalLimit

MAX_REMOVALS: Final = 0.10


class SyncJobs(Helpers):
    """The helpers `sync_...`."""

    def sync_team_members(
        self,
        desired: Members,
        *,
        remove: bool = False,
        max_removals: float = MAX_REMOVALS,
        send_message: bool,
        **options: Unpack[ItemOptions],
    ) -> BulkJob:
        """Make the members of teams match the desired ones: one list per team, then the fewest requests.

        `GET /teams/{team_id}/users`
        `POST /teams/{team_id}/users`
        `POST /users/{user_id}/teams`
        `DELETE /teams/{team_id}/users/{user_id}`

        The plan says how many would join, leave and stay. People join before others leave, so a person who moves
        is never without a team. Teams that are not named are left alone, and so are sub-teams of those that are.

        The server lists only active members. So inactive members are never removed, and an inactive person who
        should be in a team is added every time, without effect. Leaders and admins are treated as ordinary
        members.

        If a list cannot be read completely, nothing is changed and its error is raised. A team that does not
        exist is "failed" for each of its people, and if members would be removed then, running raises
        `IncompleteInput`.

        ```python
        desired = {team_id: [user_id]}  # and no other member
        job = litmos.bulk.sync_team_members(desired, remove=True, max_removals=50, send_message=False)
        plan = await job.plan()
        print(plan)
        if plan.refusal is None:
            await job.run()
        ```

        Args:
            desired: Ids of teams with all people who should be in them, ids or records; an empty list means no
                members. Or pairs (person, team) from any (async) iterable, which cannot name an empty team.
            remove: True removes members who should not be there; False only adds.
            max_removals: With `remove`, the most that may be removed: a fraction, 0.0 to 1.0, of the active
                members of all these teams together, or a whole number of people. If more would be removed, the
                plan says so, and running raises `TooManyRemovals` before anything is sent.
            send_message: Whether the server e-mails the people added. Required; its own default is no.
            options: See `ItemOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises; that
                includes `TooManyRemovals` and `IncompleteInput`.
        """
        return SyncTeamMembersJob(
            desired,
            self._item_run(options),
            self.list_sizes,
            limit=RemovalLimit(allowed=remove, most=max_removals),
            send_message=send_message,
        )

    def sync_users(
        self,
        desired: DesiredUsers,
        *,
        create: bool = True,
        deactivate: bool = False,
        max_removals: float = MAX_REMOVALS,
        send_message: bool,
        **options: Unpack[ItemOptions],
    ) -> BulkJob:
        """Make people match the desired state: one request per 1,000 to compare, and one for each change.

        `GET /users/details`
        `POST /users`
        `PUT /users/{user_id}`

        People are identified by user name, ignoring case. If `external_employee_id` is given, an account with
        that id belongs to the person even under another user name, and is renamed; the plan says so. The id
        counts only if it is unique in the input and on the server. If user name and id belong to two accounts,
        the person is "failed", and neither account is changed or deactivated. Only fields that a desired record
        sets (those that are not None) are compared, and those that differ are written into the record as the
        server has it; a change that another client made since the list was read is lost. `password` and
        `skip_first_login` apply only to new people, because the server never returns the first and does not
        keep the second. A value that the server stores in a different form is written again on every run.

        An inactive person who should be there stays inactive unless `active` is set. A missing account owner is
        never deactivated, since the key of this client belongs to one.

        If people would be deactivated as missing while others of the input are "failed" already in the plan, the
        plan says so, and running raises `IncompleteInput`: those may be the ones whom the input means. Where a
        failure names the accounts that may be meant, these are kept, and it does not count.

        If the list cannot be read completely, nothing is changed and its error is raised.

        ```python
        desired = [User(user_name="ada@example.com", first_name="Ada", last_name="Example")]
        job = litmos.bulk.sync_users(desired, send_message=False)
        for change in (await job.plan()).changes:
            print(change)
        report = await job.run()
        ```

        Args:
            desired: People as they should be, each with a `user_name`; from any (async) iterable.
            create: Whether missing people are created; they need `first_name` and `last_name`, too.
            deactivate: True deactivates everyone else, so `desired` must then hold everyone.
            max_removals: How many active people may become inactive, as they are missing or inactive
                in `desired`: a fraction, 0.0 to 1.0, of the active ones, or a whole number. If it would be
                more, the plan says so, and running raises `TooManyRemovals` before anything is sent.
            send_message: Whether the server e-mails the login to new people. Required; its own default is no.
            options: See `ItemOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises; that
                includes `TooManyRemovals` and `IncompleteInput`.
        """
        return SyncUsersJob(
            desired,
            self._item_run(options),
            limit=RemovalLimit(allowed=deactivate, most=max_removals),
            create=create,
            send_message=send_message,
        )
