"""Shows that tools keep what their schemas promise: property tests, in one line a tool.

`check_tool(tool)` in a test, `pytest --lumos-tools my_tools`, or `lumos check my_tools`. Needs
`pip install 'lumos-agent[check]'`.
"""

from typing import TYPE_CHECKING, Any

from lumos_tools.check.report import Finding, Report, ToolCheckError

if TYPE_CHECKING:
    from lumos_tools.check.claims import CLAIMS
    from lumos_tools.check.examination import check_tool, examine
    from lumos_tools.check.strategies import arguments_for, invalid_arguments_for
    from lumos_tools.check.subject import Checkable

__all__ = [
    "CLAIMS",
    "Checkable",
    "Finding",
    "Report",
    "ToolCheckError",
    "arguments_for",
    "check_tool",
    "examine",
    "invalid_arguments_for",
]

LAZY = {
    "CLAIMS": "claims",
    "Checkable": "subject",
    "arguments_for": "strategies",
    "check_tool": "examination",
    "examine": "examination",
    "invalid_arguments_for": "strategies",
}
"""Where the names are that need Hypothesis and jsonschema."""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f"{__name__}.{LAZY[name]}")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"lumos_tools.check needs {error.name}; pip install 'lumos-agent[check]'"
        ) from error
    return getattr(module, name)
