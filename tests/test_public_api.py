"""The public names: each is there, and each stands in the reference."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from lumos_agent import Event, LumosError, ProviderError
from lumos_tools import RegistryError

REFERENCE = Path(__file__).parents[1] / "docs/reference"
PACKAGES = (
    "lumos_tools",
    "lumos_agent",
    "lumos_agent.testing",
    "lumos_tools.dialects",
    "lumos_tools.check",
)
PLAIN = (str, int, float, bool, tuple, type(None))


def entries(package: str) -> dict[str, str]:
    """The names that the reference lists for *package*, each with what stands in its first code."""
    page = (REFERENCE / "names.md").read_text(encoding="utf-8")
    section = page.partition(f"## {package}\n")[2].partition("\n## ")[0]
    codes = re.findall(r"^- `([^`]+)`: \S", section, re.MULTILINE)
    told = {code.partition("(")[0]: code for code in codes}

    assert section.count("\n- ") == len(told)  # each once, and each with its line
    return told


def signature(name: str, value: Any) -> str:
    """What *value* takes, without types; what a run fills in is left out."""
    filled_in = Event.__struct_fields__ if value is not Event and is_event(value) else ()
    signature = inspect.signature(value)
    parameters = [
        one.replace(annotation=one.empty, default=plain(one.default))
        for one in signature.parameters.values()
        if one.name not in filled_in
    ]
    untyped = signature.replace(parameters=parameters, return_annotation=signature.empty)
    return f"{name}{untyped}".replace("Ellipsis", "...").replace("'", '"')


def plain(default: Any) -> Any:
    short = isinstance(default, PLAIN) and not (isinstance(default, str) and len(default) > 60)
    return default if default is inspect.Parameter.empty or short else ...


def is_event(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Event)


@pytest.mark.parametrize("package", PACKAGES)
def test_all(package: str):
    """`__all__` is sorted, and each name in it is there."""
    module = importlib.import_module(package)

    assert sorted(module.__all__) == module.__all__
    assert [] == [name for name in module.__all__ if not hasattr(module, name)]
    assert {*module.__all__} <= {*dir(module)}


@pytest.mark.parametrize("package", PACKAGES)
def test_names_in_the_reference(package: str):
    """The reference lists exactly the public names."""
    assert sorted(importlib.import_module(package).__all__) == sorted(entries(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_signatures_in_the_reference(package: str):
    """What the reference says a name takes is what it takes; every function says it."""
    module = importlib.import_module(package)
    for name, code in entries(package).items():
        value = getattr(module, name)
        if "(" in code or inspect.isfunction(value):
            assert signature(name, value) == code


def test_errors_in_the_reference():
    """The page on errors has every error, and the code of those that have one."""
    page = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    errors = [
        value
        for package in PACKAGES[:2]
        for name, value in vars(importlib.import_module(package)).items()
        if name.endswith("Error")
    ]
    for error in errors:
        made = error("x") if issubclass(error, ProviderError) else error
        retryable = "yes" if getattr(made, "retryable", False) else "no"
        told = f"| `{error.code}` | {retryable} |" if hasattr(error, "code") else "|"

        assert re.search(rf"^[ +-]*{error.__name__}\b", page, re.MULTILINE)  # in a tree
        if error not in (LumosError, RegistryError):
            assert f"\n| `{error.__name__}` {told}" in page
