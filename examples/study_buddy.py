"""Two students and a buddy that remembers what each of them said, in one file.

    python examples/study_buddy.py [FILE]

Ada and Bob learn in threads of their own; neither can read the other's. What was said is searched,
exported and deleted. The file is made in a temporary folder unless you name one; the buddy is scripted,
so no key and no network are needed. Give `Agent` the name of a model for a real one.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from lumos_agent import (
    Agent,
    GetMessagesParams,
    LastMessages,
    Memory,
    MemoryStorage,
    SQLiteStorage,
    ThreadNotFoundError,
    UserMessage,
)
from lumos_agent.messages import encode
from lumos_agent.providers.base import Reply, Request
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import ToolContext, function_tool

CARDS = {"ada": {"mitosis": "one cell becomes two"}, "bob": {"1648": "Peace of Westphalia"}}


@function_tool
def flash_card(topic: str, context: ToolContext) -> str:
    """Look a topic up on the student's own flash cards.

    Args:
        topic: What the card is about.
    """
    return CARDS[context.resource or ""].get(topic, "There is no such card.")


def buddy(request: Request) -> Reply:
    """What a model would say, by what it has read of the thread."""
    said = [one.text for one in request.messages if isinstance(one, UserMessage)]
    last = request.messages[-1]
    if isinstance(last, UserMessage) and last.text.startswith("Quiz me on "):
        return calls("flash_card", topic=last.text.removeprefix("Quiz me on "))
    if last.text == "What have we done?":
        return says(f"You asked {len(said) - 1} things, the first was: {said[0]}")
    return says(f"So: {last.text}.")


async def study(storage: MemoryStorage, student: str, *prompts: str) -> None:
    memory = Memory(storage, window=LastMessages(20))
    agent = Agent(ScriptedProvider(buddy), tools=[flash_card], memory=memory)
    for prompt in prompts:
        result = await agent.generate(prompt, thread=f"{student}-biology", resource=student)
        print(f"{student}> {prompt}\n{' ' * len(student)}  {result.text}")


async def export(storage: MemoryStorage, thread: str, file: Path) -> int:
    """Write a thread to *file*, a message a line, and say how many there were."""
    page = await storage.get_messages(thread, GetMessagesParams(limit=None))
    lines = b"".join(encode(stored) + b"\n" for stored in page.items)
    await asyncio.to_thread(file.write_bytes, lines)
    return len(page.items)


async def main(file: Path) -> None:
    async with SQLiteStorage(file) as storage:
        await study(storage, "ada", "Quiz me on mitosis", "What have we done?")
        await study(storage, "bob", "Quiz me on 1648")

    async with SQLiteStorage(file) as storage:  # another day, another process
        await study(storage, "ada", "What have we done?")

        try:
            await storage.get_thread("ada-biology", resource="bob")
        except ThreadNotFoundError as error:
            print(f"bob cannot read on: {error}")

        for found in await storage.search("westphalia", resource="bob"):
            print(
                f"found in {found.thread}, message {found.stored.seq}: {found.stored.message.text}"
            )

        exported = await export(storage, "ada-biology", file.with_suffix(".jsonl"))
        await storage.delete_thread("ada-biology", resource="ada")
        left = [thread.id for thread in (await storage.list_threads()).items]
        print(f"{exported} messages exported and deleted; left: {', '.join(left)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/study.db")))
