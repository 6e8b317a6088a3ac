"""What a hostile answer costs: peak memory of the process, and for how long the event loop stood still.

    python -m benchmarks.bombs            # every answer, each in a process of its own
    python -m benchmarks.bombs gzip       # those whose name holds the word

The promise is 300 MB at most for any answer, and a loop that stands still for less than 100 ms with an honest page
of 1,000 people and for less than 500 ms with a bomb. The times are the machine's, so no test asserts them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

import httpx

from litmos_async import LitmosClient, RetryPolicy
from litmos_async.errors import LitmosError

Chunks = Iterator[bytes]
MIB = 1024 * 1024
_WIDE = '[{"Id":"\U0001f600'.encode()


def _cut(text: bytes) -> Chunks:
    for start in range(0, len(text), 64 * 1024):
        yield text[start : start + 64 * 1024]


def _honest() -> bytes:
    people = [
        {
            "Id": f"u{number}",
            "UserName": f"user{number}@example.com",
            "FirstName": "First",
            "LastName": "Last",
        }
        | {f"CustomField{each}": f"some value {each}" for each in range(1, 11)}
        | {f"Street{each}": "An address, with commas" for each in range(40)}
        for number in range(1_000)
    ]
    return json.dumps(people).encode()


def _honest_xml() -> bytes:
    fields = "".join(f"<CustomField{each}>some value {each}</CustomField{each}>" for each in range(1, 56))
    rows = "".join(
        f"<User><Id>u{number}</Id><UserName>user{number}</UserName>{fields}</User>" for number in range(1_000)
    )
    return f"<Users>{rows}</Users>".encode()


def _large_page() -> bytes:
    rows = "".join(
        f"<Course><Id>c{number}</Id><Description>{'All about forklifts. ' * 1_000}</Description></Course>"
        for number in range(1_000)
    )
    return f"<Courses>{rows}</Courses>".replace("forklifts", "fork&#xB;lifts", 1).encode()


def _zeros(size: int) -> Chunks:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for _ in range(size // MIB):
        yield packer.compress(b" " * MIB)
    yield packer.flush()


def _attributes(count: int) -> bytes:
    return b"<Users><User " + b" ".join(b'a%d="1"' % number for number in range(count)) + b"/></Users>"


def _fill(unit: bytes, size: int, head: bytes = b"[", tail: bytes = b"1]") -> Chunks:
    yield head
    block = unit * (64 * 1024 // len(unit))
    yield from repeat(block, size // len(block))
    yield tail


BOMBS: Mapping[str, tuple[Mapping[str, str], Callable[[], Chunks]]] = {
    "an honest page, JSON": ({}, lambda: _cut(_honest())),
    "an honest page, JSON, gzip": ({"Content-Encoding": "gzip"}, lambda: _cut(gzip.compress(_honest()))),
    "an honest page, XML": ({}, lambda: _cut(_honest_xml())),
    "gzip of 1 GiB": ({"Content-Encoding": "gzip"}, lambda: _zeros(1024 * MIB)),
    "gzip of 31 MiB": ({"Content-Encoding": "gzip"}, lambda: _zeros(31 * MIB)),
    "gzip in gzip": (
        {"Content-Encoding": "gzip, gzip"},
        lambda: _cut(gzip.compress(b"".join(_zeros(256 * MIB)))),
    ),
    "700 MiB without an end": ({}, lambda: _fill(b" ", 700 * MIB)),
    "31 MiB of {},": ({}, lambda: _fill(b"{},", 31 * MIB)),
    "2 MiB of {},": ({}, lambda: _fill(b"{},", 2 * MIB)),
    "a million rows": ({}, lambda: _fill(b'{"Id":"abcdefgh"},', 18 * 1_000_000)),
    "9,999 rows of new fields": (
        {},
        lambda: _fill(b'{"Id":"a","x1":1,"x2":2,"x3":3,"x4":4},', 39 * 9_800, tail=b'{"Id":"b"}]'),
    ),
    "mappings, as many as pass": ({}, lambda: _fill(b'{"ab":{}},', 10 * 95_000)),
    "lists, as many as pass": ({}, lambda: _fill(b"[],", 3 * 370_000)),
    "numbers, as many as pass": ({}, lambda: _fill(b"1.5,", 4 * 740_000)),
    "one field of as many": (
        {},
        lambda: _fill(b'"ab":{"cd":1},', 14 * 100_000, head=b'[{"Id":{', tail=b'"x":1}}]'),
    ),
    "one text of 31 MiB": ({}, lambda: _fill(b"x&amp;", 31 * MIB, head=b'[{"Id":"', tail=b'"}]')),
    "one text of 15 MiB, of wide characters": ({}, lambda: _fill(b"x", 15 * MIB, head=_WIDE, tail=b'"}]')),
    "31 MiB, of wide characters": ({}, lambda: _fill(b"x", 31 * MIB, head=_WIDE, tail=b'"}]')),
    "4 MiB of half characters": ({}, lambda: _fill(b"\\ud800", 4 * MIB, head=b'[{"Id":"', tail=b'"}]')),
    "31 MiB of <a/>": ({}, lambda: _fill(b"<a/>", 31 * MIB, head=b"<Users>", tail=b"</Users>")),
    "elements, as many as pass": (
        {},
        lambda: _fill(b"<a>b</a>", 8 * 260_000, head=b"<Users>", tail=b"</Users>"),
    ),
    "one row of as many": (
        {},
        lambda: _fill(b"<a>b</a>", 8 * 260_000, head=b"<Users><User>", tail=b"</User></Users>"),
    ),
    "130,000 attributes": ({}, lambda: _cut(_attributes(130_000))),
    "damaged JSON of 23 MiB": ({}, lambda: _fill(b"\\x", 23 * MIB, head=b'[{"Id":"', tail=b'"}]')),
    "23 MiB of backslashes": ({}, lambda: _fill(b"\\", 23 * MIB, head=b'[{"Id":"', tail=b'\\x"}]')),
    "damaged JSON of 5 MiB, of wide characters": (
        {},
        lambda: _fill(b"\\x", 5 * MIB, head=_WIDE, tail=b'"}]'),
    ),
    "an honest page of XML, 20 MiB, with a bad character": ({}, lambda: _cut(_large_page())),
    "23 MiB of &": ({}, lambda: _fill(b"&" * 400 + b"<a/>", 23 * MIB, head=b"<Users>", tail=b"</Users>")),
    "23 MiB of control characters": (
        {},
        lambda: _fill(b"\x0b" * 400 + b"<a/>", 23 * MIB, head=b"<Users>", tail=b"</Users>"),
    ),
    "5 MiB of &, and a wide character": (
        {},
        lambda: _fill(b"&" * 400 + b"<a/>", 5 * MIB, head=b"<Users>\xf0\x9f\x98\x80", tail=b"</Users>"),
    ),
    "damaged XML of 4 MiB": ({}, lambda: _fill(b"<a>&#xB;</a>", 4 * MIB, head=b"<Users>", tail=b"</Users>")),
}


class _Stream(httpx.AsyncByteStream):
    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await asyncio.sleep(0)
            yield chunk


class _Server(httpx.AsyncBaseTransport):
    def __init__(self, name: str) -> None:
        self._headers, chunks = BOMBS[name]
        # What is compressed or built is so before the clock runs; what is repeated takes no memory.
        made = list(chunks()) if "gzip" in name or "page" in name or "attributes" in name else None
        self._chunks = chunks if made is None else lambda: iter(made)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002
        return httpx.Response(200, headers=dict(self._headers), stream=_Stream(self._chunks()))


async def _watch(longest: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0)
        longest[0] = max(longest[0], time.perf_counter() - began)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


async def _measure(name: str) -> dict[str, Any]:
    policy, server = RetryPolicy(max_attempts=1), _Server(name)
    async with LitmosClient(
        "key", "bombs", base_url="https://sandbox", transport=server, retry=policy
    ) as litmos:
        longest = [0.0]
        watcher = asyncio.create_task(_watch(longest))
        await asyncio.sleep(0)
        try:
            page = await litmos.users.list()
            outcome = f"{len(page.items):,} rows"
        except LitmosError as problem:
            outcome = f"{type(problem).__name__}: {problem}"
        watcher.cancel()
    return {"peak": _megabytes(), "longest": longest[0] * 1000, "outcome": outcome}


def main(words: list[str]) -> None:
    """Measure each answer in a process of its own, or one of them here."""
    if words[:1] == ["--one"]:
        print(json.dumps(asyncio.run(_measure(words[1]))))
        return
    print(f"{'answer':42} {'peak MB':>8} {'loop ms':>8}  outcome")
    for name in BOMBS:
        if all(word in name for word in words):
            command = [sys.executable, "-m", "benchmarks.bombs", "--one", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            row = json.loads(done.stdout)
            print(f"{name:42} {row['peak']:8.0f} {row['longest']:8.0f}  {row['outcome'][:90]}")


if __name__ == "__main__":
    main(sys.argv[1:])
