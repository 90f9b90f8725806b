"""`pytest --lumos-tools`: a test for each tool of a module."""

import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
TOOLS = '''
from typing import Annotated

from pydantic import AfterValidator
from lumos_tools import FunctionSchema, FunctionTool, InvalidArgumentsError, function_tool


class Picky(FunctionTool):
    def check(self, arguments):
        call = super().check(arguments)
        if call.arguments["number"] > 100:
            raise InvalidArgumentsError(["number: too many"])
        return call


@function_tool
def right(number: int) -> str:
    """Tell a number."""
    return str(number)


@Picky
def wrong(number: int) -> str:
    """Tell a number."""
    return str(number)


class Order(FunctionSchema, name="order"):
    """Order."""

    def run(self) -> str:
        return ""


class Base(FunctionSchema):
    """No tool by itself."""
'''
REPORT = """\
wrong: 1 fault and 1 piece of advice*
  ✗ refused: the schema admits this, and the tool refuses it: number: too many
      from my_tools import wrong
      wrong.check({'number': 101})
      # refused: number: too many
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with tools, and with the plugin, whether it is installed or not."""
    pytester.makepyfile(my_tools=TOOLS)
    pytester.makepyprojecttoml(
        '[tool.pytest]\naddopts = ["-p", "no:lumos", "-p", "lumos_tools.check.plugin"]\n'
        'asyncio_default_fixture_loop_scope = "function"\n'
    )
    return pytester


def test_option(project: pytest.Pytester):
    """Each tool is a test; a failing one shows the report, and no traceback."""
    result = project.runpytest_inprocess("--lumos-tools", "my_tools")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines([line for line in REPORT.splitlines() if line])
    result.stdout.no_fnmatch_line("*examination.py*")


def test_file_and_names(project: pytest.Pytester):
    """A file will do, as well; tests have the names of module and tool, and -k selects them."""
    given = ("--lumos-tools", "my_tools.py", "--lumos-tools", "my_tools.py")
    result = project.runpytest_inprocess(*given, "-v", "-k", "right or Order")

    result.assert_outcomes(passed=2, deselected=1)
    result.stdout.fnmatch_lines(["my_tools.py::right PASSED*", "my_tools.py::Order PASSED*"])


def test_configuration(project: pytest.Pytester):
    """The modules may stand in the configuration, beside the tests that there are."""
    with (project.path / "pyproject.toml").open("a") as file:
        file.write('\nlumos_tools = ["my_tools"]\n')
    project.makepyfile(test_it="def test_it():\n    pass\n")

    project.runpytest_inprocess().assert_outcomes(passed=3, failed=1)


def test_other_errors(project: pytest.Pytester):
    """What is no finding, such as a tool that cannot say its schema, is shown as pytest does."""
    project.makepyfile(
        my_tools="from lumos_tools import FunctionTool\n\n\nclass Mute(FunctionTool):\n"
        "    parameters = property(lambda self: 1 / 0)\n\n\n@Mute\n"
        "def it(number: int) -> str:\n    return ''\n"
    )
    result = project.runpytest_inprocess("--lumos-tools", "my_tools")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *ZeroDivisionError*"])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nowhere", "No module named 'nowhere'"),
        ("nowhere.py", "there is no file"),
        ("empty", "there are no tools in it"),
    ],
)
def test_usage(project: pytest.Pytester, source: str, why: str):
    """A module that is not there, or has no tools, is an error of usage."""
    project.makepyfile(empty="")
    result = project.runpytest_inprocess("--lumos-tools", source)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"ERROR: --lumos-tools {source}: *{why}*"])


def test_no_option(project: pytest.Pytester):
    """Without the option nothing is collected."""
    assert pytest.ExitCode.NO_TESTS_COLLECTED == project.runpytest_inprocess().ret


def test_entry_point():
    """Whoever installs Lumos has the plugin; our own runs name it, for coverage begins after it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert {"lumos": "lumos_tools.check.plugin"} == project["project"]["entry-points"]["pytest11"]
    assert "no:lumos" in project["tool"]["pytest"]["addopts"]


@pytest.mark.parametrize(
    ("text", "told"), [("def f(:", "SyntaxError"), ("1 / 0", "ZeroDivisionError")]
)
def test_module_that_breaks(project: pytest.Pytester, text: str, told: str):
    """A module that breaks when it is imported is named, with what broke."""
    project.makepyfile(broken=text)
    result = project.runpytest("--lumos-tools", "broken")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"*--lumos-tools broken: {told}: *"])
