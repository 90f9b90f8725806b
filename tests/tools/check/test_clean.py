"""What is right is clean: the corpus, the tools that ship, those of the examples."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from lumos_tools import FunctionSchema, Tool, function_tool
from lumos_tools.builtin import default_tools
from lumos_tools.check import check_tool
from tests.tools.check.tools import Order, send
from tests.tools.corpus import CASES, Case

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("case", CASES, ids=[f"{one.group}: {one.text}" for one in CASES])
def test_corpus(case: Case):
    """Every signature of the corpus keeps all that is claimed; what a note tells of is advice."""
    tool = function_tool(name="it")(case.function)
    dialects = None if case in CASES[::3] else ["openai-strict"]

    report = check_tool(tool, examples=10, dialects=dialects, allow=["texts", "names"])

    allowed = {"refused"} if tool.notes else {"defaults"} if "None" in case.text else set()
    assert {one.kind for one in report.advice} <= allowed
    assert report.examples["refused"] > 0 or not tool.parameters["properties"]


def test_builtin(tmp_path: Path):
    """The tools that ship are clean, and stay so when they run."""
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    for tool in default_tools(tmp_path):
        report = check_tool(tool, examples=10, run=True)
        assert {"texts"} >= {one.kind for one in report.advice}


def tools_of(script: Path) -> list[Any]:
    """The tools at the top level of an example."""
    spec = importlib.util.spec_from_file_location(f"example_{script.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where annotations are looked up
    spec.loader.exec_module(module)
    return [
        one
        for one in vars(module).values()
        if isinstance(one, Tool)
        or (isinstance(one, type) and issubclass(one, FunctionSchema) and one is not FunctionSchema)
    ]


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda one: one.stem)
def test_examples(script: Path, monkeypatch: pytest.MonkeyPatch):
    """The tools of the examples are clean."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for tool in tools_of(script):
        check_tool(tool, examples=20)


def test_models():
    """A tool that is a model, and a function that takes one, are clean; a validator is advice."""
    assert () == check_tool(send, allow="texts").findings
    (advice,) = check_tool(Order).advice
    assert ("refused", "pieces") == (advice.kind, advice.path)
