"""An address says which store it is, or why it is none."""

import os
from pathlib import Path

import pytest

from lumos_agent.errors import ConfigError
from lumos_agent.memory.address import KINDS, storage_at
from lumos_agent.memory.sqlite import SQLiteStorage


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("threads.db", "{folder}/threads.db"),
        (" a/b.db\n", "{folder}/a/b.db"),
        ("~/threads.db", "{home}/threads.db"),
        ("C:threads.db", "{folder}/C:threads.db"),
        ("notes:today", "{folder}/notes:today"),
        (":memory:", ":memory:"),
    ],
)
def test_path(address: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What has no scheme is the path of a SQLite file, which is not made yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    store = storage_at(address)

    assert isinstance(store, SQLiteStorage)
    assert store.path == path.format(folder=tmp_path, home=tmp_path / "home")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "PostgreSQL"])
def test_postgres(scheme: str):
    """PostgreSQL has two names, and nobody connects yet."""
    store = storage_at(f"{scheme}://ada:secret@127.0.0.1:1/lumos")

    assert type(store).__name__ == "PostgresStorage"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", f"the address of the memory is empty; {KINDS}"),
        ("mysql://ada:secret@db/lumos", f"no memory is at mysql:...; {KINDS}"),
        ("sqlite:///threads.db", f"no memory is at sqlite:...; {KINDS}"),
        ("postgresql+asyncpg://ada:secret@db", f"no memory is at postgresql+asyncpg:...; {KINDS}"),
        (
            "postgresql:/ada:secret@db",
            "an address of PostgreSQL begins with postgresql://, two slashes",
        ),
        (
            "postgres:ada:secret@db",
            "an address of PostgreSQL begins with postgresql://, two slashes",
        ),
    ],
)
def test_no_address(address: str, message: str):
    """Another scheme is refused by a message that names the two, and never a password."""
    with pytest.raises(ConfigError) as caught:
        storage_at(address)

    assert str(caught.value) == message
