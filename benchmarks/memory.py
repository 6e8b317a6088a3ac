"""Peak memory of jobs over a million pairs from a generator, each in a process of its own.

Run with `python -m benchmarks.memory`. The exit code is 1 where a job takes more than the guide says. The server is
a stand-in that says yes to everything, and time is virtual.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from attrs import frozen

from litmos_async import LitmosClient
from litmos_async.bulk import BulkJob
from litmos_async.testing import run_virtual

MOST = 200
"""Megabytes that a million pairs may take."""


@frozen
class Shape:
    """A million pairs.

    Attributes:
        people: How many people there are.
        each: Things that each of them gets.
        teams: Whether these are teams, and not courses.
        skip_existing: Whether it is read first what is there.
        verify: Whether it is read back afterwards.
        run: Outcomes to take; 0 for the plan alone, None for all.
        promised: Whether it has to stay within the limit.
    """

    people: int
    each: int
    teams: bool = False
    skip_existing: bool = False
    verify: bool = False
    run: int | None = 0
    promised: bool = True

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the pairs; ids are as long as the long ones of the service."""
        things = [f"thing-{number:016d}2" for number in range(self.each)]
        for person in range(self.people):
            for thing in things:
                yield f"person-{person:015d}2", thing

    def job(self, litmos: LitmosClient) -> BulkJob:
        """Return the job."""
        skip, verify = self.skip_existing, self.verify
        if self.teams:
            return litmos.bulk.add_users_to_teams(
                self.pairs(), skip_existing=skip, verify=verify, send_message=False
            )
        return litmos.bulk.assign_courses_to_users(
            self.pairs(), send_message=False, skip_existing=skip, verify=verify
        )


SHAPES = {
    "100,000 people x 10 courses: plan, and 20,000 outcomes": Shape(100_000, 10, run=20_000),
    "10,000 people x 100 courses: plan and run": Shape(10_000, 100, run=None),
    "50,000 people x 20 teams: plan": Shape(50_000, 20, teams=True),
    "100,000 people x 10 courses, skip_existing: plan": Shape(100_000, 10, skip_existing=True),
    "10,000 people x 100 courses, verify: plan and run": Shape(
        10_000, 100, verify=True, run=None, promised=False
    ),
    "1,000,000 people x 1 course: plan": Shape(1_000_000, 1, promised=False),
}


def peak() -> int:
    """Return the most memory that this process had so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; bytes on macOS
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)


async def work(shape: Shape) -> int:
    """Plan and run the job, and return how many outcomes were taken."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[]) if request.method == "GET" else httpx.Response(201)

    transport = httpx.MockTransport(answer)
    taken = 0
    async with LitmosClient(
        "key", "bench", base_url="http://127.0.0.1/v1.svc", transport=transport
    ) as litmos:
        job = shape.job(litmos)
        plan = await job.plan()
        assert plan.items == shape.people * shape.each
        if shape.run != 0:
            async for _ in job:
                taken += 1
                if taken == shape.run:
                    break
    return taken


def in_a_child(name: str) -> int:
    """Return the peak of the work on a shape in a new process, in MB."""
    # A measurement of coverage would measure itself.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    # What Linux counts for a process begins with what its parent had: the one in between has next to nothing.
    between = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]
    done = subprocess.run(
        [*between, sys.executable, "-m", "benchmarks.memory", "--shape", name],
        check=True,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=Path(__file__).parent.parent,
    )
    return int(done.stdout)


def main() -> int:
    """Print the peaks; fail if one is above what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, help="Measure this one in this process.")
    one = parser.parse_args().shape
    if one:
        run_virtual(work(SHAPES[one]))
        print(peak())
        return 0
    too_much = False
    print(f"A million pairs from a generator{'MB at most':>36}{'promised':>12}")
    for name, shape in SHAPES.items():
        most = in_a_child(name)
        promised = f"< {MOST}" if shape.promised else "-"
        print(f"{name:57}{most:>11,}{promised:>12}", flush=True)
        too_much = too_much or (shape.promised and most >= MOST)
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
