"""A report in a real browser: `nox -s large`, with LITMOS_PICTURES=1 to renew the pictures of the docs."""

from __future__ import annotations

import base64
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async.report import KINDS, Report, page
from litmos_async.sandbox import Tenant
from tests.browser.chromium import browse
from tests.export.small import open_sandbox, reach
from tests.report.samples import EVIL, sample

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"

TEXTS: Final = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[{place}].textContent)"


async def make(kind: Any) -> Report:
    """Make a report of an invented organisation."""
    async with reach(open_sandbox(Tenant.example(users=40, courses=6, teams=5, seed=2))) as litmos:
        made: Report = await litmos.report.make(kind)
        return made


def axe() -> str:
    """Return the source of axe-core, as its package ships it."""
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


async def picture(browser: Any, name: str) -> None:
    """Renew a picture of the docs, where that is asked for."""
    if os.environ.get("LITMOS_PICTURES"):
        found = await browser.call("Page.captureScreenshot", format="png")
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(found["data"]))


async def resize(browser: Any, width: int, height: int = 800) -> None:
    """Set the size of the window."""
    await browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=width < 500,
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_in_a_browser(kind: Any, tmp_path: Path) -> None:
    """No message, no request, the numbers of the data, a table that sorts, nothing that keeps anyone out."""
    made = await make(kind)
    file = tmp_path / "report.html"
    file.write_text(page(made), "utf-8")
    async with browse(tmp_path / "profile") as browser:
        await resize(browser, 1000, 1100)
        await browser.open(file.as_uri())
        await check_numbers(browser, made)
        await picture(browser, kind)
        if made.rows:
            await check_sorting(browser, made)
        await check_narrow(browser)
        await check_print(browser)
        assert not browser.named("Runtime.consoleAPICalled", "Log.entryAdded", "Runtime.exceptionThrown")
        urls = {each["params"]["request"]["url"] for each in browser.named("Network.requestWillBeSent")}
        assert urls == {file.as_uri()}
        await check_axe(browser)


async def check_numbers(browser: Any, made: Report) -> None:
    """The page says what the data says."""
    figures = await browser.evaluate(
        "[...document.querySelectorAll('.figures div')]"
        ".map(each => [...each.children].map(part => part.textContent))"
    )
    assert [tuple(each) for each in figures] == [tuple(each) for each in made.figures]
    assert await browser.evaluate("document.querySelectorAll('tbody tr').length") == len(made.rows)
    assert await browser.evaluate("document.querySelector('h2').textContent") == (
        f"{len(made.rows):,} row{'' if len(made.rows) == 1 else 's'}"
    )
    labels = await browser.evaluate(
        "[...document.querySelectorAll('svg [aria-roledescription=bar]')]"
        ".map(each => each.getAttribute('aria-label'))"
    )
    assert labels == [f"{bar.label}: {bar.done:,} of {bar.total:,}, {bar.percent:.1f} %" for bar in made.bars]


async def check_sorting(browser: Any, made: Report) -> None:
    """A click on a head sorts by it, another one the other way round, by keyboard as well."""
    texts = TEXTS.format(place=0)
    for way, reverse in (("ascending", False), ("descending", True)):
        await browser.evaluate("document.querySelector('th button').focus()")
        await browser.call(
            "Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r", windowsVirtualKeyCode=13
        )
        await browser.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", windowsVirtualKeyCode=13)
        found = await browser.evaluate(texts)
        assert sorted(found) == sorted(str(row[0]) for row in made.rows)
        order = "((a, b) => a.localeCompare(b, undefined, {numeric: true}))"
        wanted = await browser.evaluate(f"({texts}).slice().sort{order}")
        assert found == (wanted[::-1] if reverse else wanted)
        assert await browser.evaluate("document.querySelector('th').getAttribute('aria-sort')") == way
    numbers = [place for place, column in enumerate(made.columns) if column.type in {"number", "percent"}]
    for place in numbers[:1]:
        await browser.evaluate(f"document.querySelectorAll('th button')[{place}].click()")
        shown = await browser.evaluate(TEXTS.format(place=place))
        values = [float(text.rstrip(" %").replace(",", "")) for text in shown if text]
        assert values == sorted(values)
        assert shown[len(values) :] == [""] * (len(shown) - len(values))


async def check_narrow(browser: Any) -> None:
    """At 390 px nothing but the table's own frame scrolls sideways, and text is large enough."""
    await resize(browser, 390, 844)
    assert await browser.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = await browser.evaluate(
        "[...document.querySelectorAll('h1, p, td, th button, dt, dd')]"
        ".map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 12
    await picture(browser, "narrow")
    await resize(browser, 1000, 1100)


async def check_print(browser: Any) -> None:
    """In print all of the table is there, with its head on each page."""
    await browser.call("Emulation.setEmulatedMedia", media="print")
    assert await browser.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".every(each => getComputedStyle(each).overflowX === 'visible')"
    )
    assert await browser.evaluate(
        "[...document.querySelectorAll('thead')]"
        ".every(each => getComputedStyle(each).display === 'table-header-group')"
    )
    pdf = await browser.call("Page.printToPDF")
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")
    await browser.call("Emulation.setEmulatedMedia", media="")


async def check_axe(browser: Any) -> None:
    """axe-core finds no serious fault. It runs beside the page, which would not let a script of others in."""
    await browser.call("Page.setBypassCSP", enabled=True)
    await browser.evaluate(axe())
    found = await browser.evaluate("axe.run().then(found => found.violations)")
    grave = [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found]
    assert not [each for each in grave if each[1] in {"serious", "critical"}], grave


async def test_two_thousand_rows(tmp_path: Path) -> None:
    """The longest table sorts, and what a name holds stays text."""
    made = sample(rows=2_500, text=EVIL)
    file = tmp_path / "report.html"
    file.write_text(page(made, csv_name="all.csv"), "utf-8")
    async with browse(tmp_path / "profile") as browser:
        await browser.open(file.as_uri())
        await browser.evaluate("document.querySelector('th button').click()")
        found = await browser.evaluate(TEXTS.format(place=0))
        assert found[:2] == [f"{EVIL} 0", f"{EVIL} 1"]
        assert len(found) == 2_000
        assert not browser.named("Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening")
