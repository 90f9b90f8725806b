"""Whether Lumos got slower: ratios of now against those of `ratios.json`, which are committed."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "ratios.json"
ROUNDS = 5
"""Pairs of batches, ours and the baseline's in turn; the ratio is the median of theirs."""
WORSE = 1.4
"""How many times the committed ratio is too slow, if it is measured twice."""


class Verdict(NamedTuple):
    """A scenario, its ratio as it was committed, and as it was measured."""

    name: str
    committed: float
    ratios: tuple[float, ...]

    @property
    def good(self) -> bool:
        """Whether one of the measurements is fast enough."""
        return min(self.ratios) <= self.committed * WORSE

    def __str__(self) -> str:
        now = ", then ".join(f"{one:.2f}x" for one in self.ratios)
        return f"{self.name:<10} committed {self.committed:.2f}x  now {now}  {'ok' if self.good else 'SLOWER'}"


def committed(path: Path = FILE) -> dict[str, float]:
    """The ratios by the names of their scenarios."""
    found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return found


async def judge(
    name: str, ratios: dict[str, float], measure: Callable[[], Awaitable[float]]
) -> Verdict:
    """Measure, and once more if it is too slow; twice too slow is slower."""
    if name not in ratios:
        raise SystemExit(
            f"{FILE.name} has no ratio of {name!r}; measure it: scripts/bench --write {name}"
        )
    verdict = Verdict(name, ratios[name], (await measure(),))
    return (
        verdict if verdict.good else Verdict(name, ratios[name], (*verdict.ratios, await measure()))
    )


def write(found: dict[str, float], path: Path = FILE) -> None:
    """Keep the ratios that were measured, beside those of other scenarios."""
    kept = committed(path) if path.exists() else {}
    text = json.dumps({**kept, **{name: round(one, 3) for name, one in found.items()}}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
