"""A learning record store, as strict as the xAPI specification 1.0.3: a service of its own beside the API.

The specification is adlnet/xAPI-Spec, xAPI-Communication.md ("C") and xAPI-Data.md ("D").
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from attrs import field, frozen

from litmos_async.sandbox.quota import RequestLog
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record

VERSION: Final = "1.0.3"
PATH: Final = "/TCAPI/{company}/{instance}/statements"
MORE: Final = "/TCAPI/more"

_ONE: Final = frozenset({"statementId", "voidedStatementId"})
_WITH_ONE: Final = frozenset({"attachments", "format"})
_FILTERS: Final = frozenset(
    {
        *("agent", "verb", "activity", "registration", "related_activities", "related_agents", "since"),
        *("until", "limit", "format", "attachments", "ascending"),
    }
)
_KNOWN: Final = {"GET": _ONE | _FILTERS, "PUT": {"statementId"}, "POST": set[str]()}
_CURSOR: Final = "from"
_VOIDED: Final = "http://adlnet.gov/expapi/verbs/voided"
# What the store sets itself, so that a comparison leaves it out (D 2.3.1).
_OF_THE_STORE: Final = ("stored", "timestamp", "authority", "version")


class StoreRefusal(Exception):
    """The store says no."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@frozen
class StoreRequest:
    """A request that reached the store."""

    time: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class StoreAnswer:
    """An answer of the store; the content is JSON, or None for an empty body."""

    status: int
    content: Any = None


class RecordStore:
    """The statements, and the rules of the specification.

    ```python
    store = sandbox.store
    xapi = XapiStore("http://127.0.0.1" + store.path, store.username, store.password)
    print(store.statements)
    ```

    Args:
        tenant: The organisation, which keeps the statements.
        requests: How many requests any window of `period` seconds holds: a budget apart from that of the API.
        period: Length of the window in seconds.

    Attributes:
        username: User name that is accepted, in HTTP Basic.
        password: Password that is accepted.
        company: First part of the path.
        instance: Second part of the path.
        most: How many statements one answer holds at most.
        largest_body: Bytes that one request may have.
        quota: The window and its log.
        requests: The requests so far.
    """

    def __init__(self, tenant: Tenant, requests: int = 100, period: float = 60.0) -> None:
        self._tenant = tenant
        self.username, self.password = "sandbox-store", "sandbox-store-password"
        self.company, self.instance = "acme", "db1"
        self.most = 100
        self.largest_body = 1_000_000
        self.quota = RequestLog(requests, period)
        self.requests: list[StoreRequest] = []

    @property
    def statements(self) -> dict[str, Record]:
        """The statements in the order in which they were stored, by their ids."""
        return self._tenant.statements

    @property
    def path(self) -> str:
        """The path of the endpoint, from the root of the host on."""
        return PATH.format(company=self.company, instance=self.instance)

    def answer(self, request: StoreRequest) -> StoreAnswer:
        """Answer a request.

        Args:
            request: The request.
        """
        self.requests.append(request)
        if not self.quota.admit(request.time):
            return StoreAnswer(429, {"message": "Too many requests"})
        try:
            query = self._checked(request)
            if request.method == "GET":
                return self._get(query, more=request.path == MORE)
            if request.path == MORE:
                raise StoreRefusal(405, "Only GET")
            if len(request.body) > self.largest_body:
                raise StoreRefusal(413, "Too large")
            content = _json_of(request)
            return self._put(query, content) if request.method == "PUT" else self._post(content)
        except StoreRefusal as refusal:
            return StoreAnswer(refusal.status, {"message": str(refusal)})

    def _checked(self, request: StoreRequest) -> dict[str, str]:
        """Check what every request must have, and return its query."""
        wanted = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        if request.headers.get("authorization", "") != f"Basic {wanted}":
            raise StoreRefusal(401, "Unauthorized")
        if request.path not in {self.path, MORE}:
            raise StoreRefusal(404, "There is no such store")
        version = request.headers.get("x-experience-api-version", "")
        if not re.fullmatch(r"1\.0(\.\d+)?", version):
            raise StoreRefusal(400, f"X-Experience-API-Version must be 1.0.x, not {version!r}")  # C 3.3
        if "apikey" in request.headers:
            raise StoreRefusal(400, "The key of the API does not belong here")
        pairs = parse_qsl(request.query, keep_blank_values=True)
        query = dict(pairs)
        if request.method not in _KNOWN:
            raise StoreRefusal(405, "Only GET, POST and PUT")
        known = _KNOWN[request.method] | ({_CURSOR} if request.path == MORE else set())
        # Parameters that are unknown, or known in other letters, are refused (C 1.3, 2.1).
        unknown = query.keys() - known
        if unknown or len(query) < len(pairs):
            raise StoreRefusal(400, f"Unknown or repeated parameters: {sorted(unknown)}")
        return query

    # Writing

    def _post(self, content: Any) -> StoreAnswer:
        given = content if isinstance(content, list) else [content]
        statements = [_checked_statement(each) for each in given]
        ids = [each.get("id") or str(uuid.uuid4()) for each in statements]
        if len(set(ids)) < len(ids):
            raise StoreRefusal(400, "Two statements have the same id")
        new = [self._to_store(each, key) for each, key in zip(statements, ids, strict=True)]
        for key, statement in zip(ids, new, strict=True):
            self.statements.setdefault(key, statement)
        return StoreAnswer(200, ids)  # C 2.1.2

    def _put(self, query: Mapping[str, str], content: Any) -> StoreAnswer:
        key = query.get("statementId", "")
        if not _is_uuid(key):
            raise StoreRefusal(400, "statementId must be a UUID")
        statement = _checked_statement(content)
        if statement.get("id", key) != key:
            raise StoreRefusal(400, "id does not match statementId")
        self.statements.setdefault(key, self._to_store(statement, key))
        return StoreAnswer(204)  # C 2.1.1

    def _to_store(self, statement: Record, key: str) -> Record:
        """Return what would be stored; what is there already is never changed.

        Raises:
            StoreRefusal: The id exists with other content.
        """
        before = self.statements.get(key)
        if before is not None and _content(before) != _content(statement):
            raise StoreRefusal(409, "A statement with this id exists and is another one")
        stamp = self._tenant.now().isoformat().replace("+00:00", "Z")
        set_here = {
            "stored": stamp,
            "authority": {"account": {"homePage": "http://lrs", "name": self.username}},
        }
        return {"timestamp": stamp, "version": "1.0.0", **statement, "id": key, **set_here}

    # Reading

    def _get(self, query: dict[str, str], *, more: bool) -> StoreAnswer:
        one = _ONE & query.keys()
        if one:
            if len(one) > 1 or query.keys() - _ONE - _WITH_ONE:
                raise StoreRefusal(400, "Not beside statementId")  # C 2.1.3
            return StoreAnswer(200, self._single(query, next(iter(one))))
        start = _number(query.pop(_CURSOR, "")) if more else 0
        found = list(self._matching(query))
        limit = _number(query.get("limit", "0")) or self.most
        end = start + min(limit, self.most)
        rows = [_reduced(each, query.get("format", "exact")) for each in found[start:end]]
        link = f"{MORE}?{urlencode({**query, _CURSOR: end})}" if end < len(found) else ""
        return StoreAnswer(200, {"statements": rows, "more": link})

    def _single(self, query: Mapping[str, str], name: str) -> Record:
        statement = self.statements.get(query[name])
        voided = query[name] in self._voided()
        if statement is None or voided is not (name == "voidedStatementId"):
            raise StoreRefusal(404, "There is no such statement")
        return _reduced(statement, query.get("format", "exact"))

    def _matching(self, query: Mapping[str, str]) -> Iterator[Record]:
        voided = self._voided()
        agent = _agent(query["agent"]) if "agent" in query else None
        since, until = _moment(query, "since"), _moment(query, "until")
        rows = list(self.statements.values())
        if query.get("ascending") != "true":
            rows.reverse()
        for each in rows:
            stored = datetime.fromisoformat(each["stored"])
            if (
                each["id"] not in voided
                and (agent is None or agent <= each["actor"].items())
                and query.get("verb") in {None, each["verb"]["id"]}
                and query.get("activity") in {None, each["object"].get("id")}
                and query.get("registration") in {None, each.get("context", {}).get("registration")}
                and (since is None or stored > since)
                and (until is None or stored <= until)
            ):
                yield each

    def _voided(self) -> set[str]:
        return {
            each["object"].get("id", "") for each in self.statements.values() if each["verb"]["id"] == _VOIDED
        }


def _json_of(request: StoreRequest) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise StoreRefusal(400, "Content-Type must be application/json")
    try:
        return json.loads(request.body)
    except ValueError:
        raise StoreRefusal(400, "The body is not JSON") from None


def _checked_statement(given: Any) -> Record:
    """Return a statement that has what it must have (D 2.2)."""
    if not isinstance(given, dict):
        raise StoreRefusal(400, "A statement is an object")
    if "id" in given and not _is_uuid(given["id"]):
        raise StoreRefusal(400, "id must be a UUID")
    for name in ("actor", "verb", "object"):
        if not isinstance(given.get(name), dict) or not given[name]:
            raise StoreRefusal(400, f"{name} is required")
    if not isinstance(given["verb"].get("id"), str):
        raise StoreRefusal(400, "verb.id is required")
    return given


def _is_uuid(text: Any) -> bool:
    return (
        isinstance(text, str)
        and re.fullmatch(r"[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12}", text) is not None
    )


def _content(statement: Record) -> Record:
    return {name: value for name, value in statement.items() if name not in ("id", *_OF_THE_STORE)}


def _reduced(statement: Record, form: str) -> Record:
    if form not in {"ids", "exact", "canonical"}:
        raise StoreRefusal(400, "format must be ids, exact or canonical")
    if form != "ids":
        return statement
    verb, thing = {"id": statement["verb"]["id"]}, statement["object"]
    return statement | {
        "verb": verb,
        "object": {name: thing[name] for name in ("id", "objectType") if name in thing},
    }


def _agent(text: str) -> Any:
    try:
        agent = json.loads(text)
    except ValueError:
        agent = None
    if not isinstance(agent, dict) or not agent:
        raise StoreRefusal(400, "agent must be an object in JSON")
    return agent.items()


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    if name not in query:
        return None
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        raise StoreRefusal(400, f"{name} must be a time by ISO 8601") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise StoreRefusal(400, "limit must be a number")
    return int(text)
