"""Plain functions as tools for language models.

Read `lumos_tools.tool` first. What is behind a name is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumos_tools.context import ToolContext
    from lumos_tools.errors import (
        DuplicateToolError,
        InvalidArgumentsError,
        LumosError,
        RegistryError,
        SchemaError,
        ToolError,
        UnknownToolError,
    )
    from lumos_tools.openai import OpenAIFunction, OpenAIFunctionCall, parse_openai_function_calls
    from lumos_tools.registry import ToolRegistry
    from lumos_tools.tool import BoundCall, FunctionSchema, FunctionTool, Tool, function_tool

__all__ = [
    "BoundCall",
    "DuplicateToolError",
    "FunctionSchema",
    "FunctionTool",
    "InvalidArgumentsError",
    "LumosError",
    "OpenAIFunction",
    "OpenAIFunctionCall",
    "RegistryError",
    "SchemaError",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolRegistry",
    "UnknownToolError",
    "function_tool",
    "parse_openai_function_calls",
]

_MODULES = {
    "ToolContext": "context",
    "OpenAIFunction": "openai",
    "OpenAIFunctionCall": "openai",
    "parse_openai_function_calls": "openai",
    "ToolRegistry": "registry",
    "BoundCall": "tool",
    "FunctionSchema": "tool",
    "FunctionTool": "tool",
    "Tool": "tool",
    "function_tool": "tool",
}
"""Where the names are that are no errors: pytest loads this package for its plugin, in every run."""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value
