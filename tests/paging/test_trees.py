"""Lists of trees: each leaf once, whether offsets count rows or leaves, and whatever caps there are."""

from __future__ import annotations

import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.models import Session, SessionCourse, SessionModule
from litmos_async.trees import TreeReader

Leaf = tuple[str, str]


def trees(leaves: list[Leaf]) -> list[SessionCourse]:
    """Return sessions inside their courses."""
    return [
        SessionCourse(
            id=course,
            modules=[SessionModule(id=f"m{course}", sessions=[Session(id=session) for _, session in group])],
        )
        for course, group in groupby(leaves, key=lambda leaf: leaf[0])
    ]


def by_leaves(leaves: list[Leaf], start: int, limit: int, cap: int) -> list[SessionCourse]:
    """Answer as a server whose offsets count sessions."""
    return trees(leaves[start : start + min(limit, cap)])


def by_rows(leaves: list[Leaf], start: int, limit: int, cap: int) -> list[SessionCourse]:
    """Answer as a server whose offsets count courses."""
    return trees(leaves)[start : start + min(limit, cap)]


def read(
    reader: TreeReader[SessionCourse], leaves: list[Leaf], server: object, cap: int, most: int = 2_000
) -> list[Leaf]:
    """Read a list to its end, in at most so many requests."""
    found: list[Leaf] = []
    for _ in range(most + 1):
        if reader.finished():
            return found
        start, limit = reader.next_request()
        for course in reader.feed(server(leaves, start, limit, cap)):
            found += [(course.id, each.id) for module in course.modules for each in module.sessions]
    raise AssertionError("the list has no end")


@given(
    sizes=st.lists(st.integers(1, 30), max_size=12),
    server=st.sampled_from([by_leaves, by_rows]),
    cap=st.integers(1, 40),
    page=st.integers(1, 40),
)
def test_each_leaf_once(sizes: list[int], server: object, cap: int, page: int) -> None:
    """Courses of many sessions and of one, small pages and caps: all sessions come, and none comes twice."""
    leaves = [(f"c{course}", f"s{course}-{n}") for course, size in enumerate(sizes) for n in range(size)]
    assert read(TreeReader(name="x", page_size=page), leaves, server, cap) == leaves


@pytest.mark.parametrize("server", [by_leaves, by_rows])
@pytest.mark.parametrize("sizes", [[1], [2], [51], [50, 1], [1, 50], [1] * 60])
def test_what_it_costs(sizes: list[int], server: object) -> None:
    """A list that fits into a page takes that page, one that says what offsets count, and the proof of its end."""
    leaves = [(f"c{course}", f"s{course}-{n}") for course, size in enumerate(sizes) for n in range(size)]
    assert read(TreeReader(name="x"), leaves, server, cap=1_000, most=4) == leaves


def test_a_full_page_of_leaves_goes_on_by_leaves() -> None:
    """10,000 sessions of three courses take as many requests as they have pages, not one for every few rows."""
    leaves = [(f"c{n // 4_000}", f"s{n}") for n in range(10_000)]
    assert read(TreeReader(name="x"), leaves, by_leaves, cap=1_000, most=14) == leaves


def test_a_token_goes_on() -> None:
    """From any page on, what follows comes, and what was given does not."""
    leaves = [(f"c{n // 7}", f"s{n}") for n in range(60)]
    first: TreeReader[SessionCourse] = TreeReader(name="x", page_size=10)
    given_so_far: list[Leaf] = []
    for _ in range(3):
        start, limit = first.next_request()
        for course in first.feed(by_leaves(leaves, start, limit, 10)):
            given_so_far += [(course.id, each.id) for module in course.modules for each in module.sessions]
    second: TreeReader[SessionCourse] = TreeReader(name="x", page_size=10)
    second.go_on(first.token())
    assert given_so_far + read(second, leaves, by_leaves, cap=10) == leaves
    with pytest.raises(ConfigurationError, match="another list"):
        TreeReader(name="y").go_on(first.token())
    with pytest.raises(ConfigurationError, match="not a resume token"):
        TreeReader(name="x").go_on("nonsense")


def test_rows_that_shift_too_fast() -> None:
    """Pages that never hold anything known are not taken for the list."""
    chance = random.Random(1)
    reader: TreeReader[SessionCourse] = TreeReader(name="x", page_size=5, start=10_000)

    def read_on() -> None:
        for _ in range(100):
            reader.next_request()
            reader.feed(trees([("c", f"s{chance.random()}") for _ in range(5)]))

    with pytest.raises(IncompleteListing, match="shift faster"):
        read_on()


def test_a_course_without_sessions_is_a_row() -> None:
    """Nothing is lost where a course comes without any."""
    reader: TreeReader[SessionCourse] = TreeReader(name="x")
    reader.next_request()
    assert [course.id for course in reader.feed([SessionCourse(id="a"), SessionCourse(id="b")])] == ["a", "b"]
    reader.next_request()
    assert reader.feed([SessionCourse(id="b")]) == []
    reader.next_request()
    assert reader.feed([]) == []
    assert reader.finished()
