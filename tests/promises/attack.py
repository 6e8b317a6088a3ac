"""Attacks on the limit, for as long as one likes: `nox -s attack -- --minutes 20`.

Each round runs a schedule on the virtual clock and a plan with real processes over SQLite or a real Redis. These
are killed, and frozen for longer than a slot is kept: at each turn of the loop between taking a slot and the first
byte, and at random. Their store is slow, restarted or away. It prints what the sandbox's own log shows, and fails
where more than 100 requests were in a window, or anything was rejected, hung, left over or an untyped error.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sys
import time
from collections.abc import Iterator
from typing import get_args

from litmos_async.limits import OnOutage
from tests.promises.attack_fleet import Plan, Verdict, attack
from tests.promises.virtual_attack import run_schedule

# The turns of the loop from a slot to the first byte on a connection that is kept, and some more.
TURNS = 24


def plans(seed: int) -> Iterator[Plan]:
    """Yield one plan after the other, for ever."""
    chance = random.Random(seed)
    for number in itertools.count():
        each = seed + number
        turns = tuple(number % TURNS + n for n in range(0, TURNS, 6))
        yield Plan("sqlite", kills=chance.randrange(4), turns=turns, seed=each)
        yield Plan("sqlite", kills=2, freezes=3, seed=each)
        yield Plan("redis", kills=chance.randrange(4), turns=turns, seed=each)
        for on_outage in get_args(OnOutage):
            yield Plan("redis", on_outage, kills=1, outages=3, seed=each)
            yield Plan("redis", on_outage, freezes=2, outages=2, round_trip=0.1, seed=each)
        yield Plan("redis", calls=40, round_trip=chance.choice([0.5, 1.0, 1.5]), seed=each)


def main() -> int:
    """Attack until the time is up; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description="Attack the limit.")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    print(f"seed {options.seed}")
    total, rounds = Verdict(), 0
    for plan in plans(options.seed):
        if time.monotonic() >= end:
            break
        for name, verdict in (
            ("virtual schedule", run_schedule(options.seed + rounds)),
            (str(plan), asyncio.run(attack(plan))),
        ):
            total, rounds = total + verdict, rounds + 1
            print(f"{'' if verdict.good else 'BROKEN: '}{verdict}: {name}", flush=True)
    print(f"\n{rounds} rounds: {total}")
    return 0 if total.good else 1


if __name__ == "__main__":
    sys.exit(main())
