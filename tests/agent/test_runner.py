"""How a run is started."""

import asyncio
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentError,
    AssistantMessage,
    ConfigError,
    InMemoryStorage,
    StepStart,
    TextDelta,
    UserMessage,
)
from lumos_agent.run import Run
from lumos_agent.runner import RunStream
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import function_tool


@function_tool
async def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_empty_prompt(prompt: str):
    """An empty prompt is refused before anything is asked."""
    agent = Agent(ScriptedProvider())

    with pytest.raises(AgentError, match="the prompt is empty; say what the agent should do"):
        agent.stream(prompt)
    with pytest.raises(AgentError, match="the prompt is empty"):
        agent.generate_sync(prompt)


def test_generate_sync():
    """Without an event loop an agent answers, too, as often as one likes."""
    agent = Agent(ScriptedProvider(says("1"), calls("add", a=1, b=1), says("2")), tools=[add])

    assert ["1", "2"] == [agent.generate_sync("?").text, agent.generate_sync("?").text]


async def test_generate_with_memory():
    """It is generate with a thread, and insists on one."""
    storage = InMemoryStorage()
    agent = Agent(ScriptedProvider(says("1")), memory=storage)

    with pytest.raises(ConfigError, match="needs thread="):
        await agent.generate_with_memory("?")
    await agent.generate_with_memory("?", thread="t")
    assert 2 == (await storage.get_thread("t")).last_seq


async def test_resume_what():
    """Resuming needs a transcript or a thread, and not both."""
    agent = Agent(ScriptedProvider(says("1")), memory=InMemoryStorage())

    with pytest.raises(ConfigError, match="resume needs messages="):
        await agent.resume()
    with pytest.raises(ConfigError, match="messages= or thread=, not both"):
        await agent.resume(messages=[UserMessage("?")], thread="t")


async def test_thread_of_the_agent():
    """A thread that is the agent's own default counts as one."""
    storage = InMemoryStorage()
    agent = Agent(ScriptedProvider(says("1")), memory=storage, thread="t")
    await agent.generate_with_memory("?")

    assert 2 == (await storage.get_thread("t")).last_seq
    assert "1" == (await agent.resume()).text
    with pytest.raises(ConfigError, match="not both"):
        await agent.resume(messages=[UserMessage("?")])


async def test_resume_the_answer():
    """A transcript that ends in its answer is complete: nobody is asked."""
    provider = ScriptedProvider()
    result = await Agent(provider).resume(messages=[UserMessage("?"), AssistantMessage("!")])

    assert ("!", 1, []) == (result.text, result.steps, provider.requests)


async def test_stream_text():
    """The stream has the words so far, of all steps; what a new attempt voids is taken out."""
    run = Run(Agent(ScriptedProvider()).options, agent="a", provider=ScriptedProvider())

    async def events() -> Any:
        yield StepStart(step=1, attempt=1, model="m")
        yield TextDelta(step=1, delta="Let me see. ")
        yield StepStart(step=2, attempt=1, model="m")
        yield TextDelta(step=2, delta="It is fo")
        yield StepStart(step=2, attempt=2, model="n")
        yield TextDelta(step=2, delta="It is 5.")

    texts = []
    async with RunStream(run, events()) as stream:
        async for _ in stream:
            texts.append(stream.text)

    assert "Let me see. It is fo" == texts[3]
    assert "Let me see. " == texts[4]
    assert "Let me see. It is 5." == texts[5]


async def test_stream_result():
    """After its last event a stream has the result, transcript and all."""
    async with Agent(ScriptedProvider(says("Hi there"))).stream("?") as stream:
        async for _ in stream:
            assert "Hi there".startswith(stream.text)

    assert "Hi there" == stream.text == stream.result.text
    assert (UserMessage("?"), AssistantMessage("Hi there")) == stream.result.messages


async def test_life_cycle():
    """An agent closes its provider at the end of `async with`, and by aclose."""
    closed: list[int] = []

    class Closing(ScriptedProvider):
        async def aclose(self) -> None:
            closed.append(1)

    async with Agent(Closing(says("1"))) as agent:
        await agent.generate("?")
    await agent.aclose()

    assert [1, 1] == closed


async def test_cancelled_generate():
    """Cancelling the task of a run cancels the run, and leaves no task behind."""

    class Hanging(ScriptedProvider):
        async def generate(self, request: Any) -> Any:
            await asyncio.Event().wait()

    task = asyncio.create_task(Agent(Hanging()).generate("?"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert {asyncio.current_task()} == asyncio.all_tasks()
