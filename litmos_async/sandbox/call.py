"""One call as an operation sees it: what was asked, and the answer in the form that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias, TypeVar

from attrs import frozen
from starlette.responses import Response

from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.read import read_labelled, read_record, read_records
from litmos_async.sandbox.wire.render import (
    json_text,
    list_to_json,
    list_to_xml,
    record_to_json,
    record_to_xml,
)
from litmos_async.sandbox.wire.schema import Element, Record

T = TypeVar("T")
Handler: TypeAlias = Callable[..., Response]
"""An operation: takes the call and the decoded parts of its path."""
H = TypeVar("H", bound=Handler)

_MOST_ROWS: Final = 1_000
_LONGEST_WINDOW: Final = timedelta(days=7)
_DATE_FORMS: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


class Routes:
    """A table of operations, filled by decorating them."""

    def __init__(self) -> None:
        self.table: list[tuple[str, str, Handler]] = []

    def __call__(self, method: str, path: str) -> Callable[[H], H]:
        """Enter the decorated operation under its method and path."""

        def enter(handler: H) -> H:
            self.table.append((method, path, handler))
            return handler

        return enter


@frozen(kw_only=True)
class Call:
    """A request that got past the quota and the key.

    Attributes:
        tenant: The state to read and change.
        time: When the request came, on the clock of the event loop.
        query: Query parameters, their names in lower case: the service looks at no case there.
        body: The body as it came.
        content_type: What the body claims to be.
        wants_json: Whether the answer is JSON; XML otherwise.
        list_limit: See `Sandbox`.
        list_refusal: See `Sandbox`.
    """

    tenant: Tenant
    time: float
    query: Mapping[str, str]
    body: bytes
    content_type: str
    wants_json: bool
    list_limit: int | None = None
    list_refusal: int | None = None

    # What was asked

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no from the query, in any case (api-facts 2)."""
        text = self.query.get(name.lower())
        return default if text is None else text.lower() in {"true", "1"}

    def number(self, name: str, default: int, least: int) -> int:
        """Return a number from the query."""
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) < least:
            raise Refusal(400, f"{name} cannot be {text}")
        return int(text)

    def descending(self, default: Literal["ASC", "DESC"] = "ASC") -> bool:
        """Return whether the rows are to come in descending order."""
        text = self.query.get("dir", default).upper()
        if text not in {"ASC", "DESC"}:
            raise Refusal(400, f"dir cannot be {text}")
        return text == "DESC"

    def moment(self, name: str) -> datetime | None:
        """Return a time from the query, in one of the three documented forms (api-facts 3)."""
        text = self.query.get(name)
        if text is None:
            return None
        for form in _DATE_FORMS:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise Refusal(406, f"{name} must be yyyy-MM-dd, yyyy-MM-dd HH:mm or yyyy-MM-dd HH:mm:ss")

    def window(self) -> tuple[datetime, datetime]:
        """Return `since` and `to` of a delta query: both required, 7 days apart at most (api-facts 9)."""
        since, to = self.moment("since"), self.moment("to")
        if since is None or to is None:
            raise Refusal(406, "since and to are required")
        if not since <= to <= since + _LONGEST_WINDOW:
            raise Refusal(406, "to must lie at most 7 days after since")
        return since, to

    def record(self, element: Element) -> Record:
        """Read the one record of the body."""
        return read_record(self.body, self.content_type, element)

    def records(self, root: str, element: Element) -> list[Record]:
        """Read the list in the body."""
        return read_records(self.body, self.content_type, root, element)

    def labelled(self, root: str, element: Element) -> dict[str, str]:
        """Read values by their labels."""
        return read_labelled(self.body, self.content_type, root, element)

    def ids(self, root: str, element: Element) -> list[str]:
        """Read a list of references, as ids without repetitions."""
        return list(dict.fromkeys(row["Id"] for row in self.records(root, element)))

    def listed(self, root: str, element: Element) -> list[Record]:
        """Read a list of references for which no source documents a limit (api-facts 12).

        Raises:
            Refusal: It is longer than the sandbox was told to take.
        """
        rows = self.records(root, element)
        if self.list_limit is None or len(rows) <= self.list_limit:
            return rows
        if self.list_refusal is not None:
            raise Refusal(self.list_refusal, f"At most {self.list_limit} ids in one request")
        return rows[: self.list_limit]

    def listed_ids(self, root: str, element: Element) -> list[str]:
        """Read such a list as ids without repetitions."""
        return list(dict.fromkeys(row["Id"] for row in self.listed(root, element)))

    # What there is

    def user(self, user_id: str) -> Record:
        """Return a person, by the id alone."""
        return _found(self.tenant.users, user_id, "User")

    def team(self, team_id: str) -> Record:
        """Return a team."""
        return _found(self.tenant.teams, team_id, "Team")

    def course(self, course_id: str) -> Record:
        """Return a course."""
        return _found(self.tenant.courses, course_id, "Course")

    def path(self, path_id: str) -> Record:
        """Return a learning path."""
        return _found(self.tenant.learning_paths, path_id, "Learning path")

    def module(self, module_id: str) -> Record:
        """Return a module, in whatever course."""
        return _found(self.tenant.modules, module_id, "Module")

    def collection(self, collection_id: str) -> Record:
        """Return a collection."""
        return _found(self.tenant.offers.collections, collection_id, "Collection")

    def listing(self, listing_id: str) -> Record:
        """Return a listing."""
        return _found(self.tenant.offers.listings, listing_id, "Listing")

    # What to answer

    def matching(self, records: Iterable[Record], *names: str) -> list[Record]:
        """Return the records that hold the text of `search` in one of these fields."""
        text = self.query.get("search", "").lower()
        if len(text) > 50:
            raise Refusal(400, "search is longer than 50 characters")
        return [each for each in records if not text or any(text in each[name].lower() for name in names)]

    @property
    def start(self) -> int:
        """The offset of the first row."""
        return self.number("start", 0, least=0)

    @property
    def limit(self) -> int:
        """The number of rows asked for; above 1000 it is capped in silence (api-facts 4)."""
        return min(self.number("limit", 100, least=1), _MOST_ROWS)

    def page(self, rows: Sequence[T]) -> Sequence[T]:
        """Return the rows that `start` and `limit` ask for."""
        return rows[self.start : self.start + self.limit]

    def answer(self, element: Element, record: Record, status: int = 200) -> Response:
        """Answer one record."""
        write = record_to_json if self.wants_json else record_to_xml
        return self._send(write(element, record), status)

    def answer_all(self, root: str, element: Element, rows: Iterable[Record]) -> Response:
        """Answer a list."""
        body = list_to_json(element, rows) if self.wants_json else list_to_xml(element, rows, root)
        return self._send(body, 200)

    def _send(self, body: bytes, status: int) -> Response:
        kind = "application/json" if self.wants_json else "application/xml"
        return Response(body, status, {"content-type": f"{kind}; charset=utf-8"})


def done(status: int = 200) -> Response:
    """Answer a write: `Content-Length: 0` and no Content-Type (api-facts 2)."""
    return Response(status_code=status)


def refuse(refusal: Refusal, *, wants_json: bool) -> Response:
    """Answer an error.

    Recorded is the JSON form only, where the same text is also the reason phrase (api-facts 5); ASGI cannot
    send one. What an XML caller gets is not known: plain text here.
    """
    if wants_json:
        body = json_text({"Detail": refusal.detail})
        return Response(body, refusal.status, {"content-type": "application/json"})
    return Response(refusal.detail, refusal.status, media_type="text/plain")


def _found(things: Mapping[str, Record], thing_id: str, kind: str) -> Record:
    if thing_id not in things:
        raise Refusal(404, f"{kind} not found")
    return things[thing_id]
