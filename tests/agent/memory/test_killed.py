"""Claims about an agent's process that dies by `kill -9` in the middle of a run."""

import asyncio
from pathlib import Path

import pytest

from tests.agent.memory.killed import Place, Story, killed_once, killed_twice, undisturbed
from tests.agent.memory.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the threads are."""
    if request.param == "sqlite":
        return str(tmp_path / "threads.db")
    server: Postgres = request.getfixturevalue("postgres")
    return asyncio.run(server.database())


@pytest.fixture
def calm(address: str, tmp_path: Path) -> Story:
    """A run that nobody kills."""
    return undisturbed(address, tmp_path, "calm")


def test_every_point(address: str, tmp_path: Path, calm: Story) -> None:
    """Wherever a run is killed, resuming makes of its thread that of an undisturbed run.

    But for calls that are marked as interrupted, and no tool ran twice that is not idempotent.
    """
    assert 30 == len(calm.points)
    for number, point in enumerate(calm.points):
        killed_once(Place(address, f"killed-{number}", tmp_path), calm, point)


@pytest.mark.parametrize(
    ("point", "again"),
    [
        ("before user", "after user"),
        ("after assistant charge-tea", "before tool charge-tea"),
        ("charge tea: after its effect", "after tool charge-tea"),
        ("charge tea: before its effect", "charge cup: after its effect"),
        ("before assistant stock-tea charge-cup ship-cup", "ship cup: before its effect"),
        ("stock cup: after its effect", "stock cup: after its effect"),
    ],
)
def test_killed_again(address: str, tmp_path: Path, calm: Story, point: str, again: str) -> None:
    """Whoever resumes may be killed, too."""
    assert killed_twice(Place(address, "twice", tmp_path), calm, point, again)
