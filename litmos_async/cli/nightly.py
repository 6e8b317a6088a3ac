"""The file of `litmos export --all-of`: lists, where to, and the options of the command line by their names.

lists = ["users", "results"]
output = "warehouse/"
format = "parquet"
state = "night.db"
where = { course = "SAFE-1" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from litmos_async.errors import ConfigurationError
from litmos_async.wording import system_reason

__all__ = ["Nightly", "read_nightly"]

_FORMS: Final[Mapping[str, type]] = {
    **dict.fromkeys(("output", "format", "since", "to", "state", "overlap", "full_every"), str),
    "lists": list,
    "columns": list,
    "where": dict,
    "with_secrets": bool,
}
"""What an export takes, and the form of each."""


@frozen
class Nightly:
    """What such a file says.

    Attributes:
        names: The lists.
        output: Where to.
        options: The other options, by their names in Python.
    """

    names: tuple[str, ...]
    output: str
    options: Mapping[str, Any]


def read_nightly(path: Path) -> Nightly:
    """Return what a file says. Relative paths in it begin at its folder.

    Raises:
        ConfigurationError: It cannot be read, or says something that an export does not take.
    """
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        reason = system_reason(problem).partition("\n")[0]
        raise ConfigurationError(f"cannot use {path}: {reason}") from None
    options: dict[str, Any] = {}
    for word, value in plain.items():
        name = word.replace("-", "_")
        if name not in _FORMS or not isinstance(value, _FORMS[name]):
            known = ", ".join(sorted(_FORMS))
            raise ConfigurationError(
                f"{path}: {word} is unknown, or not of its type; an export takes {known}"
            )
        texts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        if not all(isinstance(each, str) for each in texts):
            raise ConfigurationError(f"{path}: {word} must hold strings")
        options[name] = value
    names, output = tuple(options.pop("lists", ())), str(options.pop("output", ""))
    if not names or not output:
        raise ConfigurationError(f"{path} must say lists and output")
    if "columns" in options:
        options["columns"] = ",".join(options["columns"])
    if "where" in options:
        options["where"] = tuple(f"{column}={each}" for column, each in options["where"].items())
    folder = path.absolute().parent
    if "state" in options:
        options["state"] = folder / options["state"]
    if output != "-" and "://" not in output:
        output = f"{folder / output}{'/' if output.endswith('/') else ''}"
    return Nightly(names, output, options)
