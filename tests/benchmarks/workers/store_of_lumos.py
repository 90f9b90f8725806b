"""Lumos: `SQLiteStorage`, each append with a key, as an agent does it."""

from itertools import count
from typing import Any

from store import TEXT, main

from lumos_agent import AssistantMessage, GetMessagesParams, ToolCall, ToolResult, UserMessage
from lumos_agent.memory.sqlite import SQLiteStorage

LAST = GetMessagesParams(limit=50)


class Lumos:
    async def open(self, path: str) -> None:
        self._numbers = count()
        self._storage = await SQLiteStorage(path).__aenter__()

    async def create(self, thread: str) -> None:
        await self._storage.create_thread(id=thread)

    def turn(self, number: int) -> Any:
        call = ToolCall(f"call_{number}", "search", {"query": TEXT})
        return [
            UserMessage(TEXT),
            AssistantMessage("", (call,)),
            ToolResult(call.id, call.name, TEXT),
            AssistantMessage(TEXT),
        ]

    async def append(self, thread: str, turns: list[Any]) -> None:
        messages = [message for turn in turns for message in turn]
        await self._storage.append(thread, messages, key=f"run:{next(self._numbers)}")

    async def last(self, thread: str) -> int:
        return len((await self._storage.get_messages(thread, LAST)).items)

    async def close(self) -> None:
        await self._storage.__aexit__()


if __name__ == "__main__":
    main(Lumos())
