"""Rows per second from bytes to records, beside the plain parsers, and how long the event loop is blocked.

Run with `python -m benchmarks.decode`. The quota allows a page of 1,000 rows each 0.6 s: that is the time to
compare with.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable

import httpx
from lxml import etree

from litmos_async import LitmosClient, User
from litmos_async.models.record import fields_of
from litmos_async.wire import codec
from litmos_async.wire.operation import many
from litmos_async.wire.verdict import Reply

ROWS = 1_000
ROUNDS = 15
SHAPE = many(User, "Users")


SAMPLES: dict[str, tuple[object, str]] = {
    "UserName": ("ada.example@example.com", "ada.example@example.com"),
    "CompanyName": ("Acme &amp; Sons", "Acme &amp;amp; Sons"),
    "Street1": ("1 Example Street", "1 Example Street"),
    "LoginKey": (
        "https:\\/\\/acme.example.com\\/login.aspx?loginkey=0",
        "https://acme.example.com/login.aspx?loginkey=0",
    ),
}
BY_TYPE: dict[str, tuple[object, str]] = {
    "bool": (True, "true"),
    "int": (5_000_001, "5000001"),
    "float": (0.0, "0.00"),
    "datetime": ("2024-09-20T13:00:55Z", "2024-09-20T13:00:55Z"),
}


def page() -> tuple[bytes, bytes]:
    """Return a page of people in JSON and in XML, as full as the recorded ones: half of the texts are empty."""
    plain: list[dict[str, object]] = []
    root = etree.Element("Users")
    for _ in range(ROWS):
        row: dict[str, object] = {}
        element = etree.SubElement(root, "User")
        for place, (attribute, fact) in enumerate(fields_of(User)):
            kind = next((name for name in BY_TYPE if name in str(attribute.type)), "")
            text = "Some text" if place % 2 else ""
            as_json, as_xml = SAMPLES.get(fact.name) or BY_TYPE.get(kind) or (text, text)
            row[fact.name] = as_json
            etree.SubElement(element, fact.name).text = as_xml
        plain.append(row)
    return json.dumps(plain).encode(), etree.tostring(root)


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of some rounds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def longest_block(body: bytes) -> float:
    """Return the longest time in seconds for which the loop did nothing else while a page was read."""
    longest, reading = 0.0, True

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while reading:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with LitmosClient(
        "key", "bench", base_url="https://litmos.example.com", transport=transport
    ) as litmos:
        await litmos.users.list_details(page_size=ROWS)
        ticking = asyncio.ensure_future(tick())
        await litmos.users.list_details(page_size=ROWS)
        reading = False
        await ticking
    return longest


def main() -> int:
    """Print the table."""
    as_json, as_xml = page()
    ours = {
        "JSON": seconds(lambda: codec.decode_many(Reply(200, body=as_json), SHAPE)),
        "XML": seconds(lambda: codec.decode_many(Reply(200, body=as_xml), SHAPE)),
    }
    plain = {"JSON": seconds(lambda: json.loads(as_json)), "XML": seconds(lambda: etree.fromstring(as_xml))}
    print(
        f"A page of {ROWS:,} people with {len(fields_of(User))} fields each; the quota allows one each 600 ms"
    )
    print(f"{'':6}{'rows/s':>10}{'a page':>10}{'bare parse':>12}{'ratio':>8}{'loop blocked':>14}")
    for wire, body in (("JSON", as_json), ("XML", as_xml)):
        blocked = asyncio.run(longest_block(body))
        print(
            f"{wire:6}{ROWS / ours[wire]:>10,.0f}{ours[wire] * 1000:>7.1f} ms{plain[wire] * 1000:>9.1f} ms"
            f"{ours[wire] / plain[wire]:>8.1f}{blocked * 1000:>11.1f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
