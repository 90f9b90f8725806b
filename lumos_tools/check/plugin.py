"""The pytest plugin: `pytest --lumos-tools my_tools` makes a test of every tool in a module.

It is loaded into every run of pytest, so nothing is imported before the option is used.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from lumos_tools.check.subject import Examined

OPTION = "lumos_tools"
HELP = "examine the tools of this module or .py file; may be repeated"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--lumos-tools`, and `lumos_tools` for the configuration file."""
    group = parser.getgroup("lumos")
    group.addoption(
        "--lumos-tools", metavar="MODULE", action="append", default=[], dest=OPTION, help=HELP
    )
    parser.addini(OPTION, type="linelist", default=[], help=HELP)


@pytest.hookimpl(tryfirst=True)  # before those that select by -k and -m
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each tool."""
    given: list[str] = [*config.getini(OPTION), *cast("list[str]", config.getoption(OPTION))]
    for source in dict.fromkeys(given):
        options = {"name": source, "nodeid": source, "path": config.rootpath}
        items += _made(ToolsOfModule, session, **options).collect()


class ToolsOfModule(pytest.Collector):
    """The tools of one module."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """A test for each tool."""
        tools = _tools(_imported(self.name, self.config.rootpath))
        if not tools:
            raise pytest.UsageError(f"--lumos-tools {self.name}: there are no tools in it")
        made: list[pytest.Item | pytest.Collector] = []
        for name, tool in tools.items():
            item = _made(ToolItem, self, name=name)
            item.tool = tool
            made.append(item)
        return made


def _made(node: Any, parent: pytest.Collector, **options: Any) -> Any:
    return node.from_parent(parent, **options)


class ToolItem(pytest.Item):
    """A test: the tool keeps what its schema promises."""

    tool: Examined

    def runtest(self) -> None:
        """Examine the tool."""
        from lumos_tools.check import check_tool

        check_tool(self.tool)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report, with no traceback; of other errors what pytest shows."""
        from lumos_tools.check import ToolCheckError

        if isinstance(excinfo.value, ToolCheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands in the heading of a failure."""
        return self.path, None, self.name


def _imported(source: str, root: Path) -> ModuleType:
    """The module that *source* names, or that is in the file; what is in *root* can be imported."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        if source.endswith(".py"):
            return _of_file(root / source)
        return importlib.import_module(source)
    except ImportError as error:
        raise pytest.UsageError(f"--lumos-tools {source}: {error}") from error
    except Exception as error:  # whatever a module does when it is imported
        told = f"--lumos-tools {source}: {type(error).__name__}: {error}"
        raise pytest.UsageError(told) from error


def _of_file(path: Path) -> ModuleType:
    name = "tools_in_" + re.sub(r"\W", "_", str(path.resolve()))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"there is no file {str(path)!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _tools(module: ModuleType) -> dict[str, Examined]:
    """What is a tool at the top level of *module*, by its name there."""
    from lumos_tools.tool import FunctionSchema, Tool

    def is_tool(value: object) -> bool:
        if isinstance(value, type) and issubclass(value, FunctionSchema):
            return hasattr(value, "run") and value.__module__ == module.__name__
        return isinstance(value, Tool)

    return {name: value for name, value in vars(module).items() if is_tool(value)}
