"""Claims about stores to which everything happens at once; `scripts/prove` does ten times as much."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lumos_agent import InMemoryStorage, Stored
from lumos_agent.memory.postgres import PostgresStorage
from lumos_agent.memory.sqlite import SQLiteStorage
from tests.agent.memory import chaos
from tests.agent.memory.postgres import Postgres


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where there is no file yet."""
    return tmp_path / "threads.db"


def test_killed_writers(path: Path) -> None:
    """Writers that are killed lose nothing that was acknowledged; a key settles all else."""
    done = chaos.killed_writers(str(path), 20)

    assert 20 == done.kills
    assert len(done.acknowledged) >= 600
    assert done.settled + done.absent > 0


def test_nothing_shown(path: Path) -> None:
    """A run in which nothing was acknowledged shows nothing, and says so."""
    with pytest.raises(AssertionError, match="nothing was acknowledged"):
        chaos.killed_writers(str(path), 0)


async def test_cancelled_appends(path: Path) -> None:
    """Appends that are cancelled are there whole or not at all; on SQLite those that began are there."""
    async with SQLiteStorage(path) as storage:
        assert 0 < await chaos.cancelled_appends(storage, 20) <= 20


async def test_two_processes(path: Path) -> None:
    """Two processes share a file; a reader sees whole turns that stay what they were."""
    assert await chaos.two_processes(str(path), 6) > 0


async def test_foreign_lock(path: Path) -> None:
    """While another program has the file, an append waits, and readers and the loop go on."""
    found = await chaos.foreign_lock(path, 0.2)

    assert found.reads > 10
    assert found.waited >= 0.2


async def test_full_disk(path: Path) -> None:
    """A full disk loses nothing that was acknowledged, and the store goes on when there is room."""
    assert await chaos.full_disk(path, 300_000) > 50


async def test_sessions(path: Path, postgres: Postgres) -> None:
    """Sessions at once are complete and in order."""
    dsn = await postgres.database()
    async with (
        SQLiteStorage(path) as storage,
        InMemoryStorage() as other,
        PostgresStorage(dsn) as third,
    ):
        for one in (storage, other, third):
            found = await chaos.sessions(one, count=20, each=20, rounds=1)
            assert 400 == found.turns


@pytest.mark.parametrize(
    "rows",
    [
        [(1, 0), (2, 1), (3, 2)],
        [(1, 0), (2, 1), (3, 2), (4, 2)],
        [(1, 0), (2, 1), (4, 2), (5, 3)],
        [(1, 0), (2, 1), (3, 2), (4, 3), (5, 0), (6, 1), (7, 2), (8, 3)],
    ],
)
async def test_detector(rows: list[tuple[int, int]]) -> None:
    """A torn turn, a doubled one and a hole are found."""
    stored = [
        Stored(seq=seq, message=chaos.turn("k")[place], created_at=datetime.now(UTC))
        for seq, place in rows
    ]
    with pytest.raises(AssertionError, match="hole|torn|twice"):
        chaos.turns(stored)
