"""Pairs in whatever form they come, and what is no pair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from inspect import Parameter, signature
from typing import Any

import attrs
import httpx
import pytest

from litmos_async import Course, LitmosClient, ModuleResult, User, errors
from litmos_async.bulk import Bulk
from litmos_async.errors import ConfigurationError
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client, example

MAILING = [
    name
    for name in dir(Bulk)
    if not name.startswith("_") and "send_message" in signature(getattr(Bulk, name)).parameters
]


def planned(pairs: Any) -> int:
    """Return how many assignments a plan has."""

    async def main() -> int:
        transport = httpx.MockTransport(lambda _: httpx.Response(500))
        async with LitmosClient(
            "k", "t", base_url="https://litmos.example.com", transport=transport
        ) as litmos:
            return (await litmos.bulk.assign_courses_to_users(pairs, send_message=False).plan()).items

    return run_virtual(main())


@pytest.mark.parametrize(
    "pairs",
    [
        {"u": "c"},
        {"u": Course(id="c")},
        {"u": ["c", Course(id="c")]},
        [(User(id="u"), Course(id="c"))],
        iter([["u", "c"]]),
    ],
)
def test_one_pair_in_many_forms(pairs: Any) -> None:
    """Ids and records, a mapping to one or to many, and any iterable of pairs."""
    assert planned(pairs) == 1


@pytest.mark.parametrize(
    "pair",
    [
        "uc",
        b"uc",
        {"user": "u", "course": "c"},
        {"u": 1, "c": 2}.keys(),
        {"u", "c"},
        frozenset(["u", "c"]),
        5,
        None,
        ("u",),
        ("u", "c", "c"),
    ],
)
def test_what_is_not_taken_apart_as_a_pair(pair: Any) -> None:
    """A text is not taken apart, a row not into its names, and what has no order is no pair."""
    with pytest.raises(ConfigurationError, match=r"pair 2: expected \(user_id, course_id\)"):
        planned([("u", "c"), pair])


JOBS = {
    "pairs": lambda bulk, **options: bulk.assign_courses_to_users(
        [("u", "c")], send_message=False, **options
    ),
    "removal": lambda bulk, **options: bulk.remove_courses_from_teams([("t", "c")], **options),
    "memberships": lambda bulk, **options: bulk.add_users_to_teams(
        [("u", "t")], send_message=False, **options
    ),
    "import": lambda bulk, **options: bulk.assign_courses_to_users(
        [("u", "c")], send_message=False, via="import", **options
    ),
    "members": lambda bulk, **options: bulk.sync_team_members({"t": ["u"]}, send_message=False, **options),
    "items": lambda bulk, **options: bulk.deactivate_users(["u"], **options),
    "people": lambda bulk, **options: bulk.import_users([], send_message=False, **options),
}

WRONG: dict[str, tuple[list[Any], set[str]]] = {
    "list_size": (["5", 1.5, True, False, [1], 0, -1, 1_001], {"pairs", "removal", "memberships"}),
    "stop_after_failures": (["3", 1.5, True, False, [1], 0, -1], set(JOBS)),
    "journal": ([5, ["a"], " ", "", b"x", "a\0b", True], set(JOBS)),
    "verify": (["no", 1, 0, None, []], set(JOBS) - {"people"}),
    "skip_existing": (["no", 1, 0, None, []], {"pairs", "removal", "memberships", "import"}),
    "timeout": ([True, "5", 0, None], set(JOBS)),
    "wait_timeout": ([True, "5", 0, None, float("inf")], {"people"}),
}


@pytest.mark.parametrize(
    ("job", "option", "value"),
    [
        (job, name, value)
        for name, (values, jobs) in WRONG.items()
        for job in sorted(jobs)
        for value in values
    ],
)
def test_what_an_option_cannot_be(job: str, option: str, value: Any) -> None:
    """It is said when the job is made, with the name of the option: "no" is not taken for yes, nor True for 1."""

    async def main() -> None:
        async with LitmosClient("k", "t", base_url="https://litmos.example.com") as litmos:
            with pytest.raises(ConfigurationError, match=r"(must|cannot) be") as caught:
                JOBS[job](litmos.bulk, **{option: value})
            assert (caught.value.option, caught.value.value) == (option, value)
            assert litmos.quota.used == 0

    run_virtual(main())


@pytest.mark.parametrize("wire", ["json", "xml"])
def test_an_id_that_cannot_be_sent_spoils_nothing_else(wire: Any) -> None:
    """Half a character in one id of a list, or in that of a person: the others arrive."""
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(201)

    async def main() -> dict[tuple[str, str], str]:
        transport = httpx.MockTransport(answer)
        async with LitmosClient(
            "k", "t", base_url="https://litmos.example.com", transport=transport
        ) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                {"u": ["c1", "half \ud800", "c2", "c3"], "half \ud800": ["c1"]}, send_message=False, wire=wire
            )
            return {tuple(outcome.item): outcome.status async for outcome in job}

    assert run_virtual(main()) == {
        ("u", "c1"): "done",
        ("u", "half \ud800"): "failed",
        ("u", "c2"): "done",
        ("u", "c3"): "done",
        ("half \ud800", "c1"): "failed",
    }
    assert len(sent) == 2


def test_whether_mails_go_out_is_always_said() -> None:
    """No helper that can mail people decides about it by itself."""
    assert len(MAILING) == 8
    for name in MAILING:
        assert signature(getattr(Bulk, name)).parameters["send_message"].default is Parameter.empty


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda bulk: bulk.assign_courses_to_users({"u": None}, send_message=False),
            "ids or records for 'u'",
        ),
        (lambda bulk: bulk.assign_courses_to_users(None, send_message=False), "not NoneType"),
        (lambda bulk: bulk.sync_team_members({"t": None}, send_message=False), "ids or records"),
        (lambda bulk: bulk.deactivate_users(5), "not int"),
        (
            lambda bulk: bulk.sync_users([{"user_name": 5}], send_message=False),
            "person 1: user_name must be str",
        ),
        (
            lambda bulk: bulk.sync_users([{"user_name": "u", "active": "false"}], send_message=False),
            "person 1: active must be True or False, not str",
        ),
        (
            lambda bulk: bulk.sync_users([{"user_name": "u", "active": 0}], send_message=False),
            "person 1: active must be True or False, not int",
        ),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(make: Any, message: str) -> None:
    """Before a request is spent, and in words: a database has 0 where False is meant, and a file "false"."""
    sandbox = Sandbox()

    async def main() -> None:
        async with client(sandbox) as litmos:
            await make(litmos.bulk).plan()

    with pytest.raises(ConfigurationError, match=message):
        run_virtual(main())
    assert not sandbox.requests


@pytest.mark.parametrize("send_message", [None, "no", 0, 1])
@pytest.mark.parametrize("name", MAILING)
def test_whether_mails_go_out_is_yes_or_no(name: str, send_message: Any) -> None:
    """A text would be sent as it is, and None would be the server's default, which may be to send them."""

    async def main() -> None:
        async with client(Sandbox()) as litmos:
            getattr(litmos.bulk, name)([], send_message=send_message)

    with pytest.raises(ConfigurationError, match="send_message must be True or False"):
        run_virtual(main())


def test_a_single_record_is_a_list_of_one() -> None:
    """Wherever a single id is."""
    sandbox = Sandbox()
    user = next(iter(sandbox.tenant.users))

    async def main() -> int:
        async with client(sandbox) as litmos:
            return (await litmos.bulk.deactivate_users(User(id=user)).plan()).items

    assert run_virtual(main()) == 1


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (ModuleResult(user_id="u", course_id="c", completed=True, score="80"), "score must be int"),
        (ModuleResult(user_id="u", course_id="c", completed=True, note=5), "note must be str, not int"),
        (ModuleResult(course_id="c", completed=True), "user_id"),
    ],
)
def test_a_result_that_cannot_be_written_fails_alone(result: ModuleResult, reason: str) -> None:
    """Each of them: two without a person need not be of the same one."""
    sandbox = Sandbox()

    async def main() -> list[tuple[str, str]]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.complete_modules([("m", result), ("m", attrs.evolve(result, course_id="d"))])
            return [(outcome.status, outcome.reason) async for outcome in job]

    told = run_virtual(main())
    assert [status for status, _ in told] == ["failed", "failed"]
    assert all(reason in text for _, text in told), told


def test_names_that_look_alike_are_not_the_same() -> None:
    """Upper and lower case, and the two spellings of an umlaut, are alike; a sharp s is no double s."""
    sandbox = Sandbox(Tenant())
    sandbox.tenant.add_user(UserName="Weiss@example.com", FirstName="Anna", LastName="W")
    sandbox.tenant.add_user(UserName="müller@example.com", FirstName="Max", LastName="M")
    desired = [
        {"user_name": "weiß@example.com", "first_name": "Otto", "last_name": "W"},
        {"user_name": "mu\u0308ller@example.com", "first_name": "Max", "last_name": "M"},
    ]

    async def main() -> list[tuple[str, str]]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users(desired, send_message=False)
            changes = [(outcome.item.change, outcome.item.user_name) async for outcome in job]
            names = ["weiss@example.com", "WEISS@example.com", "weiß@example.com"]
            found = await litmos.bulk.resolve_users(names)
            firsts = [sandbox.tenant.users[found.ids[name]]["FirstName"] for name in names]
            assert firsts == ["Anna", "Anna", "Otto"]
            return changes

    assert sorted(run_virtual(main())) == [("create", "weiß@example.com"), ("keep", "müller@example.com")]
    assert sorted(user["FirstName"] for user in sandbox.tenant.users.values()) == ["Anna", "Max", "Otto"]


def test_a_sharp_s_in_capitals_is_found() -> None:
    """MÜSSIG is how somebody writes müßig in capitals; who writes weiß does not mean weiss."""
    sandbox = Sandbox(Tenant())
    for name in ("müßig@example.com", "weiss@example.com"):
        sandbox.tenant.add_user(UserName=name, FirstName="U", LastName="E")
    first, _ = sandbox.tenant.users

    async def main() -> None:
        async with client(sandbox) as litmos:
            found = await litmos.bulk.resolve_users(
                ["MÜSSIG@EXAMPLE.COM", "Müßig@example.com", "weiß@example.com"]
            )
            assert found.ids == {"MÜSSIG@EXAMPLE.COM": first, "Müßig@example.com": first}
            assert list(found.problems) == ["weiß@example.com"]

    run_virtual(main())


async def as_stream(pairs: list[tuple[str, str]]) -> AsyncIterator[tuple[str, str]]:
    """Yield pairs one by one."""
    for pair in pairs:
        await asyncio.sleep(0)
        yield pair


def as_iterator(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Return an iterator, which can be read once."""
    return iter(pairs)


@pytest.mark.parametrize("form", [as_stream, as_iterator, list, tuple])
def test_pairs_in_any_form(form) -> None:
    """Pairs are taken from lists, iterators and async generators; records stand for their ids."""
    sandbox, users, courses = example()
    pairs = [(users[0], courses[0]), (users[1], courses[0]), (users[0], courses[0]), (users[0], courses[0])]

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await litmos.bulk.assign_courses_to_users(form(pairs), send_message=False).run()
            assert (report.done, report.skipped, report.requests) == (2, 2, 2)
            user, course = await litmos.users.get(users[2]), (await litmos.courses.list()).items[0]
            report = await litmos.bulk.assign_courses_to_users([(user, course)], send_message=False).run()
            assert report.done == 1

    run_virtual(main())


@pytest.mark.parametrize(
    "pairs",
    [
        [("u1",)],
        [("u1", "c1", "x")],
        [5],
        [("u1", "")],
        [(None, "c1")],
        {"u1": [""]},
        [("u1", "c1"), ("", "c2")],
    ],
)
def test_what_is_no_pair(pairs) -> None:
    """Something that is no pair of ids is refused before anything is sent, with its place."""
    sandbox, *_ = example()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match="pair"):
                await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run()
            for size in (0, 1001):
                with pytest.raises(errors.ConfigurationError, match="list_size"):
                    litmos.bulk.add_users_to_teams([], list_size=size, send_message=False)

    run_virtual(main())
    assert not sandbox.requests


def test_an_input_that_is_spoilt_stays_spoilt() -> None:
    """A generator with a mistake in it is not read half and then taken for all."""
    sandbox, users, courses = example()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                iter([(users[0], courses[0]), ("", "x"), (users[1], courses[0])]), send_message=False
            )
            for _ in range(2):
                with pytest.raises(errors.ConfigurationError, match="pair 2"):
                    await job.plan()

    run_virtual(main())


@pytest.mark.parametrize("helper", ["import_users", "sync_users"])
@pytest.mark.parametrize(
    "given",
    ["ann@example.com", ["ann@example.com"], {"user_name": "ann"}, [("ann", "A")], [None], [Course()]],
    ids=str,
)
def test_what_is_no_person(helper: str, given: Any) -> None:
    """The error says what was expected, in the words of the library, before a request."""

    async def main() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(500))
        async with LitmosClient(
            "k", "t", base_url="https://litmos.example.com", transport=transport
        ) as litmos:
            with pytest.raises(ConfigurationError, match=r"1: expected a User(Import)?, or a mapping of its"):
                await getattr(litmos.bulk, helper)(given, send_message=False).run()

    run_virtual(main())
