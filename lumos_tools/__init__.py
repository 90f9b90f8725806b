"""Plain functions as tools for language models.

Read `lumos_tools.tool` first.
"""

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
