"""Recordings hold the form of what was answered, and nothing that tells of anybody."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async import LitmosClient, User, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import recorded, replayed, run_virtual
from litmos_async.testing.pseudonyms import Pseudonyms
from litmos_async.testing.recording import _Cleaner
from litmos_async.transport import Transport, answer, mounted

KEY = "marker-key-71c9"
PERSON: dict[str, Any] = {
    "UserName": "zarquon.beeblebrox@heart.example",
    "FirstName": "Zárquon",
    "LastName": "O'Beeblebrox & <Sons>",
    "PhoneWork": "+49 30 9912345",
    "Email": "Zarquon.Beeblebrox@heart.example",
    "JobTitle": "Betelgeuse",
    "City": "Damogran 4242",
}


def in_it(sandbox: Sandbox, path: Path, work: Any, **options: Any) -> str:
    """Record what some work does, and return the file."""

    async def main() -> None:
        way = {"base_url": "http://127.0.0.1/v1.svc", "transport": mounted(sandbox.app)}
        async with recorded(path, api_key=KEY, source="marker-source", **way, **options) as litmos:
            await work(litmos)

    run_virtual(main())
    return path.read_text("utf-8")


def one_person() -> Sandbox:
    """Return a sandbox with the person."""
    tenant = Tenant()
    tenant.add_user(**PERSON)
    tenant.add_user(UserName="b@heart.example", FirstName="B", LastName="Ford")
    return Sandbox(tenant, api_key=KEY)


@pytest.mark.parametrize("key_in", ["header", "query"])
@pytest.mark.parametrize("wire", ["json", "xml"])
def test_nothing_of_anybody(tmp_path: Path, key_in: str, wire: str) -> None:
    """No name, id, number, key or search is in the file; shapes are."""
    sandbox = one_person()
    [user, _] = sandbox.tenant.users.values()

    async def work(litmos: LitmosClient) -> None:
        await litmos.users.list(search="zarquon").collect()
        await litmos.users.get(user["UserName"])
        await litmos.users.get(user["Id"])
        with pytest.raises(errors.NotFound):
            await litmos.users.get("zarquon.nobody")
        with pytest.raises(errors.Conflict):
            await litmos.users.create(User(user_name=PERSON["UserName"], first_name="Zarquon", last_name="X"))
        sandbox.faults.add(
            Fault(html=True, body="<p>Zarquon &amp; co failed: User not found</p>", after=True)
        )
        with pytest.raises(errors.ServerError):
            await litmos.users.get(user["Id"], retry=litmos_retry())

    text = in_it(sandbox, tmp_path / "answers.json", work, key_in=key_in, wire=wire)
    lowered = text.lower()
    for secret in ("zarquon", "beeblebrox", "betelgeuse", "damogran", "marker", "991234", "z\\u00e1rquon"):
        assert secret not in lowered
    for secret in (user["Id"], str(user["OriginalId"]), user.get("LoginKey") or user["Id"]):
        assert secret not in text
    assert "User not found" in text
    assert "UserName" in text
    assert stat.S_IMODE((tmp_path / "answers.json").stat().st_mode) == 0o600


def litmos_retry() -> Any:
    """Return a policy without repeats."""
    from litmos_async import RetryPolicy  # noqa: PLC0415

    return RetryPolicy(max_attempts=1)


def test_a_replay_answers_as_the_account_did(tmp_path: Path) -> None:
    """Ids of the recording lead to what belongs to them, over both wires, and an error is the same error."""
    sandbox = one_person()
    sandbox.tenant.add_course(Name="Secret course")
    path = tmp_path / "answers.json"

    async def work(litmos: LitmosClient) -> list[str]:
        users = await litmos.users.list().collect()
        found = [await litmos.users.get(users[0].id), await litmos.users.get(users[0].id, wire="xml")]
        with pytest.raises(errors.NotFound, match="User not found"):
            await litmos.users.get("0")
        from datetime import UTC, datetime  # noqa: PLC0415

        courses = await litmos.org.list_courses(since=datetime(2026, 1, 1, tzinfo=UTC)).collect()
        return [
            users[0].user_name,
            *(each.user_name for each in found),
            found[0].id,
            *(c.name for c in courses),
        ]

    in_it(sandbox, path, work)
    true = run_virtual(_with(sandbox, work))

    async def again() -> list[str]:
        async with replayed(path) as litmos:
            with pytest.raises(errors.ConfigurationError, match="not in the recording"):
                await litmos.teams.list()
            return await work(litmos)

    found = run_virtual(again())
    assert len(set(found[:3])) == 1
    assert [len(each) for each in found] == [len(each) for each in true]
    assert not set(found) & set(true)


async def test_over_the_network(tmp_path: Path) -> None:
    """Without another way, it goes the one that a client goes; without a request, the recording is empty."""
    path, options = tmp_path / "answers.json", {"api_key": KEY, "source": "tests"}
    sandbox = one_person()
    async with sandbox.serve() as base_url, recorded(path, base_url=base_url, **options) as litmos:
        users = await litmos.users.list().collect()
        async with recorded(tmp_path / "empty.json", base_url=base_url, **options):
            pass
    async with replayed(path) as litmos:
        assert len(await litmos.users.list().collect()) == len(users) == 2
    assert json.loads((tmp_path / "empty.json").read_text())["exchanges"] == []


class _Bytes(Transport):
    """Answers with what is no text in any encoding."""

    async def handle_async_request(self, request: Any) -> Any:
        """Return the answer."""
        return answer(200, {"content-type": "application/json"}, b'{"Id": "\xff\xfe\x80"')


async def test_an_answer_that_is_no_text(tmp_path: Path) -> None:
    """It is kept as bytes, and is the same error when it is replayed."""
    path = tmp_path / "answers.json"
    way = {"base_url": "http://127.0.0.1/v1.svc", "transport": _Bytes()}
    with pytest.raises(errors.DecodeError) as first:
        async with recorded(path, api_key=KEY, source="tests", **way) as litmos:
            await litmos.users.get("u1")
    [exchange] = json.loads(path.read_text())["exchanges"]
    with pytest.raises(errors.DecodeError) as second:
        async with replayed(path) as litmos:
            await litmos.request("GET", exchange["path"])
    assert type(first.value) is type(second.value)


async def _with(sandbox: Sandbox, work: Any) -> Any:
    way = {"base_url": "http://127.0.0.1/v1.svc", "transport": mounted(sandbox.app)}
    async with LitmosClient(KEY, "x", **way) as litmos:
        return await work(litmos)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2, "exchanges": []}', '{"version": 1, "exchanges": [1]}']
)
async def test_what_is_no_recording(tmp_path: Path, text: str) -> None:
    """It is refused."""
    path = tmp_path / "answers.json"
    path.write_text(text)
    with pytest.raises(errors.ConfigurationError, match="not a recording"):
        async with replayed(path):
            pass


LETTERS = st.text(st.sampled_from("abcXYZäÖé@.-' &<>\"\\0123456789\u200b\t"), min_size=6, max_size=30)


@given(LETTERS)
def test_a_pseudonym_has_the_form_of_its_text(text: str) -> None:
    """As long, letters for letters, and the same text gives the same, in any case of its letters."""
    names = Pseudonyms(b"s" * 32)
    made = names.of(text)
    assert len(made) == len(text)
    assert [c.isalpha() for c in made] == [c.isalpha() for c in text]
    assert [c.isupper() for c in made] == [c.isupper() for c in text]
    assert [c for c in made if not c.isalnum()] == [c for c in text if not c.isalnum()]
    assert names.of(text.upper()).casefold() == made.casefold()


@given(
    st.text(st.sampled_from('{}[]":,\\<>/=!-?& \n'), max_size=20),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_whatever_the_form_of_a_body_a_name_in_it_goes(around: str, error: bool, encoding: str) -> None:
    """A name that stands anywhere in a body, broken or whole, is not in what is kept."""
    body = (around[:7] + '"Zarquon"' + around[7:] + "Beeblebrox" + around[::-1]).encode(encoding)
    kept = _Cleaner().body(body, error=error).replace(b"\0", b"")
    assert b"Zarquon" not in kept
    assert b"Beeblebrox" not in kept


def test_json_stays_json() -> None:
    """Numbers, literals and escapes of an answer stay what they are."""
    plain = {
        "Name": 'A "quoted" name\n',
        "OriginalId": 100200,
        "Score": 97.5,
        "Active": True,
        "None": None,
        "Ids": [1],
    }
    kept = json.loads(_Cleaner().body(json.dumps(plain).encode(), error=False))
    assert kept.keys() == plain.keys()
    assert len(str(kept["OriginalId"])) == 6
    assert kept["OriginalId"] != 100200
    assert {name: kept[name] for name in ("Score", "Active", "None", "Ids")} == {
        name: plain[name] for name in ("Score", "Active", "None", "Ids")
    }
