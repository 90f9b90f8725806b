"""Function tools against those of peers, each in an environment of its own: `python -m tests.benchmarks tools`.

The workers take turns, round by round, and a ratio is the median over the rounds of Lumos against the
quickest peer of the round. A peer's check and call are what its own agent does with a call of a model.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from tests.environments import made

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BARE = "pydantic-ai, validator alone"


class Row(NamedTuple):
    """What was measured: seconds by contestant, and the ratio to the quickest peer."""

    text: str
    unit: str
    factor: float
    limit: float
    most: float
    """Seconds that it may take at the most; 0 where nothing is said."""


ROWS = {
    "check": Row("check of three flat parameters", "µs", 1e6, 0.5, 10e-6),
    "call": Row("call of an async tool", "µs", 1e6, 0.5, 0),
    "decorate": Row("decorating 1 000 tools", "ms", 1e3, 1.0, 0.5),
    "first": Row("first use: a fresh process, import to first answer", "ms", 1e3, 1.0, 0),
    "build": Row("of that, from a function to its first answer", "ms", 1e3, 0, 0),
}


def workers() -> dict[str, list[str]]:
    """The command of each contestant."""
    peers = HERE.parent / "peers"
    names = {one: f"peers/{one}" for one in ("pydantic-ai-slim", "openai-agents")}
    python = {one: str(made(names[one], peers / f"{one}.txt") / "bin" / "python") for one in names}
    scripts = HERE / "workers"
    pydantic_ai = [python["pydantic-ai-slim"], str(scripts / "of_pydantic_ai.py")]
    return {
        "lumos": [sys.executable, str(scripts / "of_lumos.py")],
        "pydantic-ai": pydantic_ai,
        BARE: [*pydantic_ai, "bare"],
        "openai-agents": [python["openai-agents"], str(scripts / "of_openai_agents.py")],
    }


def measure(rounds: int = 9, times: int = 5_000) -> dict[str, dict[str, list[float]]]:
    """Seconds of each row, by contestant, a round each."""
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in ROWS}
    commands = workers()
    with ExitStack() as stack:
        running = {name: stack.enter_context(_started(one)) for name, one in commands.items()}
        strict = {name: json.loads(_line(worker)) for name, worker in running.items()}
        print(f"NaN stays out of the body: {json.dumps(strict)}")
        for _ in range(rounds):
            for what in ("check", "call"):
                for name, worker in running.items():
                    if (found := _ask(worker, f"{what} {times}")) is not None:
                        figures[what].setdefault(name, []).append(found)
        for worker in running.values():
            assert worker.stdin is not None
            worker.stdin.close()
    commands.pop(BARE)
    for _ in range(max(3, rounds // 3)):
        for name, command in commands.items():
            figures["decorate"].setdefault(name, []).append(_once(command, "decorate"))
            began = time.perf_counter()
            figures["build"].setdefault(name, []).append(_once(command, "first"))
            figures["first"].setdefault(name, []).append(time.perf_counter() - began)
    return figures


def judge(name: str, figures: dict[str, list[float]]) -> tuple[bool, dict[str, float]]:
    """Print a row; whether its limits are kept."""
    row = ROWS[name]
    peers = [figures[one] for one in figures if one not in ("lumos", BARE)]
    ratio = statistics.median(
        ours / min(theirs) for ours, *theirs in zip(figures["lumos"], *peers, strict=True)
    )
    ours = statistics.median(figures["lumos"])
    good = (not row.limit or ratio <= row.limit) and (not row.most or ours <= row.most)
    told = ", ".join(
        f"{one} {statistics.median(found) * row.factor:.1f}" for one, found in figures.items()
    )
    limit = f"limit {row.limit:4.2f}x  {'ok' if good else 'MISSED'}" if row.limit else "no limit"
    print(f"{row.text:<52} {ratio:5.2f}x the quicker peer   {limit}")
    print(f"{'':<52} {row.unit}: {told}")
    return good, {"lumos": ours, "ratio": ratio, "limit": row.limit}


def compete() -> dict[str, tuple[bool, dict[str, float]]]:
    """Measure all rows, a second time if a limit is missed."""
    for _ in range(2):
        found = {name: judge(name, figures) for name, figures in measure().items()}
        if all(good for good, _ in found.values()):
            break
    return found


def _started(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=_environment())


def _once(command: list[str], what: str) -> float:
    done = subprocess.run(
        [*command, what], capture_output=True, text=True, check=True, env=_environment()
    )
    return float(done.stdout)


def _environment() -> dict[str, str]:
    """Peers may not trace or tell anybody what they do here."""
    return {**os.environ, "OPENAI_AGENTS_DISABLE_TRACING": "1"}


def _ask(worker: subprocess.Popen[str], line: str) -> Any:
    assert worker.stdin is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()
    return json.loads(_line(worker))


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline()
