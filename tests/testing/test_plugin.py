"""The plugin of pytest, as the tests of a program use it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

USES = """
import asyncio

import pytest

from litmos_async import errors
from litmos_async.sandbox import Fault

pytestmark = pytest.mark.litmos(users=7, courses=3)


async def three_hours(litmos):
    await asyncio.sleep(3 * 3600)
    return len(await litmos.users.list().collect())


def test_plain(litmos, litmos_clock):
    assert litmos_clock.run(three_hours(litmos)) == 7
    assert litmos_clock.run(three_hours(litmos)) == 7
    assert 6 * 3600 <= litmos_clock.now < 6 * 3601


async def test_async(litmos, litmos_sandbox, litmos_clock):
    assert await three_hours(litmos) == 7
    assert 3 * 3600 <= litmos_clock.now == asyncio.get_running_loop().time()
    assert len(litmos_sandbox.tenant.users) == 7


class TestOfAClass:
    @pytest.mark.litmos(users=12, requests=2, period=600.0)
    @pytest.mark.parametrize("times", [1, 2])
    async def test_limit(self, times, litmos, litmos_sandbox, litmos_clock):
        for _ in range(3 * times):
            assert len((await litmos.users.list()).items) == 12
        assert litmos_clock.now >= 600 * ((3 * times - 1) // 2)
        assert litmos_sandbox.quota.rejections == []


@pytest.mark.litmos(faults=[Fault(status=500, times=None)])
async def test_faults(litmos, litmos_clock):
    with pytest.raises(errors.ServerError):
        await litmos.users.list()


def test_snapshot(litmos, litmos_sandbox, litmos_clock):
    before = litmos_sandbox.snapshot()
    [user, *_] = litmos_sandbox.tenant.users
    litmos_clock.run(litmos.users.delete(user))
    assert len(litmos_sandbox.tenant.users) == 6
    litmos_sandbox.restore(before)
    assert len(litmos_sandbox.tenant.users) == 7
"""

WRONG = """
import pytest

@pytest.mark.litmos(size=7)
def test_wrong(litmos_sandbox):
    pass

@pytest.mark.litmos(7)
def test_nameless(litmos_sandbox):
    pass
"""


SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")


def run(folder: Path, text: str, *options: str) -> str:
    """Run tests in a process of their own, with no plugin but those that are asked for."""
    (folder / "pytest.ini").touch()  # the options of no folder above, such as this clone's
    (folder / "test_it.py").write_text(text)
    words = [
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "--strict-markers",
        "-W",
        "error",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.stdout + done.stderr


@pytest.mark.costly
@pytest.mark.parametrize(
    "options",
    [
        ["-p", "no:asyncio"],
        ["-p", "no:asyncio", "-p", "no:anyio"],
        ["-o", "asyncio_mode=auto", *SCOPE],
        ["-o", "asyncio_mode=strict", *SCOPE],
    ],
    ids=" ".join,
)
def test_fixtures_and_marker(tmp_path: Path, options: list[str]) -> None:
    """They work whatever plugin for asyncio there is, or none."""
    assert re.search(r"^6 passed", run(tmp_path, USES, *options), re.MULTILINE)


@pytest.mark.costly
def test_a_wrong_marker(tmp_path: Path) -> None:
    """What the marker does not take is said."""
    said = run(tmp_path, WRONG, "-p", "no:asyncio")
    assert "the marker litmos does not take size" in said
    assert "the marker litmos does not take what has no name" in said
    assert "2 errors" in said


@pytest.mark.costly
def test_testing_needs_no_pytest_and_the_plugin_little() -> None:
    """The helpers import without pytest; and who only has pytest run waits for nothing of the library."""
    code = "import sys; sys.modules['pytest'] = None; import litmos_async.testing; print('good')"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "good\n"
    )
    code = "import pytest, sys; import litmos_async.pytest_plugin; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"httpx", "lxml", "starlette", "litmos_async.client"} & set(loaded)
