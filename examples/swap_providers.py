"""One conversation, several providers: each question is asked of the next model, in one thread.

    python examples/swap_providers.py
    python examples/swap_providers.py gpt claude gpt

The models are named in swap_providers.toml. Without names the stand-in answers, which needs no key.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from weather import QUESTIONS, TOOLS

from lumos_agent import Agent, AssistantMessage, GetMessagesParams, InMemoryStorage, LumosError
from lumos_agent.config import Config, load_config

CONFIG = Path(__file__).with_suffix(".toml")
INSTRUCTIONS = "Answer from the tools, briefly."


async def talk(config: Config, models: Sequence[str]) -> None:
    memory = InMemoryStorage()
    for question, model in zip(QUESTIONS, cycle(models), strict=False):
        async with Agent.from_config(
            config, model=model, tools=TOOLS, instructions=INSTRUCTIONS, memory=memory
        ) as agent:
            result = await agent.generate(question, thread="weather")
            print(f"> {question}\n{agent.provider.name}/{agent.provider.model}: {result.text}\n")
    await show_thread(memory)


async def show_thread(memory: InMemoryStorage) -> None:
    page = await memory.get_messages("weather", GetMessagesParams(limit=None))
    replies = [one.message for one in page.items if isinstance(one.message, AssistantMessage)]
    calls = sum(len(reply.calls) for reply in replies)
    print(f"One thread: {len(page.items)} messages, {len(replies)} replies, {calls} calls.")
    for maker in sorted({maker for reply in replies for maker in reply.native}):
        print(f"Some of it only {maker} understands: it went back to it alone.")


def main() -> int:
    parser = argparse.ArgumentParser(description="One conversation, several providers")
    parser.add_argument("models", nargs="*", default=["stand_in"], help="names of the file")
    parser.add_argument("--config", type=Path, default=CONFIG, help="another file")
    given = parser.parse_args()
    try:
        asyncio.run(talk(load_config(given.config), given.models))
    except LumosError as error:
        print(f"swap_providers: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
