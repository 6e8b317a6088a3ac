"""A web backend: one client per process, one limit for all of them, and a bulk job in the background.

Install it with `pip install "litmos-async" starlette uvicorn`, and run it with
`uvicorn examples.web:app --workers 2`. The environment says which account it is (`LITMOS_API_KEY`, `LITMOS_SOURCE`)
and where the processes share their limit (`LITMOS_LIMIT=sqlite:///var/lib/litmos.db`).

- `GET /learners/{email}` answers from Litmos at once: it goes before the bulk job, and `reserve` keeps slots free.
  Where that takes longer than `PATIENCE` seconds, or is sure to, the answer is 503 with `Retry-After`: "busy" where
  the limit is used up, and "unavailable" where Litmos does not answer. The log tells the two apart as well.
- `POST /courses/{course_id}` assigns a course to everybody, in the background.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from litmos_async import LitmosClient, RateLimit, RetryPolicy
from litmos_async.errors import LitmosError, NetworkError, NotFound, RateLimited, ServerError
from litmos_async.events import Event, SlotWait

logger = logging.getLogger(__name__)

RATE = RateLimit(
    requests=int(os.environ.get("REQUESTS", "100")),
    period=float(os.environ.get("PERIOD", "60")),
    reserve=int(os.environ.get("RESERVE", "10")),
)

PATIENCE = float(os.environ.get("PATIENCE", "5"))
"""Seconds that a visitor waits at most."""


LAST: ContextVar[list[Event]] = ContextVar("LAST")
"""What the client said last of the call that a visitor waits for."""


def note(event: Event) -> None:
    """Keep the last event of the request at hand; the job has none."""
    if (last := LAST.get(None)) is not None:
        last[:] = [event]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the client when the process starts; when it stops, break off what still runs, and close it."""
    jobs: set[asyncio.Task[object]] = set()
    async with LitmosClient(rate_limit=RATE, on_event=note) as litmos:
        app.state.litmos, app.state.jobs = litmos, jobs
        # The same pool and limit. A refused call is not repeated, and a pause that outlasts the visitor's patience
        # is an error at once.
        app.state.visitors = litmos.with_options(retry=RetryPolicy(max_rejections=0, deadline=PATIENCE))
        yield
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def learner(request: Request) -> Response:
    """Answer who somebody is."""
    litmos: LitmosClient = request.app.state.visitors
    last: list[Event] = []
    LAST.set(last)
    try:
        # The wait for a slot, which nothing else bounds, is in here too.
        async with asyncio.timeout(PATIENCE):
            user = await litmos.users.get(request.path_params["email"])
    except NotFound:
        return JSONResponse({"detail": "nobody of that name"}, status_code=404)
    except RateLimited as pause:
        # Rather than hold the visitor: the server, or the limiter, knows how long the pause is.
        return _busy(pause.retry_after or litmos.quota.next_free_in)
    except TimeoutError:
        # Over while it waited for a slot, or while it waited for the answer?
        if isinstance(last[0], SlotWait):
            return _busy(litmos.quota.next_free_in)
        return _unavailable("no answer in time", litmos.quota.next_free_in)
    except (NetworkError, ServerError) as problem:
        return _unavailable(str(problem), litmos.quota.next_free_in)
    return JSONResponse({"id": user.id, "name": f"{user.first_name} {user.last_name}", "active": user.active})


def _busy(seconds: float) -> Response:
    """Ask the visitor to come back: the limit is used up, which is no fault of anybody."""
    logger.warning("the limit is used up for %.0f s more", seconds)
    return _later("busy", seconds)


def _unavailable(problem: str, seconds: float) -> Response:
    """Ask the visitor to come back: Litmos does not answer, which somebody should know of."""
    logger.error("Litmos does not answer: %s", problem)
    return _later("unavailable", seconds)


def _later(detail: str, seconds: float) -> Response:
    """Say when there is a chance again."""
    headers = {"Retry-After": str(max(1, math.ceil(seconds)))}
    return JSONResponse({"detail": detail}, status_code=503, headers=headers)


async def assign(request: Request) -> Response:
    """Begin to assign a course to everybody, and answer before that is done."""
    litmos: LitmosClient = request.app.state.litmos
    course_id = request.path_params["course_id"]

    async def everybody() -> AsyncIterator[tuple[str, str]]:
        async for user in litmos.users.list(priority="bulk"):
            yield user.id, course_id

    async def run() -> None:
        try:
            logger.info(
                "%s", await litmos.bulk.assign_courses_to_users(everybody(), send_message=False).run()
            )
        except LitmosError:
            logger.exception("the job stopped")

    task = asyncio.create_task(run())
    request.app.state.jobs.add(task)
    task.add_done_callback(request.app.state.jobs.discard)
    return JSONResponse({"detail": "begun"}, status_code=202)


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/learners/{email}", learner),
        Route("/courses/{course_id}", assign, methods=["POST"]),
    ],
)
