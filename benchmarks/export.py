"""Exports of 200,000 people and 1,000,000 results from the sandbox, beside the plain way and reading alone.

Run with `python -m benchmarks.export [--people N] [--results N]`. The sandbox has a process of its own, and so has
each export, whose CPU and memory are measured. It fails where rows are missing, a list takes more requests
than it may, or memory grows by more than the guide says. `--speed` also fails where Parquet writes fewer rows a CPU
second than 80 % of what reading alone reads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from math import ceil
from pathlib import Path
from typing import Any, Final

from litmos_async import LitmosClient, RateLimit
from litmos_async.sandbox import Sandbox, Tenant

MODES: Final = ("read", "jsonl", "csv", "parquet", "plain")
GROWTH: Final = {"jsonl": 60, "csv": 60, "parquet": 100}
"""Megabytes by which an export may grow over its start."""

LISTS: Final = {"users": "user_details", "results": "results"}


def serve(people: int, results: int) -> None:
    """Serve a sandbox until standard input ends; print its address, then how many requests each list took."""
    tenant = Tenant()
    courses = [
        tenant.add_course(Name=f"Course {number}")["Id"] for number in range(max(1, results // people))
    ]
    for number in range(people):
        name = f"user.{number}@example.com"
        user = tenant.add_user(UserName=name, Email=name, FirstName="Ada", LastName=f"Example {number}")["Id"]
        for course in courses:
            tenant.assign_course(user, course)
    sandbox = Sandbox(tenant, requests=1_000_000_000)

    async def run() -> None:
        async with sandbox.serve() as base_url:
            print(base_url, flush=True)
            await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


async def pages_of(litmos: LitmosClient, name: str) -> AsyncIterator[Any]:
    """Yield the pages of a list, as an export reads them."""
    from litmos_async.export.export import OPTIONS  # noqa: PLC0415
    from litmos_async.export.spec import BEGINNING  # noqa: PLC0415

    pages: Any
    if name == "results":
        pages = litmos.results.list_details(since=BEGINNING, **OPTIONS)
    else:
        pages = litmos.users.list_details(**OPTIONS)
    async for page in pages.by_page():
        yield page


async def measure(mode: str, name: str, base_url: str, folder: str) -> dict[str, Any]:
    """Read or export a list, and return what it took."""
    requests = 0

    async def count(_request: Any) -> None:
        nonlocal requests
        requests += 1

    rate = RateLimit(1_000_000, 60.0, 1_000_000)
    async with LitmosClient(
        "sandbox-key", "bench", base_url=base_url, rate_limit=rate, timeout=600.0
    ) as litmos:
        await litmos.users.list(page_size=1)
        if mode == "parquet":
            import pyarrow.parquet  # noqa: PLC0415

            # Libraries are part of the start: the first array also imports pandas, where that is installed.
            pyarrow.array(["x"])
        import litmos_async.export.export  # noqa: F401, PLC0415 - the same for reading alone

        began, peak = cpu(), memory()
        if mode == "read":
            rows = 0
            async for page in pages_of(litmos, LISTS[name]):
                rows += len(page.items)
        elif mode == "plain":
            found = [row async for page in pages_of(litmos, LISTS[name]) for row in page.items]
            rows = len(found)
            dump(found, Path(folder, "plain.json"))
        else:
            manifest = await litmos.export.run(LISTS[name], Path(folder, f"x.{mode}"))
            rows, requests = manifest.rows, manifest.requests
    return {"rows": rows, "requests": requests, "cpu": cpu() - began, "growth": memory() - peak}


def dump(rows: list[Any], path: Path) -> None:
    """Write rows the plain way."""
    with path.open("w", encoding="utf-8") as file:
        json.dump([row.to_dict() for row in rows], file)


def cpu() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory() -> float:
    """Return the peak memory of this process, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def child(*words: str) -> list[str]:
    """Return the command line of a part of this benchmark."""
    return [sys.executable, "-m", "benchmarks.export", *words]


def compare(people: int, results: int, *, speed: bool) -> bool:
    """Print what each mode takes; return whether all promises are kept."""
    good = True
    server = subprocess.Popen(
        child("--serve", "--people", str(people), "--results", str(results)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    base_url = server.stdout.readline().strip()
    print("| list | | rows | requests | needed | rows a CPU second | of reading | MB more at most |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name, wanted in (("users", people), ("results", results // people * people)):
        alone = 0.0
        needed = ceil((wanted - 1) / 999) + 1
        for mode in MODES:
            with tempfile.TemporaryDirectory() as folder:
                words = ("--measure", mode, "--list", name, "--url", base_url, "--folder", folder)
                found = json.loads(subprocess.check_output(child(*words), text=True))
            pace = found["rows"] / found["cpu"]
            alone = alone or pace
            kept = found["rows"] == wanted and found["requests"] <= needed + 7
            kept = kept and found["growth"] <= GROWTH.get(mode, 1e9)
            if speed and mode == "parquet":
                kept = kept and pace >= 0.8 * alone
            good = good and kept
            print(
                f"| {name} | {mode} | {found['rows']:,} | {found['requests'] or ''} | {needed} | {pace:,.0f} | "
                f"{100 * pace / alone:.0f} % | {found['growth']:.0f}{'' if kept else ' (!)'} |",
                flush=True,
            )
    server.stdin.close()
    server.wait()
    return good


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--results", type=int, default=1_000_000)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--measure", default="")
    parser.add_argument("--list", default="users")
    parser.add_argument("--url", default="")
    parser.add_argument("--folder", default="")
    given = parser.parse_args()
    if given.serve:
        serve(given.people, given.results)
        return 0
    if given.measure:
        print(json.dumps(asyncio.run(measure(given.measure, given.list, given.url, given.folder))))
        return 0
    return 0 if compare(given.people, given.results, speed=given.speed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
