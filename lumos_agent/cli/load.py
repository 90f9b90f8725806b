"""The tools of files and modules, or why there are none."""

import importlib
import importlib.util
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

import lumos_agent
import lumos_tools
from lumos_agent.errors import ConfigError
from lumos_tools.errors import LumosError
from lumos_tools.tool import FunctionSchema, Tool, as_tool

Offer = Tool | type[FunctionSchema]

EXAMPLE = "--tools takes a file or a module, for example my_tools.py or my_package.tools"


def load_tools(sources: Sequence[str]) -> list[Tool]:
    """The tools of *sources*, `.py` files or dotted modules; the built-in ones if there are none.

    Raises `ConfigError`, which names the source, the line where there is one, and the way out.
    """
    if not sources:
        from lumos_tools.builtin import default_tools

        return list(default_tools(Path.cwd()))
    offers: dict[Offer, str] = {}
    for source in sources:
        for offer in _offers(source):
            offers.setdefault(offer, source)  # another source may have it, too
    tools = {offer: _tool(offer, source) for offer, source in offers.items()}
    _refuse_twins((tool.name, offers[offer]) for offer, tool in tools.items())
    return list(tools.values())


def _offers(source: str) -> list[Offer]:
    """What *source* has at its top level, in that order."""
    with redirect_stdout(sys.stderr):  # standard output is for what the command prints
        module = _imported(source)
    offers = [value for value in vars(module).values() if _is_offer(value, module)]
    if not offers:
        raise ConfigError(
            f"{source}: there are no tools in it; decorate a function with @function_tool, "
            "or derive a class from FunctionSchema"
        )
    return offers


def _is_offer(value: object, module: ModuleType) -> bool:
    """Whether *value* is a tool; a class of another module is none, nor a base of classes."""
    if isinstance(value, type) and issubclass(value, FunctionSchema):
        is_base = not hasattr(value, "run") and value.__subclasses__()
        return value.__module__ == module.__name__ and not is_base
    return isinstance(value, Tool)


def _tool(offer: Offer, source: str) -> Tool:
    try:
        tool = as_tool(offer)
        _ = tool.parameters  # a type that has none is better found here than in the run
    except Exception as error:
        raise ConfigError(_why(error, source)) from error
    return tool


def _refuse_twins(named: Iterator[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, source in named:
        if name in seen:
            where = " and ".join(dict.fromkeys((seen[name], source)))
            raise ConfigError(
                f"{where}: two tools are called {name!r}; "
                "give one another name with @function_tool(name=...)"
            )
        seen[name] = source


def _imported(source: str) -> ModuleType:
    is_path = source.endswith(".py") or "/" in source or os.sep in source
    try:
        return _import_file(Path(source)) if is_path else _import_module(source)
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(_why(error, source)) from error


def _import_file(path: Path) -> ModuleType:
    """The module in the file *path*, under a name that hides no other module.

    What lies beside it can be imported, as when Python runs it.
    """
    if not path.is_file() or path.suffix != ".py":
        what = "is no .py file" if path.exists() else "does not exist"
        raise ConfigError(f"{str(path)!r} {what}; {EXAMPLE}")
    file = str(path.resolve())
    name = "tools_in_" + re.sub(r"\W", "_", file)
    if name not in sys.modules:
        _look_in(path.parent)
        loader = SourceFileLoader(name, file)
        spec = ModuleSpec(name, loader, origin=file)
        spec.has_location = True
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
    return sys.modules[name]


def _import_module(name: str) -> ModuleType:
    """The module *name*, of the current folder or installed."""
    _look_in(Path())
    try:
        if all(part.isidentifier() for part in name.split(".")):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
    raise ConfigError(f"{name!r} is neither a .py file nor a module that Python finds; {EXAMPLE}")


def _look_in(folder: Path) -> None:
    if (path := str(folder.resolve())) not in sys.path:
        sys.path.insert(0, path)


def _why(error: BaseException, source: str) -> str:
    """What kept *source* from being imported: place, reason, way out."""
    where = _place(error) or source
    match error:
        case SyntaxError():
            return f"{where}: {error.msg}; correct this line"
        case LumosError():
            return f"{where}: {error}"
        case ModuleNotFoundError():
            return f"{where}: there is no module {error.name!r}; install it, or correct the import"
        case SystemExit():
            return f"{where}: it exits on import; put that under if __name__ == '__main__'"
        case _:
            what = str(error).split("\n")[0]
            return f"{where}: {type(error).__name__}: {what}; LUMOS_DEBUG=1 shows the traceback"


def _place(error: BaseException) -> str | None:
    """File and line of *error* in code that is the user's own."""
    if isinstance(error, SyntaxError):
        return f"{_shown(str(error.filename))}:{error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(FOREIGN):
            return f"{_shown(frame.filename)}:{frame.lineno}"
    return None


FOREIGN = (
    "<",
    *(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "purelib", "platlib")),
    *(f"{Path(str(package.__file__)).parent}{os.sep}" for package in (lumos_agent, lumos_tools)),
)
"""Where files lie that are not the user's: Python, its library, packages, Lumos."""


def _shown(file: str) -> str:
    """*file* as seen from the current folder, if it is below."""
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
