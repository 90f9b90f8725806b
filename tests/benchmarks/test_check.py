"""When a ratio is too slow."""

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import CORE
from tests.benchmarks.check import FILE, Verdict, committed, judge, write


async def judged(*ratios: float) -> Verdict:
    """What comes of a committed ratio of 1, and of measurements that give *ratios*."""
    left = list(ratios)

    async def measure() -> float:
        return left.pop(0)

    verdict = await judge("one", {"one": 1.0}, measure)
    assert [] == left
    return verdict


@pytest.mark.parametrize(
    ("ratios", "good"),
    [((0.5,), True), ((1.39,), True), ((1.41, 1.39), True), ((1.41, 1.41), False)],
)
async def test_judge(ratios: tuple[float, ...], good: bool):
    """40 % slower is slower, if it is measured twice."""
    verdict = await judged(*ratios)

    assert good == verdict.good
    assert ratios == verdict.ratios
    assert str(verdict).endswith("ok" if good else "SLOWER")


async def test_no_ratio():
    """A scenario without a committed ratio is told, with the way out."""

    async def measure() -> float:
        raise AssertionError

    with pytest.raises(SystemExit, match="no ratio of 'new'; measure it: scripts/bench --write"):
        await judge("new", {}, measure)


def test_write(tmp_path: Path):
    """What is measured is kept, beside what was."""
    path = tmp_path / "ratios.json"
    write({"a": 0.123456}, path)
    write({"b": 2.0}, path)

    assert {"a": 0.123, "b": 2.0} == committed(path)


def test_committed():
    """Each scenario of the core has a committed ratio."""
    assert {one.name for one in CORE} <= {*committed(FILE)}
