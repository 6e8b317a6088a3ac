"""Mutation testing: whether a test fails where the code is changed.

    python -m benchmarks.mutants --sample 300 --seed 1

A sample is drawn of all points at which the core can be changed (`mutation_points.py`), without those of which no
test can tell (`equivalent.toml`). For each the tests run that pass through the changed line, then others of the
module, until one fails: first those that are the most about it. Which tests pass through a line is measured once,
and again for test files that have changed, or for all if the core has. Tests run on copies of the clone, two at a
time. Where one hangs, the change was noticed.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, frozen

from benchmarks.mutants_plugin import Chosen, Watch
from benchmarks.mutation_points import Point, points_of

CORE: Final = (
    "litmos_async/limits",
    "litmos_async/wire",
    "litmos_async/attempt.py",
    "litmos_async/reader.py",
    "litmos_async/redaction.py",
    "litmos_async/retry.py",
    "litmos_async/bulk/pairs/planning.py",
    "litmos_async/bulk/run.py",
    "litmos_async/bulk/write.py",
)
TESTS: Final = (
    "bulk",
    "client",
    "contract",
    "limits",
    "models",
    "paging",
    "promises",
    "resources",
    "telemetry",
    "testing",
    "transport",
    "wire",
)
"""Those about the core. What only a test of the command line or of an export would notice counts as not noticed."""

COPIED: Final = (
    "benchmarks",
    "docs",
    "examples",
    "litmos_async",
    "tests",
    "*.md",
    "*.toml",
    "*.py",
    "LICENSE",
)
PROCESSES: Final = 2

EQUIVALENT: Final = Path("benchmarks/equivalent.toml")
"""Changes of which no test can tell, each with the reason."""

# Loaded once, and not for each change. Nothing of the library is among it.
LIBRARIES: Final = (
    "anyio",
    "cattrs",
    "dramatiq",
    "httpx",
    "hypothesis",
    "lxml.etree",
    "pydantic",
    "pytest_asyncio",
    "redis.asyncio",
    "respx",
    "starlette.applications",
    "uvicorn",
    "xdist",
    "yaml",
)
OPTIONS: Final = (
    "-qx",
    "--tb=short",
    "--in-part",
    "-m",
    "not slow",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",  # they are loaded already
    "--randomly-dont-reorganize",
    "--randomly-seed=1",
    "--hypothesis-seed=1",
)
PASSED: Final = frozenset({pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})
STAGES: Final = (30, 300)
"""After how many tests to look whether one has failed: to import the files of the others takes longer."""

LEAST_SECONDS: Final = 0.02
"""What a test takes besides."""

LONGEST_COLLECTING: Final = 120.0
"""Seconds of CPU."""


@frozen
class Verdict:
    """How a change ended: the test that noticed it, or "" where none did."""

    point: Point
    test: str
    tests: int
    seconds: float


@define
class Map:
    """Which tests run each line, how long each takes, and how many lines of the core it runs."""

    reached: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]
    lines: Counter[str]

    @classmethod
    def of(cls, parts: Iterable[Mapping[str, Any]]) -> Map:
        """Return it from what was measured for each test file."""
        found = cls({}, {}, Counter())
        for part in parts:
            names = list(part["seconds"])
            found.seconds |= part["seconds"]
            for module, lines in part["reached"].items():
                for line, tests in lines.items():
                    named = [names[index] for index in tests]
                    found.reached.setdefault(module, {}).setdefault(int(line), []).extend(named)
                    found.lines.update(named)
        return found

    def tests(self, point: Point, budget: float) -> dict[str, float]:
        """Return the tests that may notice, with the seconds that each takes; the most promising first.

        Those that run the line come before the others of the module. A test is the more about a line the fewer
        other lines it runs, and the faster it is, the sooner it can tell.

        Args:
            point: The change.
            budget: Seconds of tests at most.
        """
        lines = self.reached.get(point.path, {})
        through = {
            test for line in lines for test in lines[line] if point.lines is None or line in point.lines
        }
        # On Python 3.11 coverage does not see some lines of a coroutine after an error was thrown into it.
        others = {test for tests in lines.values() for test in tests} - through
        chosen: dict[str, float] = {}
        for test in (*sorted(through, key=self._price), *sorted(others, key=self._price)):
            chosen[test] = self.seconds[test]
            budget -= self.seconds[test]
            if budget < 0:
                break
        return chosen

    def _price(self, test: str) -> tuple[float, str]:
        return self.lines[test] * (self.seconds[test] + LEAST_SECONDS), test


@define
class Copy:
    """A copy of the clone in which one process runs tests."""

    folder: Path

    def refresh(self) -> None:
        """Bring it up to date, and keep what Python has compiled there."""
        for pattern in COPIED:
            for each in Path().glob(pattern):
                if each.is_dir():
                    shutil.copytree(
                        each,
                        self.folder / each,
                        ignore=shutil.ignore_patterns("__pycache__"),
                        copy_function=_copy_if_changed,
                        dirs_exist_ok=True,
                    )
                else:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(each, self.folder)

    def write(self, path: str, content: bytes) -> None:
        """Write a module. What was compiled of it goes: it is told by seconds and size, which may be the same."""
        Path(importlib.util.cache_from_source(str(self.folder / path))).unlink(missing_ok=True)
        (self.folder / path).write_bytes(content)

    def pytest(
        self, arguments: Iterable[str], plugin: object, then: Callable[[], None] = lambda: None
    ) -> int:
        """Run pytest in a process of its own, and return its exit status, or the negated signal that ended it."""
        child = os.fork()
        if not child:
            status = 3
            try:
                status = self._run_pytest([*OPTIONS, f"--basetemp={self.folder}-tmp", *arguments], plugin)
                then()
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what a test that was broken off has left
        code = os.waitstatus_to_exitcode(status)
        if code == pytest.ExitCode.INTERNAL_ERROR:
            raise RuntimeError(Path(f"{self.folder}.log").read_text(encoding="utf-8"))
        return code

    def _run_pytest(self, arguments: list[str], plugin: object) -> int:
        os.setsid()
        signal.setitimer(signal.ITIMER_PROF, LONGEST_COLLECTING)
        output = os.open(f"{self.folder}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(self.folder)
        os.environ["PYTHONPATH"] = str(self.folder)  # for the processes that tests start
        sys.path.insert(0, str(self.folder))
        return int(pytest.main(arguments, plugins=[plugin]))


def _copy_if_changed(source: str, target: str) -> None:
    here, there = Path(source).stat(), Path(target)
    if not there.exists() or (there.stat().st_mtime_ns, there.stat().st_size) != (
        here.st_mtime_ns,
        here.st_size,
    ):
        shutil.copy2(source, target)


_copy: Copy  # the one of this process


def _begin(free: Any) -> None:
    global _copy  # noqa: PLW0603 - what an initializer of a pool is for
    _copy = Copy(Path(free.get()))
    _copy.refresh()
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()


def measure(test_file: str, modules: list[str], target: Path, digest: str) -> int:
    """Run the tests of a file, write down which lines each runs, and return the exit status."""
    watch = Watch(modules)

    def save() -> None:
        found = {"digest": digest, "seconds": watch.seconds, "reached": watch.reached()}
        target.write_text(json.dumps(found), encoding="utf-8")

    return _copy.pytest([test_file], watch, save)


def judge(point: Point, tests: dict[str, float]) -> Verdict:
    """Change the copy, run the tests, and change it back."""
    source, begun = (_copy.folder / point.path).read_bytes(), time.monotonic()
    failed = _copy.folder.with_suffix(".failed")
    _copy.write(point.path, point.applied(source))
    try:
        for start, end in pairwise((0, *STAGES, max(len(tests), *STAGES))):
            stage = dict(islice(tests.items(), start, end))
            files = dict.fromkeys(test.partition("::")[0] for test in stage)
            failed.write_text("importing it", encoding="utf-8")
            if stage and _failed(stage, files, failed):
                return Verdict(point, failed.read_text(encoding="utf-8"), end, time.monotonic() - begun)
    finally:
        _copy.write(point.path, source)
    return Verdict(point, "", len(tests), time.monotonic() - begun)


def _failed(stage: dict[str, float], files: Iterable[str], failed: Path) -> bool:
    try:
        return _copy.pytest(files, Chosen(stage, failed)) not in PASSED
    except RuntimeError:
        # What a test that failed has left open may break the end of pytest, too.
        if failed.read_text(encoding="utf-8") not in stage:
            raise
        return True


def modules() -> list[str]:
    """Return the modules of the core."""
    found = (Path(each) for each in CORE)
    return sorted(str(each) for path in found for each in ([path] if path.is_file() else path.glob("*.py")))


def points() -> list[Point]:
    """Return all points at which the core can be changed, but for those of which no test can tell.

    Strings count where they are on the wire.

    Raises:
        SystemExit: An entry of the list of the others fits no point, or several.
    """
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    others = Counter((each["path"], each["line"], each["column"], each["change"]) for each in entries)
    found, left_out = list[Point](), Counter[tuple[str, str, int, str]]()
    for path in modules():
        source = Path(path).read_text(encoding="utf-8")
        lines = source.splitlines()
        for point in points_of(path, source, strings="/wire/" in path):
            line = lines[point.line - 1]
            entry = path, line.strip(), point.column - len(line) + len(line.lstrip()), point.change
            if entry in others:
                left_out[entry] += 1
            else:
                found.append(point)
    if left_out != others:
        odd = sorted((others - left_out) + (left_out - others))
        raise SystemExit(f"{EQUIVALENT}: each entry must fit one change: {odd}")
    return found


def measured(pool: ProcessPoolExecutor, folder: Path) -> Map:
    """Return which tests run each line, and measure what has changed since the last time.

    Raises:
        SystemExit: A test fails without any change.
    """
    folder.mkdir(exist_ok=True)
    core = b"".join(Path(path).read_bytes() for path in modules())
    running, parts = {}, []
    for path in sorted(each for name in TESTS for each in Path("tests", name).glob("test_*.py")):
        digest = hashlib.sha256(core + path.read_bytes()).hexdigest()
        part = folder / _part_of(path)
        parts.append(part)
        if not part.exists() or json.loads(part.read_text(encoding="utf-8"))["digest"] != digest:
            part.unlink(missing_ok=True)
            running[path] = pool.submit(measure, str(path), modules(), part.absolute(), digest)
    for number, (path, each) in enumerate(running.items()):
        status = each.result()
        print(f"{number + 1} of {len(running)} test files: {path}", flush=True)
        if status not in PASSED:
            (folder / _part_of(path)).unlink(missing_ok=True)
            raise SystemExit(f"{path} fails without any change")
    return Map.of(json.loads(part.read_text(encoding="utf-8")) for part in parts)


def _part_of(test_file: Path) -> str:
    return f"{test_file.parent.name}-{test_file.stem}.json"


def report(verdicts: list[Verdict]) -> None:
    """Print how many changes were noticed, by module, and those that were not."""
    noticed = [each for each in verdicts if each.test]
    all_of = Counter(each.point.path for each in verdicts)
    noticed_of = Counter(each.point.path for each in noticed)
    print("\n| module | changes | noticed |\n|---|---:|---:|")
    for path, count in sorted(all_of.items()):
        print(f"| {path} | {count} | {noticed_of[path]} |")
    print(f"| all | {len(verdicts)} | {len(noticed)}, {len(noticed) / len(verdicts):.1%} |\n")
    for each in verdicts:
        if not each.test:
            print(f"not noticed by {each.tests} tests: {each.point}")


def main() -> None:
    """Draw, judge and report."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--sample", type=int, default=300, help="how many changes")
    arguments.add_argument("--seed", type=int, default=1, help="which ones")
    arguments.add_argument(
        "--at",
        action="append",
        default=[],
        help="instead all changes of a module, path:line or path:line:column",
    )
    arguments.add_argument(
        "--budget", type=float, default=60.0, help="seconds of tests for a change, at most"
    )
    arguments.add_argument(
        "--folder", type=Path, default=Path(".nox/mutants"), help="where copies and notes are kept"
    )
    given = arguments.parse_args()
    every = points()
    drawn = [point for point in every if any(str(point).startswith(f"{at}:") for at in given.at)]
    if not given.at:
        print(f"{given.sample} of {len(every):,} changes, seed {given.seed}")
        drawn = random.Random(given.seed).sample(every, given.sample)
    given.folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("fork")
    free = context.SimpleQueue()
    for number in range(PROCESSES):
        free.put(str(given.folder.absolute() / f"copy{number}"))
    with ProcessPoolExecutor(PROCESSES, context, _begin, (free,)) as pool:
        found = measured(pool, given.folder / "map")
        verdicts = []
        for each in pool.map(judge, drawn, [found.tests(point, given.budget) for point in drawn]):
            verdicts.append(each)
            print(f"{each.point}\n    {each.test or 'NOT NOTICED'} ({each.seconds:.0f} s)", flush=True)
    report(verdicts)


if __name__ == "__main__":
    main()
