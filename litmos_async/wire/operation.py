"""What an operation of the API is: its verb, path, body and answer. Its constants stand in `resources/`."""

from __future__ import annotations

import string
from typing import Generic, Literal, TypeVar

from attrs import frozen

from litmos_async.models.record import Record

Method = Literal["GET", "POST", "PUT", "DELETE"]
R = TypeVar("R", bound=Record)


@frozen
class Shape(Generic[R]):
    """The form of a body or an answer: one record, or a list of them.

    Attributes:
        record: The class of the record, or of each row.
        many: Whether it is a list. In JSON that is a bare array (api-facts 2).
        root: XML root element.
        item: XML element of each row of a list.
        labels: In JSON the list is one object, whose members are label and value of the rows: the wire names of
            the two attributes. None for a list like any other.
    """

    record: type[R]
    many: bool
    root: str
    item: str
    labels: tuple[str, str] | None = None


def one(record: type[R], root: str = "") -> Shape[R]:
    """Return the shape of a single record."""
    name = root or record.xml_element or record.__name__
    return Shape(record, False, name, name)


def many(record: type[R], root: str, item: str = "", *, labels: tuple[str, str] | None = None) -> Shape[R]:
    """Return the shape of a list of records."""
    return Shape(record, True, root, item or record.xml_element or record.__name__, labels)


@frozen
class Operation(Generic[R]):
    """One operation of the API, as `operations.yaml` describes it.

    Attributes:
        id: Its name in the catalogue, which is also the name of the method.
        method: The HTTP verb.
        path: Path below the base URL, with `{names}` for what the caller gives.
        answer: What comes back, or None where nothing does.
        body: What is sent, or None.
        repeatable: Whether sending it again after a lost answer does no harm.
        json_seen: Whether its JSON was recorded, read by other clients, or is shown by the vendor.
        json_only: Whether its body has no XML form, or none that anybody knows: then JSON is sent always.
        largest_body: Bytes that the server takes in one request, where that is documented.
    """

    id: str
    method: Method
    path: str
    answer: Shape[R] | None = None
    body: Shape[Record] | None = None
    repeatable: bool = False
    json_seen: bool = False
    json_only: bool = False
    largest_body: int | None = None

    def __attrs_post_init__(self) -> None:
        # A read may always be repeated.
        if self.method == "GET":
            object.__setattr__(self, "repeatable", True)

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names in the path, in order."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.path) if name)

    @property
    def is_top_level(self) -> bool:
        """Whether it is about the account, and not about one of its people, teams or courses."""
        return not self.path_names
