"""What the lines of a file name beside the people themselves: teams, courses, managers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from litmos_async.bulk import Bulk, Resolved
from litmos_async.cli.fields import Fields
from litmos_async.cli.ledger import Ledger
from litmos_async.names import clean, fold

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


async def named_in_import(bulk: Bulk, ledger: Ledger, fields: Fields) -> None:
    """Look up the teams, courses and managers that the lines of an import name; settle those that name none.

    The server says so, too, but only when it carries the import out.
    """
    finder = Finder(fields, ledger)
    teams, courses = finder.mentioned(_TEAMS), finder.mentioned(_COURSES)
    # A manager may come with the same file.
    people = {fold(name) for name in ledger.named(0)}
    managers = [name for name in finder.mentioned({"manager"}) if fold(name) not in people]
    found = await asyncio.gather(
        bulk.resolve_teams(teams, by="import_code"),
        bulk.resolve_courses(courses, by="import_code"),
        bulk.resolve_users(managers),
    )
    for attributes, resolved in zip((_TEAMS, _COURSES, ("manager",)), found, strict=True):
        finder.fail(attributes, resolved.problems)


async def manager_ids(bulk: Bulk, ledger: Ledger, fields: Fields) -> None:
    """Turn the managers that lines name, by user name, address or id, into ids; settle the lines that name none."""
    finder = Finder(fields, ledger)
    names = _but(finder.mentioned({"manager_id"}), _NO_MANAGER)
    found = await bulk.resolve_users(names) if names else Resolved()
    ledger.replace("manager_id", found.ids)
    finder.fail({"manager_id"}, found.problems)


def _but(names: Iterable[str], left_out: str) -> list[str]:
    return [name for name in names if clean(name) != left_out]
