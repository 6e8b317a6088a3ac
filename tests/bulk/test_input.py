"""Pairs in whatever form they come, and what is no pair."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import httpx
import pytest

from litmos_async import Course, LitmosClient, User
from litmos_async.bulk import Bulk
from litmos_async.errors import ConfigurationError
from tests.virtual import run_virtual


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


def test_a_text_is_no_pair() -> None:
    """A text of two characters is not taken apart."""
    with pytest.raises(ConfigurationError, match="pair 2: "):
        planned([("u", "c"), "uc"])


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
    helpers = [getattr(Bulk, name) for name in dir(Bulk) if not name.startswith("_")]
    given = [signature(each).parameters.get("send_message") for each in helpers]
    mailing = [parameter for parameter in given if parameter is not None]
    assert len(mailing) == 8
    assert all(parameter.default is Parameter.empty for parameter in mailing)
