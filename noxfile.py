"""What can be run here: `nox -s tests`, `lint`, `types`, `demo`, `bench`."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, *groups: str) -> None:
    """Install the package with all its extras, and groups of development dependencies."""
    needed = nox.project.dependency_groups(PYPROJECT, *groups) if groups else ()
    session.install("-e", ".[cli,parquet,redis,report,sandbox]", *needed)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests in random order, and check that lines and branches are covered."""
    install(session, "test")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-n", "2")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=["3.12", "3.13"])
def tests_on(session: nox.Session) -> None:
    """Run all tests on another Python."""
    install(session, "test")
    session.run("pytest", "-n", "2", *session.posargs)


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
    install(session, "test", "types")
    session.run("mypy")
    session.run("pyright")


@nox.session
def demo(session: nox.Session) -> None:
    """Run the main job on the embedded sandbox, over real HTTP."""
    install(session)
    session.run("litmos", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print ours beside the plain alternative."""
    install(session, "test")
    for name in session.posargs or ["limiter", "limiter_shared", "decode", "bulk", "memory"]:
        session.run("python", "-m", f"benchmarks.{name}")
