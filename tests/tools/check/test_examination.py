"""Examining a tool: what is told, how often, and that it is the same each time."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from lumos_tools import LumosError, function_tool
from lumos_tools.check import CLAIMS, ToolCheckError, check_tool, evidence, examine
from lumos_tools.dialects import DIALECTS
from tests.tools.check.tools import Foreign, Order, Picky, halves, number_of, of, send

ROOT = Path(__file__).parents[3]


def test_counts():
    """Each claim tells how many examples it was held against."""
    report = examine(send, examples=30)

    assert [*CLAIMS] == [*report.examples]
    assert 30 == report.examples["refused"] == report.examples["taken"]
    assert report.examples["dialects"] >= 60
    assert all(claim.sentence.endswith(".") for claim in CLAIMS.values())


def test_raises():
    """`check_tool` fails a test, as an assertion does, with the report; `examine` tells it."""
    with pytest.raises(ToolCheckError) as caught:
        check_tool(Picky(number_of), dialects=["openai"])

    assert isinstance(caught.value, LumosError | AssertionError)
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value) == str(caught.value.report)
    assert ["refused"] == [one.kind for one in caught.value.report.faults]


def test_same_seed():
    """The same seed finds the same; another one draws others."""

    def drawn(seed: int) -> list[Any]:
        seen: list[Any] = []
        tool = Foreign(of({"type": "integer"}), seen.append)
        examine(tool, examples=10, seed=seed, dialects=())
        return seen

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert examine(Picky(number_of)).findings == examine(Picky(number_of)).findings


def test_one_example():
    """A single example is enough to ask for."""
    assert examine(send, examples=1).examples["refused"] == 1


@pytest.mark.parametrize("allow", ["refused", ["refused:number"], ["texts", "refused:number"]])
def test_allow(allow: Any):
    """A claim, or one path of it, may be left out."""
    assert check_tool(Picky(number_of), allow=allow).ok
    assert not examine(Picky(number_of), allow=["refused:other", "texts"]).ok


def test_dialects():
    """All dialects are looked at, or those that are named, or none."""
    assert 0 == examine(send, dialects=()).examples["dialects"]
    few = examine(send, dialects=["openai", "openai-strict"]).examples["dialects"]
    assert 0 < few < examine(send, dialects=[*DIALECTS]).examples["dialects"]
    assert few > examine(send, dialects=["openai"]).examples["dialects"]


def test_no_example_is_run():
    """No body is run unless somebody says so."""
    ran: list[int] = []

    @function_tool
    def it(number: int) -> str:
        ran.append(number)
        return ""

    check_tool(it, examples=5)
    assert [] == ran
    check_tool(it, examples=5, run=True, dialects=())
    assert len(ran) > 2


def test_recursive_dialects():
    """A default of null, which strict dialects write for what is missing, is no difference."""

    @function_tool
    def it(words: list[dict[str, int | None]], size: int | None = None, flag: bool = True) -> str:
        return ""

    assert check_tool(it).ok
    assert check_tool(Order, allow="refused").ok


COST = """
import time
from lumos_tools import function_tool
from lumos_tools.check import examine
from tests.tools.corpus import CASES

def cost(tool):
    began = time.process_time()
    examine(tool)
    return time.process_time() - began

tools = [function_tool(name="it")(one.function) for one in CASES[::20]]
costs = sorted(min(cost(tool) for _ in range(2)) for tool in tools)
print(costs[len(costs) // 2])
"""


def test_takes_little_time():
    """A tool takes less than 0.3 s of CPU with 60 examples: the median of several signatures."""
    done = subprocess.run(  # where no coverage is measured
        [sys.executable, "-c", COST], capture_output=True, text=True, timeout=60, cwd=ROOT
    )

    assert "" == done.stderr
    assert float(done.stdout) < 0.3


def test_in_silence(caplog: pytest.LogCaptureFixture):
    """What goes wrong in a tool is told in the report, and not in the log; then the log is as before."""
    examine(halves, run=True, dialects=())
    assert [] == caplog.records
    logging.getLogger("lumos_tools").warning("here")
    assert ["here"] == [one.message for one in caplog.records]


def test_small_enough(monkeypatch: pytest.MonkeyPatch):
    """Counterexamples are made smaller for a while, and not for minutes."""
    monkeypatch.setattr(evidence, "MAX_TRIES", 3)
    (found,) = examine(Picky(number_of), dialects=()).faults

    assert "number: too many" in found.message


def test_long_lists():
    """Arguments that must be long are drawn one by one: several at once are more than can be drawn."""

    @function_tool
    def add_up(numbers: Annotated[list[int], Field(min_length=150)]) -> int:
        """Add numbers up."""
        return sum(numbers)

    report = examine(add_up, examples=5, dialects=["openai-strict"])

    assert 5 == report.examples["refused"]
    assert report.ok
