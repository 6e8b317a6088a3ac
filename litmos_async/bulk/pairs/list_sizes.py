"""How many ids one request takes, where no source documents a limit: what jobs have found out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from attrs import frozen

CAREFUL_SIZE: Final = 100
"""Ids that go into one request where no limit is documented (api-facts 12), until a longer list was read back."""

LARGEST_SIZE: Final = 1_000
"""Ids that are ever tried in one request."""


@frozen
class ListSize:
    """What is known of the lists of one request.

    ```python
    sizes = litmos.bulk.list_sizes
    print(sizes["POST /teams/{team_id}/users"].proven)  # 100 until a job has learned more
    ```

    Attributes:
        proven: Ids in the longest list that was complete when it was read back.
        ceiling: Ids in the longest list that is worth a try: a longer one was rejected or cut short.
    """

    proven: int = CAREFUL_SIZE
    ceiling: int = LARGEST_SIZE

    def whole(self, size: int) -> ListSize:
        """Return what is known once a list was there as a whole.

        Args:
            size: How many ids the list had.
        """
        return ListSize(max(self.proven, size), max(self.ceiling, size))

    def cut(self, size: int, kept: int) -> ListSize:
        """Return what is known once the server took a list and kept its first ids only.

        Args:
            size: How many ids the list had.
            kept: How many of them were there when it was read back.
        """
        if CAREFUL_SIZE < kept < size:
            return ListSize(kept, kept)
        return self.rejected(size)

    def rejected(self, size: int) -> ListSize:
        """Return what is known once a list was rejected for its size: the next job tries half of it.

        Args:
            size: How many ids the list had.
        """
        proven = min(self.proven, max(CAREFUL_SIZE, size - 1))
        return ListSize(proven, max(proven, size // 2))


class ListSizes:
    """What a client has learned of the sizes of lists, by request such as "POST /teams/{team_id}/users".

    Jobs without a `list_size` of their own learn it: the first long list is read back. The client forgets it when
    the program ends. To keep it, store `to_json()` for this account, and give it to `learn` of the next client:

    ```python
    kept = litmos.bulk.list_sizes.to_json()
    async with LitmosClient() as another:
        another.bulk.list_sizes.learn(kept)
    ```
    """

    _of_sender: ClassVar[WeakKeyDictionary[Any, ListSizes]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._known: dict[str, ListSize] = {}

    @classmethod
    def of(cls, sender: Any) -> ListSizes:
        """Return what the client with this sender has learned; all its views share it.

        Args:
            sender: What the client sends with.
        """
        return cls._of_sender.setdefault(sender, cls())

    def __getitem__(self, request: str) -> ListSize:
        return self._known.get(request, ListSize())

    def __contains__(self, request: str) -> bool:
        return request in self._known

    def __setitem__(self, request: str, size: ListSize) -> None:
        self._known[request] = size

    def to_json(self) -> str:
        """Return what was learned; empty ("{}") where nothing was."""
        return json.dumps({request: size_to_json(size) for request, size in sorted(self._known.items())})

    def learn(self, text: str) -> None:
        """Take over what another client has learned of the same account. Invalid entries are ignored.

        Args:
            text: What `to_json` returned.
        """
        try:
            given = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            return
        for request, size in given.items() if isinstance(given, Mapping) else ():
            if (known := size_from_json(size)) is not None:
                self._known[request] = known


def size_to_json(size: ListSize) -> list[int]:
    """Return what is known of a list as plain data."""
    return [size.proven, size.ceiling]


def size_from_json(given: object) -> ListSize | None:
    """Return what `size_to_json` has made plain data of, or None where it is something else."""
    if not isinstance(given, list) or not all(type(each) is int for each in given):
        return None
    match given:
        case [int(proven), int(ceiling)] if 1 <= proven <= ceiling <= LARGEST_SIZE:
            return ListSize(proven, ceiling)
    return None
