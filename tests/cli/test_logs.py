"""What the library logs, beside the command."""

from __future__ import annotations

import logging

import pytest

from litmos_async.cli.logs import logged
from litmos_async.cli.terminal import Terminal


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING])
def test_the_level_that_was_set(
    level: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command hears what it has to know, at the level of a program that has the command run, or below."""
    logger = logging.getLogger("litmos_async")
    caplog.set_level(level, logger.name)
    with logged(Terminal()):
        assert logger.level == min(level, logging.INFO)
        logger.warning("something is odd")
    logger.warning("no one is told")
    assert logger.level == level
    assert capsys.readouterr().err == "litmos: something is odd\n"
