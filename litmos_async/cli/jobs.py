"""`litmos jobs`: the journals of jobs, how they stand, and what to do with them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import attrs
from cyclopts import Parameter, Token

from litmos_async.bulk import Summary, read_summary
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.job_records import JobRecord, find, in_use, records
from litmos_async.cli.options import AsJson, commands
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.errors import ConfigurationError
from litmos_async.wording import count, system_reason

app = commands("jobs", "List, show, resume and remove jobs.")

_AGE: Final = re.compile(r"(\d{1,5})([hdw])")
_SECONDS: Final = {"h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

Job = Annotated[str, Parameter(help="The job, by its name in litmos jobs list or the beginning of that.")]


def parse_age(_type: Any, tokens: Sequence[Token]) -> float:
    """Read an age such as `90d`."""
    found = _AGE.fullmatch(tokens[0].value)
    if found is None:
        raise ValueError("expected a number of hours, days or weeks, such as 12h, 90d or 4w")
    return int(found[1]) * _SECONDS[found[2]]


@app.command(name="list")
def list_jobs(*, json: AsJson = False) -> int:
    """List the jobs that were started with a journal, the oldest first. Nothing is sent.

    Exit code 0.
    """
    terminal = Terminal()
    kept = [(record, _summary(record)) for record in records()]
    if json:
        terminal.document([_facts(record, summary) for record, summary in kept])
    elif not kept:
        terminal.say("There are no jobs: --journal or --resumable keeps one")
    else:
        terminal.say(listed("Jobs", [(record.id, _line(record, summary)) for record, summary in kept]))
    return OK


@app.command
def show(
    file: Annotated[str, Parameter(help="The job, or the file that --journal named.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Show the state of a job, even while it runs. Nothing is sent.

    Exit code 0: every item is done, or needed nothing. 1: some are not. 2: there is no such job.
    """
    terminal = Terminal()
    path, record = _journal(file)
    state = read_summary(path)
    if json:
        facts = {"job": record.id if record else None, "journal": str(path), **attrs.asdict(state)}
        terminal.document(facts | {"left": state.left})
        return FAILED if state.left else OK
    options = ", ".join(f"{name}={value!r}" for name, value in sorted(state.options.items()))
    rows = [
        ("job", state.kind),
        *([("options", options)] if options else []),
        ("begun", _moment(state.created)),
        ("items", f"{state.items:,}"),
        ("done", f"{state.done:,}"),
        ("skipped", f"{state.skipped:,}"),
        ("failed", f"{state.failed:,}"),
        ("unknown", f"{state.unknown:,}"),
        ("for the next run", f"{state.left:,}"),
        ("requests", f"{state.requests:,}"),
        ("unanswered", f"{state.under_way:,}"),
    ]
    terminal.say(listed(f"Journal {path}", rows))
    return FAILED if state.left else OK


@app.command
def retry(job: Job, /) -> int:
    """Resume a job: run the same command in the same folder, with its journal.

    Items that are done are left out, requests in flight are settled by reading, and failed items are tried
    again.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    from litmos_async.cli.app import run  # noqa: PLC0415 - the command line, of which this is a part

    record = find(job)
    if not record.file:
        raise ConfigurationError(f"job {record.id} read standard input, which is gone: run its command again")
    try:
        os.chdir(record.folder)
    except OSError as problem:
        raise ConfigurationError(f"cannot go to {record.folder}: {system_reason(problem)}") from None
    if not (record.unsent or Path(record.journal).exists()):
        # Without it everything would be sent once more, e-mails included.
        raise ConfigurationError(
            f"the journal of job {record.id} is gone, so what it has sent is not known: look at its outcomes in "
            f"{record.outcomes}, and run the command anew with what is left"
        )
    return run(_with_journal(record))


@app.command
def remove(
    *jobs: Job,
    older_than: Annotated[
        float | None,
        Parameter(
            help="Remove all finished jobs that ended longer ago than this, such as 90d.",
            converter=parse_age,
            n_tokens=1,
            accepts_keys=False,
            metavar="AGE",
        ),
    ] = None,
    yes: Annotated[
        bool, Parameter(help="Also remove unfinished jobs, which then cannot be resumed.")
    ] = False,
) -> int:
    """Remove jobs, with their journals and outcomes, which hold people's data. This cannot be undone.

    Exit code 0: the jobs were removed. 1: some were not. 2: there is no such job, or it is not finished.
    """
    terminal = Terminal()
    if not jobs and older_than is None:
        raise ConfigurationError("name a job, or use --older-than 90d")
    chosen = [find(job) for job in jobs]
    for record in chosen:
        if not yes and not _is_finished(record):
            raise ConfigurationError(f"job {record.id} is not finished: --yes removes it anyway")
    if older_than is not None:
        before = time.time() - older_than
        chosen += [each for each in records() if _is_finished(each) and (each.ended or 0.0) < before]
    return _take_away(list({each.id: each for each in chosen}.values()), terminal)


def _take_away(chosen: Sequence[JobRecord], terminal: Terminal) -> int:
    gone = 0
    for record in chosen:
        if in_use(Path(record.journal)):
            terminal.complain(f"job {record.id} is running")
            continue
        try:
            record.remove([each for each in records() if each.id != record.id])
        except OSError as problem:
            terminal.complain(f"cannot remove job {record.id}: {system_reason(problem)}")
        else:
            gone += 1
    terminal.say(f"{count(gone, 'job')} removed")
    return OK if gone == len(chosen) else FAILED


def _with_journal(record: JobRecord) -> list[str]:
    """Return the words that go on with a job: its journal is named, whatever the words said of one."""
    words = list[str]()
    rest = iter(record.words)
    for word in rest:
        if word == "--journal":
            next(rest, None)
        elif word != "--resumable" and not word.startswith("--journal="):
            words.append(word)
    return [*words, "--journal", record.journal]


def _journal(name: str) -> tuple[Path, JobRecord | None]:
    """Return the journal that a name stands for: a file, or else a job."""
    path = Path(name)
    # A name that looks like one of a file is one, also where nothing is there.
    if path.suffix or path.name != name:
        return path, None
    if path.is_file():
        return path, None
    record = find(name)
    return Path(record.journal), record


def _summary(record: JobRecord) -> Summary | None:
    try:
        return read_summary(record.journal)
    except ConfigurationError:
        return None


def _is_finished(record: JobRecord) -> bool:
    summary = _summary(record)
    return record.ended is not None and (summary is None or not summary.left)


def _facts(record: JobRecord, summary: Summary | None) -> dict[str, Any]:
    facts = attrs.asdict(record) | {"finished": _is_finished(record), "running": in_use(Path(record.journal))}
    del facts["unsent"]
    return facts | {"items": summary.items if summary else None, "left": summary.left if summary else None}


def _line(record: JobRecord, summary: Summary | None) -> str:
    if summary is None:
        state = "nothing was sent" if record.unsent else "its journal is gone"
    elif in_use(Path(record.journal)):
        state = f"at work, {summary.left:,} of {summary.items:,} left"
    else:
        state = f"{summary.left:,} of {summary.items:,} left" if summary.left else "finished"
    return f"{_moment(record.began)}  {record.command} {record.file or '-'}: {state}"


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S %Z}"
