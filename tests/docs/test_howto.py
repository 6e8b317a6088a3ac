"""The tutorial and each how-to page are run from top to bottom, against the sandbox."""

from __future__ import annotations

import ast
import signal
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import trustme

from litmos_async import LitmosClient
from litmos_async.sandbox import Sandbox
from tests.docs.acme import acme
from tests.support.pages import ROOT, PageRun, alike, blocks, compiled, served

DOCS = ROOT / "docs"
PAGES = [
    DOCS / "tutorial.md",
    *sorted((DOCS / "howto").glob("*.md")),
    *sorted((DOCS / "explain").glob("*.md")),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of one certificate: no connection here is encrypted, and to read all of them takes long."""
    path = tmp_path_factory.mktemp("certificates") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificates: Path) -> Iterator[PageRun]:
    """A reader in an empty folder, with the key files that a page may name."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "PWD", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("LITMOS_LIMIT", "LITMOS_PROFILE", "LITMOS_REGION", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("acme.key", "bolt.key"):
        Path(name).touch(mode=0o600)
        Path(name).write_text("sandbox-key", "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    monkeypatch.setenv("COLUMNS", "100")
    before = signal.getsignal(signal.SIGINT)
    with PageRun(monkeypatch.setenv) as run:
        yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve the organisation of the pages, and let the environment say where it is."""
    sandbox = acme()
    with served(sandbox) as base_url:
        monkeypatch.setenv("LITMOS_BASE_URL", base_url)
        monkeypatch.setenv("LITMOS_API_KEY", "sandbox-key")
        monkeypatch.setenv("LITMOS_SOURCE", "acme-hr")
        yield sandbox
    assert sandbox.quota.rejections == []
    assert not sandbox.tenant.outbox


@pytest.mark.costly
@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(page: Path, reader: PageRun) -> None:
    """Its commands say what it shows, its Python runs; no request is refused, and no e-mail goes out."""
    reader.run(page)


@pytest.mark.costly
def test_the_page_of_exports_runs(sandbox: Sandbox, reader: PageRun) -> None:
    """Its samples have a client; what its commands write, its Python reads."""
    reader.names["litmos"] = LitmosClient()
    reader.run(DOCS / "exports.md")
    reader.python("await litmos.aclose()")
    people = len(sandbox.tenant.users)
    assert len(reader.names["present"]) == len(reader.names["frame"]) == people
    assert reader.names["resume"] is None


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)).removesuffix(".md")
)
def test_what_is_not_run_is_python(page: Path) -> None:
    """A sample marked `py` needs what is not installed here: it is compiled, and the names of ours in it exist."""
    for block in blocks(page):
        if block.kind == "py":
            compiled(block.text)
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("litmos_async"):
                    module = import_module(node.module or "")
                    assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)
        elif block.kind == "python" and page.parent.name != "reference":
            compiled(block.text)


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("done in 3 s", "done in 12 s", True),
        ("a   b", "a b", True),
        ("first\n…\nlast", "first\na\nb\nlast", True),
        ("first\n…", "first", True),
        ("id …", "id x7Yz", True),
        ("3 done", "2 done", False),
        ("first", "first\nsecond", False),
        ("…\nlast", "last\nmore", False),
    ],
)
def test_outputs_are_compared(shown: str, got: str, same: bool) -> None:
    """Only times, widths and what `…` stands for may differ."""
    assert alike(shown, got) is same


def test_a_wrong_output_is_noticed(reader: PageRun, tmp_path: Path) -> None:
    """A page whose command says something else fails, and so does one that hides an error."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ litmos --version\n0.0.0-wrong\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"0\.0\.0-wrong"):
        reader.run(page)
    page.write_text("```console\n$ litmos no-such-command\n```\n", "utf-8")
    with pytest.raises(AssertionError, match="does not say so"):
        reader.run(page)
