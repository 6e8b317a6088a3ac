"""Bulk helpers about people: who may log in, what they completed, which teams they leave, and imports of them."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Unpack

from litmos_async.bulk.helpers.options import Helpers, ImportOptions, ItemOptions
from litmos_async.bulk.items.import_users import ImportRows, ImportUsersJob
from litmos_async.bulk.items.item_job import GivenJob
from litmos_async.bulk.items.users_and_results import (
    ModuleResults,
    Refs,
    deactivations,
    departures,
    each_result,
)
from litmos_async.bulk.items.work_item import WorkItem
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.server_import import WAIT_TIMEOUT, Importer
from litmos_async.checks import duration


class UserJobs(Helpers):
    """The helpers about single users and results, and `import_users`."""

    def deactivate_users(
        self, users: Refs, *, remove_from_teams: bool = False, **options: Unpack[ItemOptions]
    ) -> BulkJob:
        """Bar people from logging in and keep all their results: two requests a person.

        `GET /users/{user_id}`
        `PUT /users/{user_id}`
        `DELETE /users/{user_id}/teams`

        The server has no partial update, so each person is read, changed and written whole; another client's
        change between the two is lost. A person who is inactive already is "skipped" after one request. Those
        who are given twice are skipped the second time.

        ```python
        leavers = await litmos.bulk.resolve_users(["user@example.com"])
        job = litmos.bulk.deactivate_users(leavers.ids.values(), journal="leavers.db")
        report = await job.run()
        ```

        Args:
            users: The people: ids or records. A record stands for its id only: what is written is what the
                server has.
            remove_from_teams: True also takes each of them out of all teams, in one more request, inactive
                people too. That cannot be undone: their teams are not recorded. Whether courses that came
                through a team go with it is not documented.
            options: See `ItemOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._item_job(
            "deactivate_users",
            "deactivations",
            deactivations(users, remove_from_teams=remove_from_teams),
            options,
            remove_from_teams=remove_from_teams,
        )

    def remove_users_from_all_teams(self, users: Refs, **options: Unpack[ItemOptions]) -> BulkJob:
        """Remove people from all their teams: one request per person.

        `DELETE /users/{user_id}/teams`

        Whether courses that came through a team go with it is not documented. A person who is in no team is
        "done" as well.

        ```python
        report = await litmos.bulk.remove_users_from_all_teams([user_id]).run()
        print(report.done, report.failed)
        ```

        Args:
            users: The people: ids or records.
            options: See `ItemOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._item_job("remove_users_from_all_teams", "users", departures(users), options)

    def complete_modules(self, results: ModuleResults, **options: Unpack[ItemOptions]) -> BulkJob:
        """Write results of people in modules: one request a result, since the API has no list form.

        `PUT /results/modules/{module_id}`

        Whether a repeat counts as another attempt is not known, so no request is repeated once it may have
        arrived: if its answer is lost, the result is read through `users.get_course`. It is "done" where the
        module is completed with that score, "failed" where it is not completed, and "unknown" if reading does
        not tell, as for a completion with another score. A second result of the same person in the same module
        is "skipped"; `Jobs.write_completions` of `litmos_async.jobs` writes a history of them.

        ```python
        passed = ModuleResult(user_id=user_id, course_id=course_id, completed=True, score=90)
        async for outcome in litmos.bulk.complete_modules([(module_id, passed)], journal="results.db"):
            print(outcome.item, outcome.status, outcome.reason)
        ```

        Args:
            results: Pairs (module, result). A result has course, person and `completed`; its score is 0 to 100,
                its note at most 255 characters. Dates are sent as XML, whose form is documented.
            options: See `ItemOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._item_job("complete_modules", "results", each_result(results), options)

    def _item_job(
        self,
        helper: str,
        item_label: str,
        work_items: AsyncIterable[WorkItem],
        options: ItemOptions,
        **agreed: bool,
    ) -> BulkJob:
        return GivenJob(helper, item_label, self._item_run(options), work_items, agreed=agreed)

    def import_users(
        self,
        rows: ImportRows,
        *,
        send_message: bool,
        skip_first_login: bool = False,
        wait_timeout: float = WAIT_TIMEOUT,
        **options: Unpack[ImportOptions],
    ) -> BulkJob:
        """Create or update people through imports: one request for up to 2,000 people, and some polling.

        `POST /bulkimports`
        `GET /bulkimports`
        `GET /bulkimports/{bulk_import_id}`
        `GET /bulkimports/{bulk_import_id}/usererrors`

        Each row creates the person with its user name, or changes that person: fields that are empty or left out
        keep their value. A row can also put the person into up to 5 teams and 3 courses, by their codes for bulk
        imports. The import turns message notifications on for everyone it touches.

        An import goes by user names and cannot rename. So where rows have an `external_employee_id`, the job reads
        the list of all people first, as `sync_users` does, one request for up to 1,000 of them: a row whose id is
        that of an account with another user name would make a second account. It is "failed" and names both; so is
        one whose account `sync_users` could not determine.

        The server works through an import at its own pace; the job polls it less and less often, and sends the
        next import when one has finished. Rows that the server reports as wrong are "failed", with its message.
        A row that lacks something, or is too long, is "failed" before anything is sent; a user name that was
        given before is "skipped". If the answer to an import is lost, the job looks for it in the list of
        imports, and sends it once more only where it is not there.

        ```python
        rows = [UserImport(username="nora@example.com", first_name="Nora", last_name="Newman")]
        job = litmos.bulk.import_users(rows, send_message=False, journal="joiners.db")
        print(await job.plan())
        async for outcome in job:
            print(outcome.item, outcome.status, outcome.reason)
        ```

        Args:
            rows: `UserImport` records, or mappings from their attributes to values; from any (async) iterable.
            send_message: Whether the server e-mails the login to new people. Required; its own default is no.
            skip_first_login: True: the first login does not ask for a password.
            wait_timeout: Seconds to wait for one import. Its rows are "unknown" after that, and the job stops:
                another one would only queue up behind it.
            options: See `ImportOptions`.

        Raises:
            ConfigurationError: An option cannot work, such as a `wait_timeout` of 0. What running the job raises,
                `BulkJob.run` says.
        """
        duration("wait_timeout", wait_timeout)
        run = self._import_run(options)
        importer = Importer(
            run,
            retry=options.get("retry", self._caller.defaults.retry),
            wait_timeout=wait_timeout,
            send_message=send_message,
            skip_first_login=skip_first_login,
        )
        return ImportUsersJob(rows, run, importer)
