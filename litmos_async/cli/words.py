"""What the library says, in the words of the command line: pure.

Its messages name arguments of Python, which nobody who types a command has ever seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from litmos_async.wording import count

Match = re.Match[str]


def _wait(found: Match) -> str:
    return f"Waiting {found[2]}: {count(int(found[1]), 'request')} of an earlier run may still arrive"


def _too_many_would_go(found: Match) -> str:
    number, people, most = found.groups()
    allowed = most if most.isdecimal() else f"{float(most) * 100:g}%"  # a float is a part
    if_meant = f"If it is meant, say --max-removals {number.replace(',', '')}"
    return f"{number} {people}: --max-removals {allowed} does not allow that. {if_meant}"


def _begun_otherwise(found: Match) -> str:
    option = f"--{found[1].replace('_', '-')}"
    then, now = (_as_said(option, value) for value in (found[2], found[3]))
    return f"was begun {then}, not {now}"


def _as_said(option: str, value: str) -> str:
    """Return how a value was said: as a word behind the option, or by having the option at all."""
    if option == "--send-message":
        return f"with {option} {'yes' if value == 'True' else 'no'}"
    if value in {"False", "None"}:
        return f"without {option}"
    return f"with {option}" if value == "True" else f"with {option} {value}"


def _words(text: str) -> Callable[[Match], str]:
    """Return what answers to a message that is always the same."""
    return lambda _: text


_WORDS: Final[Sequence[tuple[str, Callable[[Match], str]]]] = (
    (r"(\d+) requests of an earlier run may still arrive: (.+)", _wait),
    (r"([\d,]+) (of [\d,]+ [^:]* would go): max_removals=(\S+) does not allow that", _too_many_would_go),
    (r"was begun with (\w+)=(\S+), not (\S+)", _begun_otherwise),
    (r"pass api_key or set LITMOS_API_KEY", _words("set LITMOS_API_KEY, or name a file with --api-key-file")),
    (r"pass source or set LITMOS_SOURCE", _words("say --source or set LITMOS_SOURCE")),
    (r"deactivate=True would bar them", _words("--deactivate would bar them")),
    (r"taking them out has to be asked for", _words("--remove would take them out")),
    (r"missing, and create=False", _words("missing, and --no-create was said")),
    (r'via="import" would take', _words("--via import would take")),
)
"""What the library may say, and what the command line makes of it."""


def translate(text: str) -> str:
    """Return a message as the command line says it; what it does not know stays as it is."""
    for pattern, words in _WORDS:
        text = re.sub(pattern, words, text)
    return text
