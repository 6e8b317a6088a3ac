"""Faults on demand: what a network and a tired server do to a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from attrs import define, field
from starlette.responses import Response

REQUEST_ERROR_PAGE: Final = (
    '<html version="-//W3C//DTD XHTML 2.0//EN" xml:lang="en" xmlns="http://www.w3.org/1999/xhtml">'
    '<HEAD><TITLE>Request Error</TITLE></HEAD><BODY><DIV id="content">'
    "<P class=\"heading1\"><B>Error Status Code:</B> 'InternalServerError'</P>"
    "<P><B>Details: </B>The server encountered an error processing the request. "
    f"Please see the server logs for more details.</P><!-- Padding {'x' * 512} --></DIV></BODY></html>"
)
"""The page that comes with a 500, JSON asked for or not (api-facts 5)."""


class Dropped(ConnectionResetError):
    """The connection breaks without an answer."""


@define(kw_only=True)
class Fault:
    """What goes wrong, with which requests.

    Without `after` the request has no effect where the answer is replaced (`status`, `html`) or withheld
    (`drop`); with it the effect happens first and only the answer is lost. A fault that merely changes the
    true answer (`body`, `headers`, `content_type`, `truncate`) always comes after the effect.

    ```python
    sandbox.faults.add(Fault(method="POST", path="/users/*/courses", after=True, drop=True))
    try:
        await litmos.users.assign_courses(user_id, [course_id], send_message=False)
    except OutcomeUnknown:
        print(await litmos.users.list_courses(user_id))
    ```

    Attributes:
        method: Method to match, or "*".
        path: Path below the base URI to match, `*` and `?` as in a shell: "/users/*/courses".
        nth: The matching request that is the first to be hit, counted from 1.
        times: How many are hit from there on; None for all.
        after: The effect happens before the fault.
        stall: Seconds to hold the request, before its effect or (`after`) between effect and answer.
        drop: Break the connection instead of answering.
        error: What `drop` raises where the sandbox is mounted in process; over HTTP the socket is reset. None
            raises a `ConnectionResetError`.
        status: Answer this status. None leaves the status as it is.
        html: Answer the service's page of HTML, with status 500 unless `status` says otherwise.
        body: Body of the answer. None leaves the body as it is.
        headers: Headers to add to the answer.
        content_type: Content type of the answer. None leaves it as it is.
        truncate: Keep only so many bytes of the body. None keeps all of it.
        seen: How many matching requests came so far.
    """

    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int | None = 1
    after: bool = False
    stall: float = 0.0
    drop: bool = False
    error: Exception | None = None
    status: int | None = None
    html: bool = False
    body: str | bytes | None = None
    headers: Mapping[str, str] = field(factory=dict[str, str])
    content_type: str | None = None
    truncate: int | None = None
    seen: int = field(default=0, init=False)

    def hits(self, method: str, path: str) -> bool:
        """Count a request that matches, and return whether it is one of those to be hit.

        Args:
            method: The HTTP method.
            path: The path below the base URI.
        """
        if self.method not in {"*", method} or not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        return self.nth <= self.seen and (self.times is None or self.seen < self.nth + self.times)

    async def around(self, effect: Callable[[], Response]) -> Response:
        """Let the request run into the fault.

        Args:
            effect: Carries the request out, and returns its answer.

        Raises:
            Dropped: The connection is to break.
        """
        if not self.after:
            await asyncio.sleep(self.stall)
        withheld = self.drop or self.html or self.status is not None
        answer = effect() if self.after or not withheld else Response()
        if self.after:
            await asyncio.sleep(self.stall)
        if self.drop:
            raise Dropped("The sandbox broke the connection")
        return self._reshaped(answer, replaced=withheld)

    def _reshaped(self, answer: Response, *, replaced: bool) -> Response:
        status, body, kind = answer.status_code, bytes(answer.body), answer.headers.get("content-type", "")
        if self.html:
            status, body, kind = 500, REQUEST_ERROR_PAGE.encode(), "text/html"
        elif replaced:
            body, kind = b"", ""
        if self.body is not None:
            body = self.body.encode() if isinstance(self.body, str) else self.body
        kind = self.content_type or kind
        headers = {**self.headers, "content-type": kind} if kind else self.headers
        return Response(body[: self.truncate], self.status or status, headers)


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in wait. A request that one fault hits is not seen by those added after it."""
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults away."""
        self._waiting.clear()

    def meet(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        return next((fault for fault in self._waiting if fault.hits(method, path)), None)
