"""Everything that the sandbox knows of one organisation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any

from litmos_async.sandbox.state.course_imports import CourseImportJob
from litmos_async.sandbox.state.imports import ImportJob
from litmos_async.sandbox.state.links import Link, Links
from litmos_async.sandbox.state.offers import Offers
from litmos_async.sandbox.state.people import AnyLinks, People
from litmos_async.sandbox.state.training import Training
from litmos_async.sandbox.wire.schema import Record


def utc_now() -> datetime:
    """Return the time of the real clock."""
    return datetime.now(UTC)


class Organisation(People):
    """The state behind the sandbox, empty at first.

    Args:
        now: The clock that stamps records.
        seed: The ids handed out depend on it and on nothing else.

    Attributes:
        gamification: Whether badges and points are switched on.
        signup_tokens: Whether tokens for self-signup are switched on.
        course_collections: Whether collections of courses are switched on.
        training: Sessions with instructors, and who takes part.
        offers: Tokens, collections and their listings.
        imports: The bulk imports, oldest first.
        course_imports: The bulk imports of courses, oldest first.
        import_seconds: How long a bulk import takes, on the clock of the event loop.
        module_seconds: How long the service works on a module that it fetches, on the same clock.
        module_uploads: When the service began to fetch a module, by its id, and whether that will go well.
        statements: xAPI statements by the id of the statement.
        long_lists: What `rows.lazy` keeps of long lists from one page to the next.
    """

    def __init__(self, *, now: Callable[[], datetime] = utc_now, seed: int = 1) -> None:
        super().__init__(now=now, seed=seed)
        self.gamification = True
        self.signup_tokens = True
        self.course_collections = True
        self.training = Training(self)
        self.offers = Offers(self)
        self.imports: list[ImportJob] = []
        self.course_imports: list[CourseImportJob] = []
        self.import_seconds = 5.0
        self.module_seconds = 10.0
        self.module_uploads: dict[str, tuple[float, bool]] = {}
        self.statements: dict[str, Record] = {}
        self.long_lists: OrderedDict[Hashable, Any] = OrderedDict()

    def run_due(self, time: float) -> None:
        """Carry out the imports that are due by `time`, on the clock of the event loop.

        Args:
            time: Seconds on the clock of the event loop.
        """
        jobs: list[ImportJob | CourseImportJob] = [*self.imports, *self.course_imports]
        for job in jobs:
            if not job.done and job.due <= time:
                job.run(self)

    def _links_of_people(self) -> tuple[AnyLinks, ...]:
        own = (self.training.registrations, self.offers.listing_users)
        return (*super()._links_of_people(), *own)

    def _links_of_teams(self) -> tuple[Links[Link], ...]:
        return (*super()._links_of_teams(), self.offers.listing_teams)

    def change_setting(self, name: str, value: Any) -> None:
        """Change one of the plain attributes of the organisation, and write that down.

        Args:
            name: Name of the attribute, such as "gamification".
            value: Its new value.
        """
        self.audit.note_setting(name, getattr(self, name), value)
        setattr(self, name, value)
