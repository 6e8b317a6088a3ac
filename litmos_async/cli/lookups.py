"""What the lines of a file name beside the people themselves: teams, courses, managers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import attrs

from litmos_async.bulk import Bulk, Resolved
from litmos_async.cli.fields import Fields
from litmos_async.cli.ledger import Ledger
from litmos_async.names import clean, fold
from litmos_async.wording import count

__all__ = ["Finder", "manager_ids", "named_in_import"]

_TEAMS: Final = tuple(f"team{number}" for number in range(1, 6))
_COURSES: Final = tuple(f"course{number}" for number in range(1, 4))

_NO_MANAGER: Final = "0"
"""What the server stores for people without a manager."""


class Finder:
    """Finds out which columns of a file are about which attributes.

    Args:
        fields: What the columns of the file mean.
        ledger: The lines.
    """

    def __init__(self, fields: Fields, ledger: Ledger) -> None:
        self._fields = fields
        self._ledger = ledger

    def places(self, attributes: Collection[str]) -> list[int]:
        """Return the places of the columns that are about one of these attributes."""
        words = self._ledger.table.extra_words
        return [place for place, word in enumerate(words) if self._fields.attribute(word) in attributes]

    def mentioned(self, attributes: Collection[str]) -> list[str]:
        """Return what stands in these columns, on lines that can be used."""
        texts = (text for place in self.places(attributes) for text in self._ledger.mentioned(place))
        return list(dict.fromkeys(texts))

    def fail(self, attributes: Collection[str], problems: Mapping[str, str]) -> None:
        """Settle the lines that name in these columns what is not there."""
        for place in self.places(attributes):
            self._ledger.fail(place, problems)

    def remark(self, attributes: Collection[str], name: str, text: str) -> None:
        """Say something more of the lines that name this in these columns."""
        for place in self.places(attributes):
            self._ledger.remark(place, name, text)


async def named_in_import(bulk: Bulk, ledger: Ledger, fields: Fields, *, dry_run: bool) -> None:
    """Look up the managers that the lines of an import name, in a dry run also teams and courses.

    Lines that name what is not there are settled. The server says so of teams and courses, too, but only when it
    carries the import out; a manager it takes by user name or id alone, so an e-mail address becomes an id.
    """
    finder = Finder(fields, ledger)
    if dry_run:
        teams, courses = await asyncio.gather(
            bulk.resolve_teams(finder.mentioned(_TEAMS), by="import_code"),
            bulk.resolve_courses(finder.mentioned(_COURSES), by="import_code"),
        )
        finder.fail(_TEAMS, teams.problems)
        finder.fail(_COURSES, courses.problems)
    # A manager may come with the same file, if the line can be used.
    managers = finder.mentioned({"manager"})
    refused = await _refused(bulk, ledger, fields, set(map(fold, managers))) if managers else set[str]()
    asked = set[str]()
    while names := [
        name for name in _strangers(finder.mentioned({"manager"}), ledger, but=refused) if name not in asked
    ]:
        asked.update(names)
        found = await bulk.resolve_users(names)
        ids = {name: id for name, id in found.ids.items() if fold(name) != fold(found.names[id])}
        ledger.replace("manager", ids)
        # Those whom a line that fails now would have made are asked for in the next round.
        finder.fail({"manager"}, found.problems)


async def _refused(bulk: Bulk, ledger: Ledger, fields: Fields, names: Collection[str]) -> set[str]:
    """Return whom of these people an import would refuse before it is sent. That takes no request."""
    rows = zip(ledger.items, fields.read(ledger), strict=True)
    # An employee id would take the list of all people.
    named = [attrs.evolve(row, external_employee_id=None) for item, row in rows if item[0] in names]
    job = bulk.import_users(named, send_message=False)
    await job.plan()
    return {fold(outcome.item) for outcome in job.outcomes_so_far() if outcome.status == "failed"}


async def manager_ids(bulk: Bulk, ledger: Ledger, fields: Fields, *, create: bool) -> None:
    """Turn the managers that lines name, by user name, address or id, into ids; settle the lines that name none.

    A manager who is new in the same file has no id yet: it is left out, and the line says so.
    """
    finder = Finder(fields, ledger)
    names = _but(finder.mentioned({"manager_id"}), _NO_MANAGER)
    found = await bulk.resolve_users(names) if names else Resolved()
    new = dict(found.problems)
    while bad := {name: new.pop(name) for name in (_strangers(new, ledger) if create else list(new))}:
        # The line of another manager may be among those that fail now.
        finder.fail({"manager_id"}, bad)
    ledger.replace("manager_id", {**found.ids, **dict.fromkeys(new)})
    for name in new:
        finder.remark({"manager_id"}, name, f"{name!r} is new in this file: run the command again to set it")
    if new:
        managers = count(len(new), "manager is", "managers are")
        ledger.table = ledger.table.noted(f"{managers} new in this file: run the command again to set them")


def _strangers(names: Iterable[str], ledger: Ledger, *, but: Collection[str] = ()) -> list[str]:
    """Return the names that are the user name of no person whom a line makes or changes, but for some of them."""
    people = {item[0] for item in ledger.items}.difference(but)
    return [name for name in names if fold(name) not in people]


def _but(names: Iterable[str], left_out: str) -> list[str]:
    return [name for name in names if clean(name) != left_out]
