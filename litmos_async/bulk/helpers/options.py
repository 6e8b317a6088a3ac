"""Options of the bulk helpers, and how a helper makes its run and its job."""

from __future__ import annotations

from typing import Any, cast

import attrs

from litmos_async.bulk.inputs import Pairs
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.journal.file import FilePath
from litmos_async.bulk.known_people import KnownPeople
from litmos_async.bulk.pairs.direct import Direct, Offer
from litmos_async.bulk.pairs.list_sizes import ListSizes
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.pair_job import PairJob
from litmos_async.bulk.run import Before, Run
from litmos_async.checks import flags
from litmos_async.config import CallOptions
from litmos_async.limits import Limiter
from litmos_async.resources import Resources
from litmos_async.resources.base import Caller


class JobOptions(CallOptions, total=False):
    """Options of every job over pairs, in addition to those of every call.

    ```python
    options = JobOptions(skip_existing=True, verify=True, stop_after_failures=100, journal="night.db")
    job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, **options)
    report = await job.run()
    ```

    Attributes:
        skip_existing: First read what exists, by the cheapest lists, and send only the rest. A removal leaves
            out what does not exist.
        verify: Read back afterwards, since the server accepts unknown ids without an error: what it ignored is
            "failed". The outcomes of what it accepted then come at the end.
        stop_after_failures: Send nothing new once this many items have failed or are unknown. Requests in
            flight are finished, so there may be a few more. None, the default, never stops.
        journal: A file that records every request before it is sent and after its answer. If the job is killed
            at any moment, start it again with the same input and the same file: it leaves out what is done,
            reads the effect of the requests that were in flight, and does the rest. The file holds ids only.
    """

    skip_existing: bool
    verify: bool
    stop_after_failures: int | None
    journal: FilePath | None


class ItemOptions(CallOptions, total=False):
    """Options of a job over single items, in addition to those of every call.

    ```python
    options = ItemOptions(verify=True, stop_after_failures=10, journal="leavers.db", timeout=60.0)
    report = await litmos.bulk.deactivate_users([user_id], **options).run()
    ```

    Attributes:
        verify: Read back after every write, with one more request each. What the server accepted but ignored is
            "failed".
        stop_after_failures: Send nothing new once this many items have failed or are unknown. Requests in
            flight are finished, so there may be a few more. None, the default, never stops.
        journal: A file that records every write before it is sent and after its answer. If the job is killed at
            any moment, start it again with the same input and the same file: it leaves out what is done, reads
            the effect of the writes that were in flight, and does the rest. The file holds ids, and hashes for
            items that have only a name.
    """

    verify: bool
    stop_after_failures: int | None
    journal: FilePath | None


class ImportOptions(CallOptions, total=False):
    """Options of an import, in addition to those of every call.

    ```python
    rows = [UserImport(username="nora@example.com", first_name="Nora", last_name="Newman")]
    options = ImportOptions(stop_after_failures=50, journal="joiners.db")
    report = await litmos.bulk.import_users(rows, send_message=False, **options).run()
    ```

    Attributes:
        stop_after_failures: Send no further import once this many rows have failed or are unknown. None, the
            default, never stops.
        journal: A file that records every import before it is sent, when the server has accepted it, and at its
            end. If the job is killed at any moment, start it again with the same rows and the same file: it
            leaves out what is done, follows the import that the server had accepted to its end, and does the
            rest. The file holds no names, only hashes of the rows.
    """

    stop_after_failures: int | None
    journal: FilePath | None


class Helpers:
    """Makes jobs, each with a run of its own.

    Args:
        caller: Makes the calls, in the bulk lane.
        limiter: Its window bounds how many requests are in flight at once.

    Attributes:
        list_sizes: How many ids one request takes, as learned by this client's jobs.
    """

    def __init__(self, caller: Caller, limiter: Limiter) -> None:
        self._caller = caller
        self._limiter = limiter
        self._litmos = Resources(caller)
        self.list_sizes = ListSizes.of(caller.sender)
        self._people = KnownPeople.of(caller.sender)

    def _pair_job(
        self, operation: PairOperation, pairs: Pairs, options: JobOptions, offer: Offer | None = None
    ) -> BulkJob:
        outcomes = PairOutcomes(operation, self._pair_run(options))
        route = Direct(outcomes, self.list_sizes, offer)
        return PairJob(pairs, outcomes, route, skip_existing=options.get("skip_existing", False))

    def _pair_run(self, options: JobOptions) -> Run:
        given: dict[str, Any] = dict(options)
        flags(skip_existing=given.pop("skip_existing", False))
        return self._run(given, verify=given.pop("verify", False))

    def _item_run(self, options: ItemOptions) -> Run:
        given: dict[str, Any] = dict(options)
        return self._run(given, verify=given.pop("verify", False))

    def _import_run(self, options: ImportOptions) -> Run:
        return self._run(dict(options))

    def _run(self, options: dict[str, Any], *, verify: bool = False) -> Run:
        """Return the run of a job, with the options of its calls."""
        stop_after_failures = options.pop("stop_after_failures", None)
        journal_path = options.pop("journal", None)
        caller = self._caller.with_options(cast(CallOptions, options))

        def connect(before: Before | None) -> Resources:
            return Resources(attrs.evolve(caller, before=before))

        return Run(
            self._limiter,
            connect,
            self._people,
            verify=verify,
            stop_after_failures=stop_after_failures,
            journal_path=journal_path,
            timeout=caller.defaults.timeout,
            hooks=caller.sender.hooks,
        )
