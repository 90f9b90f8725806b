"""Tools are found where the user says, or a sentence says why not."""

from pathlib import Path

import pytest

from lumos_agent.cli.load import load_tools
from lumos_agent.errors import ConfigError

TOOL = "from lumos_tools import FunctionSchema, function_tool\n"
EXAMPLE = "--tools takes a file or a module, for example my_tools.py or my_package.tools"
NO_TOOLS = (
    "there are no tools in it; decorate a function with @function_tool, "
    "or derive a class from FunctionSchema"
)


def write(file: str, text: str) -> None:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def names(*sources: str) -> list[str]:
    return [tool.name for tool in load_tools(sources)]


def refusal(*sources: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_tools(sources)
    return str(caught.value)


pytestmark = pytest.mark.usefixtures("folder")


def test_file() -> None:
    """A path names a file."""
    assert names("weather.py") == ["get_weather"]
    assert names("./weather.py") == ["get_weather"]


def test_module() -> None:
    """A dotted name is a module of the current folder."""
    write("shop/orders.py", TOOL + "@function_tool\ndef refund(order: str) -> None: ...\n")
    assert names("shop.orders") == ["refund"]


def test_order() -> None:
    """Tools come in the order of their definition, functions and classes alike."""
    text = """
@function_tool
def zulu() -> None: ...
class Mike(FunctionSchema):
    def run(self) -> None: ...
@function_tool
def alpha() -> None: ...
"""
    write("mixed.py", TOOL + text)
    assert names("mixed.py") == ["zulu", "Mike", "alpha"]


def test_imported_tools() -> None:
    """Imported tools are collected, and once; imported classes are not."""
    write("lib.py", TOOL + "class Other(FunctionSchema):\n    def run(self) -> None: ...\n")
    write(
        "mine.py", "from lib import Other\nfrom weather import get_weather\nalias = get_weather\n"
    )
    assert names("mine.py", "weather") == ["get_weather"]


def test_base_class() -> None:
    """A class without a body that others derive from is no tool; without others it is a mistake."""
    derived = "class Mine(Base):\n    def run(self) -> None: ...\n"
    write("base.py", TOOL + "class Base(FunctionSchema):\n    tenant: str\n")
    write("derived.py", TOOL + "class Base(FunctionSchema):\n    tenant: str\n" + derived)
    assert names("derived.py") == ["Mine"]
    assert refusal("base.py") == "base.py: Base has no body; give it a method run(self)"


def test_neighbours() -> None:
    """A file may import what lies beside it, wherever it lies."""
    write("far/away.py", "from near import *\n")
    write("far/near.py", TOOL + "@function_tool\ndef close() -> None: ...\n")
    assert names("far/away.py") == ["close"]


def test_file_hides_no_module() -> None:
    """A file that is called as a module of the standard library does not take its place."""
    import json

    write("json.py", TOOL + "@function_tool\ndef dump() -> None: ...\n")
    assert names("./json.py") == ["dump"]
    assert json.loads("1") == 1


def test_own_location() -> None:
    """A file knows where it lies."""
    text = (
        "from pathlib import Path\n@function_tool(name=Path(__file__).stem)\ndef f() -> None: ...\n"
    )
    write("where.py", TOOL + text)
    assert names("where.py") == ["where"]


def test_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """What a file prints when imported does not get into the command's output."""
    write("loud.py", "print('hello')\nfrom weather import get_weather\n")
    load_tools(["loud.py"])
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nosuch.py", f"'nosuch.py' does not exist; {EXAMPLE}"),
        ("./sub", f"'sub' is no .py file; {EXAMPLE}"),
        ("nosuch", f"'nosuch' is neither a .py file nor a module that Python finds; {EXAMPLE}"),
        ("sub.no", f"'sub.no' is neither a .py file nor a module that Python finds; {EXAMPLE}"),
        ("a b", f"'a b' is neither a .py file nor a module that Python finds; {EXAMPLE}"),
        ("", f"'' is neither a .py file nor a module that Python finds; {EXAMPLE}"),
        ("sub", f"sub: {NO_TOOLS}"),
        ("json", f"json: {NO_TOOLS}"),
    ],
)
def test_no_source(source: str, message: str) -> None:
    """What is no source of tools is named, with what would be one."""
    Path("sub").mkdir()
    assert refusal(source) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ndef f(:\n", "bad.py:2: invalid syntax; correct this line"),
        (
            "\nimport no_such_module\n",
            "bad.py:2: there is no module 'no_such_module'; install it, or correct the import",
        ),
        (
            "import sys\nsys.exit(3)\n",
            "bad.py:2: it exits on import; put that under if __name__ == '__main__'",
        ),
        (
            "import json\njson.loads('{')\n",
            "bad.py:2: JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1); LUMOS_DEBUG=1 shows the traceback",
        ),
        (
            TOOL + "@function_tool\ndef add(a, b: int) -> int: ...\n",
            "bad.py:2: add(): parameter 'a' has no annotation; "
            "say what it takes, for example a: str",
        ),
        (
            TOOL + "from re import Match\n@function_tool\ndef add(a: Match) -> int: ...\n",
            "bad.py:3: add(): parameter 'a' has the type Match, which has no JSON Schema; "
            "use str, int, float, bool, list, dict, an Enum, a dataclass or a pydantic model",
        ),
        ("x = 1\n", f"bad.py: {NO_TOOLS}"),
    ],
)
def test_broken_file(text: str, message: str) -> None:
    """A broken file is named with the line and what to do."""
    write("bad.py", text)
    assert refusal("bad.py") == message


def test_broken_module() -> None:
    """A module that cannot be imported is named by its file and line."""
    write("bad.py", "import no_such_module\n")
    there = "there is no module 'no_such_module'; install it, or correct the import"
    assert refusal("bad") == f"bad.py:1: {there}"


def test_broken_neighbour() -> None:
    """The line that fails is told, even if another file of the user has it."""
    write("one.py", "import two\n")
    write("two.py", "1/0\n")
    assert refusal("one.py") == (
        "two.py:1: ZeroDivisionError: division by zero; LUMOS_DEBUG=1 shows the traceback"
    )


def test_broken_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file outside the current folder is named by its whole path."""
    file = tmp_path_factory.mktemp("other") / "bad.py"
    file.write_text("def f(:\n")
    assert refusal(str(file)) == f"{file}:1: invalid syntax; correct this line"


def test_type_without_schema() -> None:
    """A model whose type has no schema is told now, not in the run."""
    text = "from typing import Callable\nclass Add(FunctionSchema):\n    f: Callable[[], int]\n"
    write("bad.py", TOOL + text + "    def run(self) -> None: ...\n")
    assert refusal("bad.py").startswith("bad.py: ")


def test_twins() -> None:
    """Two tools of one name are refused, with the places of both."""
    way_out = "two tools are called 'twin'; give one another name with @function_tool(name=...)"
    one = "@function_tool(name='twin')\ndef {}() -> None: ...\n"
    write("a.py", TOOL + one.format("f"))
    write("b.py", TOOL + one.format("f") + one.format("g"))
    assert refusal("a.py", "b.py") == f"a.py and b.py: {way_out}"
    assert refusal("b.py") == f"b.py: {way_out}"
