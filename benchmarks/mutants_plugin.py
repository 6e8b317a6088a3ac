"""What `benchmarks.mutants` has pytest do: say which lines each test runs, or run some tests in a given order."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from attrs import define, field
from coverage import Coverage

# A test hangs that takes this, and many times what it usually takes: of the CPU, or of real time where it waits.
CPU_SECONDS: Final = 10
SECONDS: Final = 60
TIMES: Final = 20

Reached: TypeAlias = dict[str, dict[int, list[int]]]


@define(eq=False)  # pytest keeps its plugins in sets
class Watch:
    """Notes for each test how long it takes, and which lines of some modules it runs.

    Attributes:
        modules: The modules, from the current directory.
        seconds: What each test took.
    """

    modules: Sequence[str]
    seconds: dict[str, float] = field(factory=dict[str, float])
    _coverage: Any = None

    def pytest_sessionstart(self) -> None:
        """Begin to watch, before anything of the library is imported."""
        self._coverage = Coverage(
            data_file=None, config_file=False, include=list(self.modules), messages=False
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what one test does, with its fixtures."""
        self._coverage.switch_context(item.nodeid)
        before = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - before
            self._coverage.switch_context("")

    def reached(self) -> Reached:
        """Return the tests that ran each line of each module, by their index in `seconds`."""
        self._coverage.stop()
        data = self._coverage.get_data()
        index = {name: number for number, name in enumerate(self.seconds)}
        found: Reached = {}
        for name in self.modules:
            lines = data.contexts_by_lineno(str(Path(name).absolute()))
            found[name] = {line: [index[test] for test in tests if test] for line, tests in lines.items()}
        return found


@define(eq=False)  # pytest keeps its plugins in sets
class Chosen:
    """Runs these tests and no others, in this order, and ends the process where one hangs.

    Attributes:
        seconds: The tests, and what each usually takes.
        verdict: The file for the name of the test that fails.
    """

    seconds: Mapping[str, float]
    verdict: Path

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the other tests out."""
        order = {name: index for index, name in enumerate(self.seconds)}
        items[:] = sorted(
            (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Set the time of a test; the signals end the process."""
        self.verdict.write_text(f"{nodeid} (hung)", encoding="utf-8")
        usual = TIMES * self.seconds[nodeid]
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS + usual)
        signal.setitimer(signal.ITIMER_REAL, SECONDS + usual)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the name of a test that fails."""
        if report.failed:
            self.verdict.write_text(report.nodeid, encoding="utf-8")
