"""pydantic-ai: what its agent does with a call, `ToolManager.validate_tool_call` and `handle_call`.

With the argument `bare` its validator and function alone, which no agent of its calls like that.
"""

import sys
from collections.abc import Callable
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.models.test import TestModel
from pydantic_ai.tool_manager import ToolManager
from pydantic_ai.tools import Tool
from pydantic_ai.toolsets import FunctionToolset
from pydantic_ai.usage import RunUsage
from work import TEXT, main

CONTEXT: Any = RunContext(deps=None, model=TestModel(), usage=RunUsage(), run_step=1)


class PydanticAI:
    def tool(self, function: Callable[..., Any]) -> Any:
        return Tool(function)

    async def ready(self, tool: Any) -> Any:
        manager: Any = ToolManager(FunctionToolset([tool]))
        return tool.name, await manager.for_run_step(CONTEXT)

    def check(self, tool: Any) -> Callable[[], Any]:
        name, manager = tool
        return lambda: manager.validate_tool_call(ToolCallPart(name, TEXT, "1"))

    async def call(self, tool: Any, text: str) -> Any:
        name, manager = tool
        return await manager.handle_call(ToolCallPart(name, text, "1"))


class Bare(PydanticAI):
    async def ready(self, tool: Any) -> Any:
        return tool.function_schema

    def check(self, tool: Any) -> Callable[[], Any]:
        return lambda: tool.validator.validate_json(TEXT)

    async def call(self, tool: Any, text: str) -> Any:
        return await tool.call(tool.validator.validate_json(text), CONTEXT)


if __name__ == "__main__":
    main(Bare() if "bare" in sys.argv and sys.argv.remove("bare") is None else PydanticAI())
