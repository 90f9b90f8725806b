"""What is examined: how it answers, and how it is written as code."""

import json
import sys
import types
from typing import Any

import pytest

from lumos_tools import FunctionTool, SchemaError, Tool, function_tool
from lumos_tools.check.subject import Subject
from lumos_tools.tool import as_tool
from tests.tools.check import tools
from tests.tools.check.tools import Foreign, Naive, Order, accepts, day_of, number_of, of, send


def test_answers():
    """Arguments are taken, refused with a reason, or the check fails."""
    subject = Subject(function_tool(number_of))

    assert {"number": 1} == subject.ask({"number": 1}).call.values
    assert 'number: expected an integer, got "x"' == subject.ask('{"number": "x"}').refusal
    foreign = Subject(Foreign(of({}), lambda given: given["that"]))
    assert "'that'" == str(foreign.ask({}).error)


def test_reasons():
    """The reasons of other frameworks are read, too: pydantic's, and of errors that say nothing."""

    def nothing(given: Any) -> None:
        raise ValueError

    assert (
        "number: Input should be a valid integer, unable to parse string as an integer"
        == Subject(Naive(number_of)).ask({"number": "x"}).refusal
    )
    assert "ValueError" == Subject(Foreign(of({}), nothing)).ask({}).refusal


def test_value_error_of_ours():
    """A tool of ours refuses in one way only; a ValueError is a failure."""

    class Wrong(FunctionTool):
        def check(self, arguments: Any) -> Any:
            raise ValueError("no")

    assert "no" == str(Subject(Wrong(number_of)).ask({}).error)


def test_no_tool():
    """A class that is no tool is refused as elsewhere."""
    with pytest.raises(SchemaError, match="is no tool"):
        Subject(int)  # type: ignore[arg-type]


def test_known():
    """What is known of a function, of a model, of a model's tool, and of any other."""
    function, model, other = Subject(send), Subject(Order), Subject(Foreign(of({}), accepts))

    assert (send.function, None, list[str]) == (function.function, function.model, function.returns)
    assert ["to", "copies"] == [*function.hints]
    assert (None, Order, dict[str, int]) == (model.function, model.model, model.returns)
    assert Order is Subject(as_tool(Order)).model
    assert (None, None, None) == (other.function, other.model, other.returns)
    assert (None, {}) == (other.signature, other.hints)


def test_rebuilt():
    """A tool is made anew from what it is made of."""
    for given in (send, Order, as_tool(Order), Foreign(of({}), accepts)):
        assert Subject(given).text == Subject(given).rebuilt().text
    assert json.loads(Subject(send).text) == send.parameters


def test_pasteable():
    """The code imports the tool, where it can be imported, and calls it."""
    assert (
        "from tests.tools.check.tools import send\n\nsend.check({'copies': 1})\n# why\n# so"
        == Subject(send).pasteable({"copies": 1}, "why\nso")
    )
    assert (
        "from lumos_tools.tool import as_tool\n"
        "from tests.tools.check.tools import Order\n\n"
        "as_tool(Order).check('x')\n# why"
    ) == Subject(as_tool(Order)).pasteable("'x'", "why")
    local = function_tool(name="local")(day_of)
    assert "local.check({})\n# why" == Subject(local).pasteable({}, "why")


def test_pasted_code_runs():
    """It is code: what it raises is what it says."""
    code = Subject(send).pasteable({"to": {"street": "x" * 200, "number": "1"}}, "refused")

    with pytest.raises(Exception, match="to.number: expected an integer"):
        exec(code, {})


@pytest.mark.parametrize(
    ("name", "file", "shown"),
    [
        ("__main__", "/a/my_script.py", "my_script"),
        ("tools_in__a_weather_py", "/a/weather.py", "weather"),
        ("a.b", "/a/b.py", "a.b"),
        ("__main__", None, "__main__"),
    ],
)
def test_importable(name: str, file: str | None, shown: str, monkeypatch: pytest.MonkeyPatch):
    """A script, and a file that the command line has loaded, have the name of their file."""
    module = types.ModuleType(name)
    module.__file__ = file  # type: ignore[assignment]
    tool: Tool = function_tool(day_of)
    tool.__module__ = "placed"
    module.tool = tool  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "placed", module)

    assert Subject(tool).pasteable({}, "").startswith(f"from {shown} import tool\n")


def test_tools_module_is_there():
    """The tools of these tests are found by the names that they have there."""
    assert tools.send is send
