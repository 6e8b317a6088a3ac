"""What the library says, as the command line says it."""

from __future__ import annotations

import pickle

import pytest

from litmos_async import LitmosClient
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.cli.words import explain, said
from litmos_async.errors import ConfigurationError, JournalMismatch
from litmos_async.wording import OptionText
from tests.cli.small import Carry, Desk, assign_courses


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (0.1, "--max-removals 10%"),
        (0.025, "--max-removals 2.5%"),
        (0.0, "--max-removals 0%"),
        (1e-05, "--max-removals 0.001%"),
        (0, "--max-removals 0"),
        (25, "--max-removals 25"),
    ],
)
def test_too_many_would_go(most: float, said: str) -> None:
    """It names the option, and what to say if it is meant."""
    refusal = RemovalLimit(allowed=True, most=most).refusal(1_200, 9_000, "active people")
    assert refusal is not None
    assert explain(refusal) == (
        f"1,200 of 9,000 active people would be removed: {said} does not allow that. "
        "If that is intended, use --max-removals 1200"
    )


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (("send_message", False, True), "with --send-message no, not with --send-message yes"),
        (("remove", True, False), "with --remove, not without --remove"),
        (("via", "import", None), "with --via import, not without --via"),
    ],
)
def test_a_journal_that_was_begun_otherwise(then: tuple[str, object, object], told: str) -> None:
    """It names the options as they are said."""
    option, before, now = then
    problem = JournalMismatch("otherwise", path="/tmp/j.db", option=option, then=before, now=now)
    assert explain(problem) == f"/tmp/j.db was begun {told}"


def test_what_is_known_already() -> None:
    """Other messages stay as they are."""
    for text in ("given twice", "", "pass api_key or set LITMOS_API_KEY", "was begun with a=1, not 2"):
        assert said(text) == text
    for problem in (
        ConfigurationError("pass api_key or set LITMOS_API_KEY"),
        OSError("was begun with a=1, not 2"),
    ):
        assert explain(problem) == str(problem)


@pytest.mark.parametrize(
    ("option", "value", "python", "typed"),
    [
        ("deactivate", True, "deactivate=True", "--deactivate"),
        ("create", False, "create=False", "--no-create was given"),
        ("via", "import", 'via="import"', "--via import"),
        ("send_message", False, "send_message=False", "--send-message no"),
        ("max_removals", 4, "max_removals=4", "--max-removals 4"),
    ],
)
def test_an_option_in_a_text(option: str, value: object, python: str, typed: str) -> None:
    """The text names it as Python does, the command line as it is typed, a copy too."""
    text = OptionText("{option} would do", option, value)
    assert text == f"{python} would do"
    assert said(pickle.loads(pickle.dumps(text))) == f"{typed} would do"


def test_the_key() -> None:
    """A key that is missing can be given in two ways."""
    with pytest.raises(ConfigurationError) as problem:
        LitmosClient(source="tests")
    assert explain(problem.value).startswith(
        "no API key: set LITMOS_API_KEY, or name a file with --api-key-file"
    )


async def test_another_option_than_in_the_journal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What the library says of a journal is told in these words."""
    desk.write("user,course", "user.0@example.com,C-1")
    for sends in (False, True):
        desk.ask(task=assign_courses(journal=desk.folder / "night.db", send_message=sends))
        await desk.run()
    assert "was begun with --send-message no, not with --send-message yes\n" in capsys.readouterr().err


def test_who_is_left_alone(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan names the option that would bar them."""
    named = ["user.0@example.com"]
    for told in ("2 active people are", "1 active person is"):
        desk.write("user_name", *named)
        assert carry("sync users --dry-run") == 0
        shown = capsys.readouterr().out
        assert f"{told} not in the input; --deactivate would deactivate them" in shown
        named.append("user.1@example.com")
