"""openai-agents: `on_invoke_tool`, which is its only way in: it checks and calls."""

from collections.abc import Callable
from typing import Any

from agents import function_tool
from agents.tool_context import ToolContext
from work import main


class OpenAIAgents:
    def tool(self, function: Callable[..., Any]) -> Any:
        return function_tool(function, failure_error_function=None)

    async def ready(self, tool: Any) -> Any:
        return tool

    def check(self, tool: Any) -> None:
        return None

    async def call(self, tool: Any, text: str) -> Any:
        context = ToolContext(None, tool_name=tool.name, tool_call_id="1", tool_arguments=text)
        return await tool.on_invoke_tool(context, text)


if __name__ == "__main__":
    main(OpenAIAgents())
