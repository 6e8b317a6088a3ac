"""A web backend: one client per process, one limit for all of them, and a bulk job in the background.

Run it with `uvicorn examples.web:app --workers 2`. The environment says which account it is (`LITMOS_API_KEY`,
`LITMOS_SOURCE`) and where the processes share their limit (`LITMOS_LIMIT=sqlite:///var/lib/litmos.db`).

- `GET /learners/{email}` answers from Litmos at once: it goes before the bulk job, and `reserve` keeps slots free.
- `POST /courses/{course_id}` assigns a course to everybody, in the background.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from litmos_async import LitmosClient, RateLimit
from litmos_async.errors import LitmosError, NotFound, RateLimited

logger = logging.getLogger(__name__)

RATE = RateLimit(
    requests=int(os.environ.get("REQUESTS", "100")),
    period=float(os.environ.get("PERIOD", "60")),
    reserve=int(os.environ.get("RESERVE", "10")),
)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the client when the process starts; when it stops, break off what still runs, and close it."""
    jobs: set[asyncio.Task[object]] = set()
    async with LitmosClient(rate_limit=RATE) as litmos:
        app.state.litmos, app.state.jobs = litmos, jobs
        yield
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def learner(request: Request) -> Response:
    """Answer who somebody is."""
    litmos: LitmosClient = request.app.state.litmos
    try:
        user = await litmos.users.get(request.path_params["email"])
    except NotFound:
        return JSONResponse({"detail": "nobody of that name"}, status_code=404)
    except RateLimited as pause:
        # Rather than hold the visitor: the limiter knows how long the pause is.
        return JSONResponse(
            {"detail": "busy"}, status_code=503, headers={"Retry-After": str(int(pause.retry_after or 1))}
        )
    return JSONResponse({"id": user.id, "name": f"{user.first_name} {user.last_name}", "active": user.active})


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
