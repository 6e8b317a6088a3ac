"""Lists of trees: each leaf once, whether offsets count rows or leaves, and whatever caps there are."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import groupby

import pytest
from hypothesis import example, given
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


def begun(leaves: list[Leaf], server: object, page_size: int, *, resumed: bool) -> TreeReader[SessionCourse]:
    """Return a reader that has read a page, or another one that goes on from its token."""
    reader: TreeReader[SessionCourse] = TreeReader(name="x", page_size=page_size)
    start, limit = reader.next_request()
    reader.feed(server(leaves, start, limit, 40))
    if resumed:
        token, reader = reader.token(), TreeReader(name="x", page_size=page_size)
        reader.go_on(token)
    return reader


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


@given(
    sizes=st.lists(st.integers(1, 9), max_size=9),
    server=st.sampled_from([by_leaves, by_rows]),
    cap=st.sampled_from([1, 2, 3, 5, 1_000]),
    page=st.sampled_from([1, 2, 3, 4, 10]),
)
@example(sizes=[2, 3, 2], server=by_rows, cap=2, page=10)
@example(sizes=[1, 3, 2], server=by_leaves, cap=1, page=1)
def test_a_token_from_each_page_goes_on(sizes: list[int], server: object, cap: int, page: int) -> None:
    """What was learnt of the offsets goes along, also where the next page was to show what they count."""
    leaves = [(f"c{course}", f"s{course}-{n}") for course, size in enumerate(sizes) for n in range(size)]
    first: TreeReader[SessionCourse] = TreeReader(name="x", page_size=page)
    found: list[Leaf] = []
    while not first.finished():
        start, limit = first.next_request()
        for course in first.feed(server(leaves, start, limit, cap)):
            found += [(course.id, each.id) for module in course.modules for each in module.sessions]
        second: TreeReader[SessionCourse] = TreeReader(name="x", page_size=page)
        second.go_on(first.token())
        if not first.finished():
            assert found + read(second, leaves, server, cap) == leaves


@pytest.mark.parametrize("server", [by_leaves, by_rows])
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows[2:], *rows[:2]],
        lambda rows: [*rows[:2], *rows[4:], *rows[2:4]],
        lambda rows: [rows[0], *rows[3:], *rows[1:3]],
        lambda rows: [*((f"new{n}", f"new{n}") for n in range(4)), *rows],
        lambda rows: [*((f"new{n}", f"new{n}") for n in range(5)), *rows],
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_sessions_that_move(
    server: object, change: Callable[[list[Leaf]], list[Leaf]], resumed: bool
) -> None:
    """Known sessions behind new ones are no ground, and a page of known ones is not the end."""
    leaves = [(f"c{n}", f"s{n}") for n in range(12)]
    reader = begun(leaves, server, page_size=4, resumed=resumed)
    found = read(reader, change(leaves), server, cap=40)
    assert sorted(each for each in found if each in leaves) == sorted(leaves[4:])


@pytest.mark.parametrize("resumed", [False, True])
def test_a_course_that_moves_hides_no_session(resumed: bool) -> None:
    """A known session behind one that was never seen is no ground, also for a reader that was resumed."""
    leaves = [(f"c{n // 2}", f"s{n}") for n in range(8)]
    reader = begun(leaves, by_leaves, page_size=3, resumed=resumed)
    found = read(reader, leaves[2:6] + leaves[:2] + leaves[6:], by_leaves, cap=40)
    assert sorted(found) == sorted(leaves[3:])


@pytest.mark.parametrize("rows", [3, 4])
def test_a_server_that_gives_all_trees_for_every_start(rows: int) -> None:
    """They come once."""
    leaves = [(f"c{n}", f"s{n}") for n in range(rows)]
    found = read(TreeReader(name="x", page_size=4), leaves, lambda all_of, *_: trees(all_of), cap=40, most=4)
    assert found == leaves


def test_a_course_whose_sessions_come_again_is_not_the_end() -> None:
    """Where offsets count sessions, several known ones of one course are a page like another."""
    leaves = [("c0", f"s{n}") for n in range(9)]
    reader: TreeReader[SessionCourse] = TreeReader(name="x", page_size=4)
    found: list[Leaf] = []
    for answer in range(20):
        start, limit = reader.next_request()
        for course in reader.feed(by_leaves(leaves, start, limit, 5)):
            found += [(course.id, each.id) for module in course.modules for each in module.sessions]
        if reader.finished():
            break
        if answer == 1:
            leaves[:0] = [("c0", f"new{n}") for n in range(4)]
    assert {each for each in found if each[1].startswith("s")} == {("c0", f"s{n}") for n in range(9)}


@pytest.mark.parametrize("visible", [2, 3])
def test_most_courses_are_left_out(visible: int) -> None:
    """A list most of whose courses are inactive is read to its end, however often the last ones come again."""
    leaves = [(f"c{n}", f"s{n}") for n in range(600)]

    def answer(rows: list[Leaf], start: int, limit: int, cap: int) -> list[SessionCourse]:
        return [course for course in by_rows(rows, start, limit, cap) if not int(course.id[1:]) % visible]

    assert read(TreeReader(name="x"), leaves, answer, cap=1_000) == leaves[::visible]


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


def test_trees_put_in_for_ever() -> None:
    """A list that grows in front of the reader for ever ends in an error."""
    reader: TreeReader[SessionCourse] = TreeReader(name="x", page_size=2)
    reader.next_request()
    reader.feed(trees([("a", "a"), ("b", "b")]))

    def read_on() -> None:
        for number in range(20):
            reader.next_request()
            known = ("a", "b") if number % 2 else ("b", "a")
            reader.feed(trees([(name, name) for name in known]))

    with pytest.raises(IncompleteListing, match="added to"):
        read_on()


def alternating(leaves: list[Leaf], start: int, limit: int, cap: int) -> list[SessionCourse]:
    """Answer as a server whose offsets count sessions, by their start: each course once, with its sessions."""
    part = leaves[start : start + min(limit, cap)]
    courses = dict.fromkeys(course for course, _ in part)
    return [tree for name in courses for tree in trees([leaf for leaf in part if leaf[0] == name])]


@given(
    courses=st.lists(st.sampled_from("abcd"), max_size=40),
    page=st.integers(2, 12),
    cap=st.sampled_from([2, 5, 1_000]),
)
@example(courses=list("abaaaaa"), page=3, cap=1_000)
@example(courses=list("bbab"), page=2, cap=1_000)
def test_courses_whose_sessions_alternate(courses: list[str], page: int, cap: int) -> None:
    """By their start, sessions of several courses alternate: a tree has them in another order than the list."""
    leaves = [(course, f"s{number}") for number, course in enumerate(courses)]
    found = read(TreeReader(name="x", page_size=page), leaves, alternating, cap)
    assert sorted(found) == sorted(leaves)
