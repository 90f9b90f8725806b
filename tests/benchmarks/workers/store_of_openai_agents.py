"""openai-agents: `SQLiteSession`, one for each conversation, on one file."""

from typing import Any

from agents import SQLiteSession
from store import TEXT, main


class OpenAIAgents:
    async def open(self, path: str) -> None:
        self._path = path
        self._sessions: dict[str, SQLiteSession] = {}

    async def create(self, thread: str) -> None:
        self._sessions[thread] = SQLiteSession(thread, self._path)

    def turn(self, number: int) -> Any:
        arguments = f'{{"query": "{TEXT}"}}'
        call = {"type": "function_call", "call_id": f"call_{number}", "name": "search"}
        result = {"type": "function_call_output", "call_id": f"call_{number}", "output": TEXT}
        return [
            {"role": "user", "content": TEXT},
            {**call, "arguments": arguments},
            result,
            {"role": "assistant", "content": TEXT},
        ]

    async def append(self, thread: str, turns: list[Any]) -> None:
        await self._sessions[thread].add_items([item for turn in turns for item in turn])

    async def last(self, thread: str) -> int:
        return len(await self._sessions[thread].get_items(limit=50))

    async def close(self) -> None:
        for session in self._sessions.values():
            session.close()


if __name__ == "__main__":
    main(OpenAIAgents())
