"""The documents that the commands write for programs are what docs/schemas says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest
from cyclopts import App

from litmos_async.cli.app import app, run
from litmos_async.export import schema
from litmos_async.sandbox import Sandbox
from tests.cli.small import organisation, reach

DOCS = Path(__file__).parents[2] / "docs"
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in (DOCS / "schemas").glob("*.json")}

jsonschema: Any = import_module("jsonschema")
referencing: Any = import_module("referencing")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the commands reach a small organisation."""
    found = Sandbox(organisation(), requests=10_000)
    monkeypatch.setattr("litmos_async.cli.check.LitmosClient", reach(found, monkeypatch))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("user,course\nuser.0@example.com,C-1\nnobody,C-1\n")
    return found


def check(document: Any, shape: dict[str, Any]) -> None:
    """Make sure that a document has a shape."""
    resources = [(name, referencing.Resource.from_contents(content)) for name, content in SCHEMAS.items()]
    registry = referencing.Registry().with_resources(resources)
    jsonschema.Draft202012Validator(shape, registry=registry).validate(document)


def written(words: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Carry out a command, and return its document."""
    run([*words.split(), "--json"])
    return json.loads(capsys.readouterr().out)


JOB = "assign courses p.csv --send-message no"


@pytest.mark.parametrize(
    "words",
    [
        JOB,
        f"{JOB} --dry-run",
        f"{JOB} --skip-existing --verify --resumable",
        f"{JOB} --stop-after 1",
        "sync users q.csv",
        "sync teams q.csv --remove",
        "deactivate p.csv --remove-from-teams",
        "import users q.csv --send-message yes --dry-run",
    ],
)
def test_a_job(sandbox: Sandbox, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """However it ends: done, planned, stopped, refused."""
    sandbox.tenant.add_team(Name="North")
    people = "user.0@example.com,Ada,Example,North\nnew@example.com,N,N,North\n"
    Path("q.csv").write_text(
        "user,team\nuser.0@example.com,North\n"
        if "teams" in words
        else f"user_name,first_name,last_name,company\n{people}"
    )
    document = written(words, capsys)
    check(document, SCHEMAS["job.json"])
    assert document["plan"] is not None


def test_a_job_without_a_plan(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Its key does not work."""
    sandbox.tenant.add_team(Name="North")
    Path("p.csv").write_text("user,course\nuser.0@example.com,C-1\n")
    options_key = "--api-key-file"
    Path("key").write_text("wrong\n")
    Path("key").chmod(0o600)
    document = written(f"{JOB} {options_key} key", capsys)
    check(document, SCHEMAS["job.json"])
    assert (document["plan"], document["ended"]) == (None, "stopped")


def test_a_plan(sandbox: Sandbox) -> None:
    """As a file to be approved."""
    del sandbox
    assert run([*JOB.split(), "--dry-run", "--plan-json", "plan.json"]) == 1
    check(json.loads(Path("plan.json").read_text("utf-8")), SCHEMAS["plan.json"])


def test_lines_of_the_log(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line on standard error is a document."""
    del sandbox
    run([*JOB.split(), "--log-format", "json", "--json"])
    lines = capsys.readouterr().err.splitlines()
    assert lines
    for line in lines:
        check(json.loads(line), SCHEMAS["log.json"])


def test_accounts_and_jobs(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """What is said of an account, of its limit, and of the jobs that are kept."""
    del sandbox
    check(written("check", capsys), SCHEMAS["check.json"])
    Path("key").write_text("wrong\n")
    Path("key").chmod(0o600)
    found = written("check --api-key-file key", capsys)
    check(found, SCHEMAS["check.json"])
    assert found["problem"] == "key"
    check(written("quota", capsys), SCHEMAS["quota.json"])
    check(written("jobs list", capsys), SCHEMAS["jobs.json"])
    run([*JOB.split(), "--resumable", "--quiet"])
    capsys.readouterr()
    (job,) = written("jobs list", capsys)
    check([job], SCHEMAS["jobs.json"])
    check(written(f"jobs show {job['id']}", capsys), SCHEMAS["journal.json"])


@pytest.mark.parametrize("name", ["users", "courses", "teams", "learning_paths"])
@pytest.mark.parametrize("search", ["", " --search o"])
def test_lists(sandbox: Sandbox, name: str, search: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Their rows are those of an export, searched or not."""
    sandbox.tenant.add_team(Name="North")
    sandbox.tenant.add_learning_path(Name="Onboarding")
    rows = written(f"{name.replace('_', '-')} list{search}", capsys)
    assert rows
    shape = schema(name).json_schema()
    for row in rows:
        check(row, shape)
        assert set(row) == set(shape["properties"])


def test_a_person_and_sessions(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """As the page says."""
    tenant = sandbox.tenant
    person = written("users show user.0@example.com", capsys)
    check(person, schema("user_details").json_schema())
    course_id = next(iter(tenant.courses))
    module_id = tenant.training.add_module(course_id, Name="Workshop")["Id"]
    begins, ends = (datetime(2099, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
    day = {"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}
    tenant.training.add_session(course_id, module_id, Name="First aid", Days=[day])
    (row,) = written("sessions list", capsys)
    assert (row.pop("course"), row.pop("module")) == ("All about C-1", "Workshop")
    check(row, schema("sessions").json_schema())


def commands(parent: App = app, words: str = "litmos") -> Iterator[tuple[str, App]]:
    """Yield all commands with their words."""
    for name in parent:
        if not name.startswith("-"):
            command = parent[name]
            if command.default_command is None:
                yield from commands(command, f"{words} {name}")
            else:
                yield f"{words} {name}", command


def test_every_document_is_on_the_page() -> None:
    """Each command that takes --json has a row there, and each schema a link."""
    page = (DOCS / "json.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(litmos [^`]*)`", row.split("|")[1])}
    taking = {
        words
        for words, command in commands()
        if any("--json" in argument.names for argument in command.assemble_argument_collection())
    }
    assert named == taking
    assert set(re.findall(r"schemas/(\w+\.json)", page)) == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_themselves(name: str) -> None:
    """They are schemas, closed, and each property says what it is."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])

    def walk(found: dict[str, Any]) -> None:
        for content in found.get("properties", {}).values():
            assert content["description"]
            walk(content)
        if "properties" in found:
            assert "additionalProperties" in found
        if isinstance(found.get("items"), dict):
            walk(found["items"])

    walk(SCHEMAS[name])


def test_findings_are_what_the_schema_lists() -> None:
    """The attributes of a finding are its properties."""
    from litmos_async.cli.check import Finding  # noqa: PLC0415 - its client is replaced in other tests

    names = {each.name for each in attrs.fields(Finding)}
    assert names | {"profile"} == set(SCHEMAS["check.json"]["properties"])
