"""When a ratio is too slow."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import check
from tests.benchmarks.__main__ import GROUPS, Scenario
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

    with pytest.raises(
        SystemExit, match="no ratio of 'new'; measure it: scripts/bench --write new"
    ):
        await judge("new", {}, measure)


def test_write(tmp_path: Path):
    """What is measured is kept, beside what was."""
    path = tmp_path / "ratios.json"
    write({"a": 0.123456}, path)
    write({"b": 2.0}, path)

    assert {"a": 0.123, "b": 2.0} == committed(path)


class Fakes:
    """Two contestants and a clock: ours takes as long as *ratios* say, a second for each a baseline."""

    def __init__(self, *ratios: float) -> None:
        self.time = 0.0
        self.order: list[str] = []
        self.left = [one for ratio in ratios for one in [1.0] + [ratio] * check.ROUNDS]

    def contestant(self, name_: str) -> Callable[[str], Any]:
        class Fake:
            name = name_

            def __init__(self, url: str) -> None: ...

            async def __aenter__(self) -> Self:
                return self

            async def __aexit__(self, *error: object) -> None: ...

        return Fake

    async def work(self, who: Any, times: int) -> int:
        self.order.append(who.name)
        self.time += times * (self.left.pop(0) if who.name == "ours" else 1.0)
        return times

    def install(self, monkeypatch: pytest.MonkeyPatch, **committed: float) -> Self:
        scenario = Scenario(
            "one", "", "base", 1.2, 2, self.work, "ms", lambda: self.time, ours="ours"
        )
        kinds = (self.contestant("base"), self.contestant("ours"))
        monkeypatch.setattr(bench, "GROUPS", {"fakes": (scenario,)})
        monkeypatch.setattr(bench, "CONTESTANTS", {"fakes": kinds})
        monkeypatch.setattr(check, "committed", lambda: committed)
        return self


@pytest.mark.parametrize(
    ("ratios", "code", "told"),
    [
        ((1.1,), 0, "one committed 1.00x now 1.10x ok limit 1.20x"),
        ((1.39,), 0, "one committed 1.00x now 1.39x ok limit 1.20x MISSED"),
        ((1.41, 1.39), 0, "one committed 1.00x now 1.41x, then 1.39x ok limit 1.20x MISSED"),
        ((1.41, 1.42), 1, "one committed 1.00x now 1.41x, then 1.42x SLOWER limit 1.20x MISSED"),
    ],
    ids=str,
)
def test_exit_code(
    ratios: tuple[float, ...],
    code: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """The exit code says whether a scenario is slower, a row its ratios; a limit fails nothing."""
    fakes = Fakes(*ratios).install(monkeypatch, one=1.0)

    assert code == bench.main(["one"], None, "check")
    assert told == " ".join(capsys.readouterr().out.split())
    assert [] == fakes.left
    assert ["base", "ours"] * 6 * len(ratios) == fakes.order


def test_median(monkeypatch: pytest.MonkeyPatch):
    """A ratio is the median of five: two rounds of another process' noise do not count."""
    fakes = Fakes().install(monkeypatch, one=1.0)
    fakes.left = [9.0, 9.0, 1.0, 9.0, 1.1, 1.2]

    assert 0 == bench.main(["one"], None, "check")
    assert [] == fakes.left


def test_write_by_name(monkeypatch: pytest.MonkeyPatch):
    """What is measured to be written is measured in the same way."""
    kept: dict[str, float] = {}
    Fakes(1.25).install(monkeypatch)
    monkeypatch.setattr(check, "write", kept.update)

    assert 0 == bench.main(["one"], None, "write")
    assert {"one": 1.25} == pytest.approx(kept)


@pytest.mark.parametrize("mode", ["check", "write"])
@pytest.mark.parametrize("name", ["tool", "tools"])
def test_unknown(name: str, mode: str):
    """A name that nothing is measured for is an error, and no success."""
    began = time.perf_counter()
    with pytest.raises(SystemExit, match=f"no scenario '{name}' with --{mode}; there are core, "):
        bench.main([name], None, mode)

    assert time.perf_counter() - began < 0.5


def test_committed():
    """Each scenario whose baseline needs no other environment has a committed ratio."""
    assert [one.name for group in GROUPS.values() for one in group] == [*committed(FILE)]
