"""What can be run here; `nox -l` lists it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
EXTRAS = ",".join(PYPROJECT["project"]["optional-dependencies"])
# Three processes keep two cores busy: with two, tests wait for a quarter of the time.
PYTEST = ("pytest", "-n", "3", "--dist", "worksteal")
NOT_SLOW = (*PYTEST, "--in-part", "-m", "not slow")


def install(session: nox.Session, *groups: str, options: tuple[str, ...] = ()) -> None:
    """Install the package with all its extras, and groups of development dependencies."""
    # Tests start hundreds of processes, each of which would compile the package anew where that is switched off.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    needed = nox.project.dependency_groups(PYPROJECT, *groups) if groups else ()
    # What is imported is compiled then; to compile everything takes another half of the time.
    session.install("--no-compile", "-e", f".[{EXTRAS}]", *needed, *options)


def lowest_versions() -> Iterator[str]:
    """Yield a constraint for each dependency of the package and its extras: the lowest version that it admits."""
    project = PYPROJECT["project"]
    named = list(project["dependencies"])
    named += [each for extra in project["optional-dependencies"].values() for each in extra]
    for requirement in map(Requirement, named):
        for specifier in requirement.specifier:
            if specifier.operator == ">=":
                yield f"{requirement.name}=={specifier.version}"


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests in random order, and check that lines and branches are covered."""
    install(session, "test")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    # Tracing doubles the CPU of a test. What takes long covers a few lines only that the rest does not.
    session.run(*PYTEST, "-m", "slow or costly")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", *PYTEST, "-m", "not slow and not costly")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def quick(session: nox.Session) -> None:
    """Run what tells soon: no test that is marked slow or costly."""
    install(session, "test")
    session.run(*PYTEST, "--in-part", "-m", "not slow and not costly", *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"])
def tests_on(session: nox.Session) -> None:
    """Run all tests but the slow ones on another Python."""
    install(session, "test")
    session.run(*NOT_SLOW, *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run all tests but the slow ones on the lowest versions of all dependencies that pyproject.toml admits.

    Every wait that is drawn by chance is the shortest that it can be here, and the longest in `httpx2`.
    """
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join(lowest_versions()), encoding="utf-8")
    install(session, "test", options=("-c", str(constraints)))
    session.run(*NOT_SLOW, "--jitter", "least", *session.posargs)


@nox.session
def httpx2(session: nox.Session) -> None:
    """Run all tests but the slow ones on httpx2 in place of httpx, and on httpx those that need it.

    respx cannot mock httpx2 yet.
    """
    install(session, "test")
    session.install("httpx2>=2.16")
    environment = {"PYTHONPATH": str(Path("tests/support/httpx2").absolute())}
    session.run("python", "-c", "import httpx; assert httpx.__name__ == 'httpx2'", env=environment)
    # It is there before pytest looks at its plugins, of which anyio is one.
    calm = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    # The alias is imported at every start, which some tests look at; httpx2 takes more addresses.
    apart = (
        "tests/client/test_mocked_network.py",
        "tests/docs/test_cli_page.py::test_what_a_start_imports",
        "tests/testing/test_plugin.py",
        "tests/promises/test_secrets.py::test_a_client_that_cannot_be_made_shows_nothing[{'base_url': 'https://xn--a'}]",
    )
    deselected = [each for name in apart for each in ("--deselect", name)]
    session.run(*NOT_SLOW, "--jitter", "most", *calm, *deselected, *session.posargs, env=environment)
    if not session.posargs:
        session.run(*NOT_SLOW, *apart)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, spelling and docstrings."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy and pyright."""
    install(session, "test", "types", "bench")
    session.run("mypy")
    session.run("pyright")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages as a site, with all links within it checked, and list the addresses that lead elsewhere."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    site = Path(session.create_tmp(), "site")
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-q", "-E", "-b", "html", "docs", str(site))
    session.run("python", "docs/make_llms.py", str(site))
    session.run("python", "docs/addresses.py")
    session.log(f"the site is in {site}")


@nox.session
def large(session: nox.Session) -> None:
    """Run what takes a real Chromium, which is installed where it is not there, or a library that is large."""
    install(session, "test", "browser", options=("dlt[duckdb]>=1.18",))
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.run("apt-get", "update", "-qq", external=True)
        session.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", external=True)
    tests = session.posargs or ("tests/browser", "tests/examples/test_dlt_source.py")
    # A test that is skipped here is one that did not look.
    session.run("pytest", *tests, env={"LITMOS_BROWSER": "1"})


@nox.session
def demo(session: nox.Session) -> None:
    """Run the main job on the embedded sandbox, over real HTTP."""
    install(session)
    session.run("litmos", "demo", *session.posargs)


@nox.session
def attack(session: nox.Session) -> None:
    """Attack the limit: `nox -s attack -- --minutes 20`; a broken promise is an error."""
    install(session, "test")
    session.run("python", "-m", "tests.promises.attack", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print ours beside the plain alternative."""
    install(session, "test", "bench")
    for name in session.posargs or [
        "limiter",
        "limiter_shared",
        "decode",
        "bulk",
        "memory",
        "export",
        "startup",
    ]:
        session.run("python", "-m", f"benchmarks.{name}")


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the core, and see that a test fails: `nox -s mutants -- --sample 300 --seed 1`."""
    install(session, "test")
    session.run("python", "-m", "benchmarks.mutants", *session.posargs)
