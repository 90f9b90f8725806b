"""Lumos: `tool.check` and `tool.call`."""

from collections.abc import Callable
from typing import Any

from work import TEXT, main

from lumos_tools import function_tool


class Lumos:
    def tool(self, function: Callable[..., Any]) -> Any:
        return function_tool(function)

    async def ready(self, tool: Any) -> Any:
        return tool

    def check(self, tool: Any) -> Callable[[], Any]:
        return lambda: tool.check(TEXT)

    async def call(self, tool: Any, text: str) -> Any:
        return await tool.call(text)


if __name__ == "__main__":
    main(Lumos())
