"""Folders on an object store: a loopback S3 server, and no credentials where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow.dataset as ds
import pyarrow.fs
import pytest
from moto.server import ThreadedMotoServer

from litmos_async.errors import ConfigurationError
from litmos_async.export import ExportIncomplete
from litmos_async.export.remote import Remote, shown
from litmos_async.sandbox import Sandbox
from tests.export.small import crowd, open_sandbox, reach, rows_of

BUCKET: Final = "reports"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A loopback S3 server, by its address."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _, port = moto.get_host_and_port()
    yield f"127.0.0.1:{port}"
    moto.stop()


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pyarrow.fs.FileSystem:
    """An empty bucket, and credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{server}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    store = pyarrow.fs.S3FileSystem(
        access_key="testing",
        secret_key="testing",
        endpoint_override=server,
        scheme="http",
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )
    store.create_dir(BUCKET)
    store.delete_dir_contents(BUCKET)
    return store


def url(server: str, folder: str) -> str:
    """Return the address of a folder in the bucket."""
    return f"s3://testing:testing@{BUCKET}/{folder}?endpoint_override={server}&scheme=http&region=us-east-1"


async def run(sandbox: Sandbox, dest: str, **options: Any) -> Any:
    """Run an export of people."""
    async with reach(sandbox) as litmos:
        return await litmos.export.run("users", dest, format="parquet", **options)


def names(store: pyarrow.fs.FileSystem, folder: str) -> list[str]:
    """Return what is in a folder of the bucket."""
    selector = pyarrow.fs.FileSelector(f"{BUCKET}/{folder}", allow_not_found=True)
    return sorted(entry.base_name for entry in store.get_file_info(selector))


async def test_into_a_bucket(store: pyarrow.fs.FileSystem, server: str, tmp_path: Path) -> None:
    """Files and manifest are there, nothing stays here, and a second run replaces them."""
    tenant = crowd(9)
    sandbox = open_sandbox(tenant)
    manifest = await run(sandbox, url(server, "w"))
    assert manifest.complete
    assert ds.dataset(f"{BUCKET}/w", filesystem=store, format="parquet").count_rows() == 9
    tenant.users.popitem()
    await run(sandbox, url(server, "w"))
    assert ds.dataset(f"{BUCKET}/w", filesystem=store, format="parquet").count_rows() == 8
    assert len(names(store, "w")) == 2
    assert not [each for each in (tmp_path / "xdg").rglob("*") if each.is_file()]


@pytest.mark.costly
async def test_killed_before_it_was_taken_there(
    store: pyarrow.fs.FileSystem, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was finished here and not yet there is taken there by the next run."""
    sandbox = open_sandbox(crowd(9))

    def broken(*_: object) -> None:
        raise OSError("connection lost")

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "take", broken)
        with pytest.raises(ExportIncomplete, match="connection lost"):
            await run(sandbox, url(server, "k"), state=tmp_path / "night.db")
    sent = len(sandbox.requests)
    await run(sandbox, url(server, "k"), state=tmp_path / "night.db")
    assert len(sandbox.requests) == sent
    assert ds.dataset(f"{BUCKET}/k", filesystem=store, format="parquet").count_rows() == 9
    sandbox.tenant.add_user(UserName="new@example.com", FirstName="A", LastName="B")
    await run(sandbox, url(server, "k"), state=tmp_path / "night.db")
    assert ds.dataset(f"{BUCKET}/k", filesystem=store, format="parquet").count_rows() == 10


async def test_what_is_not_ours(store: pyarrow.fs.FileSystem, server: str) -> None:
    """A folder with other files is refused before a request, and so is a bucket that is not there."""
    with store.open_output_stream(f"{BUCKET}/theirs/data.parquet") as stream:
        stream.write(b"theirs")
    sandbox = open_sandbox(crowd(2))
    with pytest.raises(ConfigurationError, match="is not an export") as caught:
        await run(sandbox, url(server, "theirs"))
    assert "testing" not in str(caught.value)
    assert not sandbox.requests


@pytest.mark.costly
async def test_without_credentials(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line, before a request is spent."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sandbox = open_sandbox(crowd(2))
    where = f"s3://{BUCKET}-private/w?endpoint_override={server}&scheme=http&region=us-east-1"
    with pytest.raises(ConfigurationError) as caught:
        await run(sandbox, where)
    assert "\n" not in str(caught.value)
    assert not sandbox.requests


def test_addresses_are_shown_without_credentials() -> None:
    """Neither in front of the bucket nor in the query."""
    assert shown("s3://KEY:SECRET@bucket/w?endpoint_override=x&secret=y") == "s3://bucket/w"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is reached as an object store is, by its address."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "store"


async def test_a_file_system_with_folders(folder: Path) -> None:
    """Folders are made for several lists, and a second run replaces the files of the first."""
    tenant = crowd(4)
    sandbox = open_sandbox(tenant)
    for people in (4, 3):
        async with reach(sandbox) as litmos:
            manifest = await litmos.export.run(["users", "teams"], f"file://{folder}")
        assert manifest.complete
        (file,) = manifest.lists["users"].files
        assert [each.name for each in (folder / "users").iterdir()] == [Path(file.name).name]
        assert len(rows_of(folder / "users")) == people
        tenant.users.popitem()
    assert sorted(each.name for each in folder.iterdir()) == ["_manifest.json", "teams", "users"]


async def test_a_store_that_cannot_be_reached(folder: Path) -> None:
    """One line, before a request is spent."""
    folder.write_text("a file", "utf-8")
    sandbox = open_sandbox(crowd(1))
    with pytest.raises(ConfigurationError, match=rf"cannot reach file://{folder}: ") as caught:
        await run(sandbox, f"file://{folder}")
    assert "\n" not in str(caught.value)
    assert not sandbox.requests
