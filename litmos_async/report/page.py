"""A report as one self-contained page: charts as static SVG, tables that sort, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, Final

from litmos_async.csv_line import csv_line
from litmos_async.errors import ConfigurationError
from litmos_async.report.data import Bar, Column, Report

LONGEST_TABLE: Final = 2_000
"""Rows of the page's table: a browser takes 7 s to sort 50,000, and 5,000 are 280 printed pages."""

_INSTALL: Final = 'HTML reports need more packages: pip install "litmos-async[report]"'


def page(report: Report, *, csv_name: str = "") -> str:
    """Return a report as HTML.

    Args:
        report: The report.
        csv_name: The file with all rows that stands beside the page, to be named where the table is cut; empty
            where there is none.

    Raises:
        ConfigurationError: Jinja2 or vl-convert is not installed (extra "report").
    """
    try:
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415
        from markupsafe import Markup  # noqa: PLC0415
    except ModuleNotFoundError as problem:
        raise ConfigurationError(_INSTALL) from problem
    folder = files("litmos_async.report")
    style = (folder / "page.css").read_text("utf-8")
    script = (folder / "page.js").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "page.html").read_text("utf-8"))
    shown = report.rows[:LONGEST_TABLE]
    return template.render(
        report=report,
        made=f"{report.made:%Y-%m-%d %H:%M} UTC",
        rows=[_cells(report.columns, row) for row in shown],
        cut=len(report.rows) - len(shown),
        total=len(report.rows),
        csv_name=csv_name,
        chart=Markup(chart(report.bars)) if report.bars else None,  # noqa: S704 - made of escaped text by Vega
        style=Markup(style),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
    )


def check_page() -> None:
    """See that pages can be made.

    Raises:
        ConfigurationError: Jinja2 or vl-convert is not installed (extra "report").
    """
    if find_spec("jinja2") is None or find_spec("vl_convert") is None:
        raise ConfigurationError(_INSTALL)


def csv_text(report: Report, text: Callable[[str], str] = str) -> str:
    """Return all rows of a report as CSV.

    Args:
        report: The report.
        text: What to write for a text: a spreadsheet runs what begins with `=`, and people are called by others.
    """
    lines = [[column.name for column in report.columns]]
    lines += (
        [text(value) if isinstance(value, str) else value for value in row.values()]
        for row in report.to_dicts()
    )
    return "".join(map(csv_line, lines))


def chart(bars: Sequence[Bar]) -> str:
    """Return a bar chart as SVG, a label for screen readers on each bar.

    Args:
        bars: The bars, from top to bottom.

    Raises:
        ConfigurationError: vl-convert is not installed (extra "report").
    """
    try:
        import vl_convert  # noqa: PLC0415
    except ModuleNotFoundError as problem:
        raise ConfigurationError(_INSTALL) from problem
    values = [
        {
            "label": f"{number:02}{bar.label}",
            "percent": round(bar.percent, 1),
            "said": f"{bar.label}: {bar.done:,} of {bar.total:,}, {bar.percent:.1f} %",
            "text": f"{bar.percent:.0f} %",
        }
        for number, bar in enumerate(bars)
    ]
    svg = vl_convert.vegalite_to_svg(json.dumps(_spec(values)))
    # A policy without inline styles would not apply them, and the page gives the size.
    return re.sub(r'\sstyle="[^"]*"', "", svg)


def _spec(values: list[dict[str, Any]]) -> dict[str, Any]:
    y = {
        "field": "label",
        "type": "nominal",
        "sort": None,
        "title": None,
        # The number in front keeps bars of one name apart; it is not shown.
        "axis": {
            "labelExpr": "substring(datum.value, 2)",
            "labelLimit": 220,
            "ticks": False,
            "domain": False,
        },
    }
    x = {
        "field": "percent",
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {"title": "percent", "grid": True, "tickCount": 5},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 480,
        "height": {"step": 24},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "color": "#1f5fa8", "cornerRadiusEnd": 2},
                "encoding": {"x": x, "y": y, "description": {"field": "said"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": "#333", "aria": False},
                "encoding": {"x": x, "y": y, "text": {"field": "text"}},
            },
        ],
        "config": {"view": {"stroke": None}, "font": "sans-serif", "axis": {"labelFontSize": 12}},
    }


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Return the cells of a row: text, what it is sorted by, class."""
    return [
        (_shown(column, value), _sorted_by(value), column.type)
        for column, value in zip(columns, row, strict=True)
    ]


def _shown(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if column.type == "percent":
        return f"{value:.0f} %"
    return f"{value:,}" if column.type == "number" else str(value)


def _sorted_by(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _policy(style: str, script: str) -> str:
    """Return a policy that lets our own style and script through and nothing else, whatever a name holds."""
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
