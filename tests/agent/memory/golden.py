"""A database as version 1 of the schema has it: `python -m tests.agent.memory.golden` writes it anew.

By hand only, and never once a version is released: the file stands for those that users have.
"""

import asyncio
from pathlib import Path
from typing import Any

from lumos_agent import (
    Appended,
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from lumos_agent.memory.condense import summary
from lumos_agent.memory.sqlite import SQLiteStorage

FILE = Path(__file__).parent.parent / "golden" / "threads.v1.db"
KEY = "run:1"
KEYED = Appended(1, 9)
MESSAGES: tuple[Message, ...] = (
    SystemMessage("Be kind."),
    UserMessage("\x00 is a NUL, \uffff no character, e\u0301 two, \u202e turns around"),
    AssistantMessage("", (ToolCall("call_1", "read", {"path": "\ud800/\x00", "lines": [1, 2.5]}),)),
    ToolResult("call_1", "read", "half a pair: \udfff", is_error=True),
    AssistantMessage("'\"\\; DROP TABLE threads; --", reasoning="Hm.", truncated=True),
    UserMessage(""),
    AssistantMessage("日本 🙂 " * 40),
    UserMessage('{"type": "user"}'),
    AssistantMessage("\n\r\t\u2028\u2029\x7f"),
)
SUMMED, COVERS = summary("They read a file.", 4)
METADATA: tuple[dict[str, Any], ...] = (
    {"lang": "en", "deep": {"list": [1, True, None, 1.5, "é"]}},
    *({} for _ in MESSAGES[1:]),
)


async def write(path: Path) -> None:
    """Write the database to *path*."""
    async with SQLiteStorage(path) as storage:
        await storage.create_thread(id="gone")
        await storage.append("gone", [UserMessage("Forget this.")], key=KEY)
        await storage.create_thread(
            id="日本 '; --", resource="ada", title="First", metadata={"window": {"start": 5}}
        )
        assert KEYED == await storage.append("日本 '; --", MESSAGES, metadata=METADATA, key=KEY)
        await storage.append("日本 '; --", [SUMMED], metadata=[COVERS])
        await storage.search("kind")  # so there is an index
        await storage.append("日本 '; --", [UserMessage("Kind of new.")])
        await storage.delete_thread("gone")
        await storage.create_thread(id="empty")


if __name__ == "__main__":
    FILE.unlink(missing_ok=True)
    asyncio.run(write(FILE))
