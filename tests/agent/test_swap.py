"""Providers are swapped in the middle of a thread: each takes what the others said."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import permutations
from typing import Any, NamedTuple

import pytest

from lumos_agent import Agent, AssistantMessage, GetMessagesParams, InMemoryStorage, Message
from lumos_agent.config import Config, ModelConfig, ProviderConfig
from lumos_agent.messages import decode, encode
from lumos_agent.providers.litellm import LiteLLMProvider
from lumos_agent.providers.text_mode import unwrapped
from lumos_agent.testing.provider_contract import add
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

ALIASES = ("offline", "direct", "claude", "foreign", "foreign_claude")
QUESTION = "What is 2 + 3? Use add with 2 and 3."
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
CALL = Call("add", '{"a": 2, "b": 3}')


class Servers(NamedTuple):
    config: Config
    chat: ChatServer
    messages: MessagesServer


def answer(body: dict[str, Any]) -> Answer:
    """A call where the user spoke last, else words; thinking where it is asked for."""
    last = body["messages"][-1]
    content = last["content"] if isinstance(last["content"], list) else [last]
    results = [one for one in content if "tool" in (one.get("role"), one.get("type", "")[:4])]
    said = says("It is 5.") if results else wants(CALL)
    thought = f"Thought after {len(body['messages'])}." if "thinking" in body else ""
    return replace(said, reasoning=thought)


@asynccontextmanager
async def served() -> AsyncGenerator[Servers]:
    """The four ways to a model, as a configuration has them."""
    async with ChatServer(answer) as chat, MessagesServer(answer) as messages:
        claude = {"options": {"max_tokens": 2048, "extra": THINK}}
        models = {
            "direct": ModelConfig(use="here/test-model"),
            "claude": ModelConfig(use="there/test-model", **claude),
            "foreign": ModelConfig(use="openai/test-model"),
            "foreign_claude": ModelConfig(use="anthropic/test-model", **claude),
        }
        providers = {
            "here": ProviderConfig(base_url=chat.base_url, api_key_env="OPENAI_API_KEY"),
            "there": ProviderConfig(
                base_url=messages.base_url, wire="anthropic", api_key_env="OPENAI_API_KEY"
            ),
            "openai": ProviderConfig(base_url=chat.base_url, wire="litellm"),
            "anthropic": ProviderConfig(base_url=messages.base_url, wire="litellm"),
        }
        yield Servers(Config(models=models, providers=providers), chat, messages)
        assert [] == chat.refusals
        assert [] == messages.refusals


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "test-key")


def thoughts(body: dict[str, Any]) -> list[Any]:
    blocks = [block for one in body["messages"] for block in one["content"]]
    return [one for one in blocks if one["type"] in ("thinking", "redacted_thinking")]


@pytest.mark.parametrize("order", [*permutations(ALIASES[:4])], ids=" ".join)
@pytest.mark.parametrize("stream", [False, True])
async def test_each_takes_what_the_others_said(order: tuple[str, ...], stream: bool):
    """One thread, four configurations in turn: all answer, whole and streaming, in every order."""
    memory = InMemoryStorage()
    async with served() as servers:
        for alias in (*order, *order[:2]):
            async with Agent.from_config(
                servers.config, model=alias, tools=[add], memory=memory
            ) as agent:
                assert "5" in await ask(agent, stream)
        page = await memory.get_messages("t", GetMessagesParams(limit=None))

        assert 6 * 4 == len(page.items)
        last = servers.messages.requests[-1]
    assert thoughts(last) == servers.messages.given[: len(thoughts(last))]
    assert thoughts(last)


async def ask(agent: Agent, stream: bool) -> str:
    if not stream:
        return (await agent.generate(QUESTION, thread="t")).text
    async with agent.stream(QUESTION, thread="t") as events:
        await events.finish()
    return events.result.text


@pytest.mark.parametrize("begins", ALIASES)
@pytest.mark.parametrize("goes_on", ALIASES)
async def test_in_the_middle_of_a_turn(begins: str, goes_on: str):
    """A run that one provider began is gone on with by another, from every place, and from JSON."""
    async with served() as servers:
        first = Agent.from_config(servers.config, model=begins, tools=[add])
        async with first:
            told = (await first.generate(QUESTION)).messages
        async with Agent.from_config(servers.config, model=goes_on, tools=[add]) as agent:
            for place in range(1, len(told) + 1):
                kept = decode(encode(told[:place]), tuple[Message, ...])
                assert "5" in (await agent.resume(messages=kept)).text


async def test_what_a_maker_understands_stays_with_it():
    """Signatures are kept on the message, under the name of their maker, and sent to no other."""
    async with served() as servers:
        async with Agent.from_config(servers.config, model="claude", tools=[add]) as agent:
            told = (await agent.generate(QUESTION)).messages
        async with Agent.from_config(servers.config, model="direct", tools=[add]) as agent:
            await agent.resume(messages=told[:3])

        sent = encode(servers.chat.requests[-1]).decode()
    said = told[1]
    assert isinstance(said, AssistantMessage)
    assert {"there"} == {*said.native}
    assert servers.messages.given[0]["signature"] not in sent


def test_litellm_by_name():
    """A provider of the configuration may be one that LiteLLM speaks with."""
    config = Config(providers={"openai": ProviderConfig(wire="litellm")})

    provider = unwrapped(Agent.from_config(config, model="openai/x").provider)
    assert isinstance(provider, LiteLLMProvider)
