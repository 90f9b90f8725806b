"""Agents out of a configuration."""

from pathlib import Path
from typing import Any

import pytest

from lumos_agent import Agent, ConfigError, InMemoryStorage, TextDelta
from lumos_agent.config import Config, Features, ModelConfig
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.testing.provider_contract import add
from tests.servers.chat import ChatServer, says

MAIN = Config(
    model="main",
    models={"main": ModelConfig(use="openai/x", options={"temperature": 0.2, "max_tokens": 9})},
    options={"max_tokens": 5, "max_steps": 3},
)


def test_model_and_options():
    """The file says model and options; a model's own are nearer, and arguments nearest."""
    agent = Agent.from_config(MAIN, max_tokens=7)

    assert "x" == agent.provider.model
    assert (0.2, 7, 3) == (
        agent.options.temperature,
        agent.options.max_tokens,
        agent.options.max_steps,
    )
    assert 9 == Agent.from_config(MAIN).options.max_tokens
    assert 5 == Agent.from_config(MAIN, model="offline").options.max_tokens


def test_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file is that of the current folder, or one that is named; the environment names a model."""
    (tmp_path / "lumos.toml").write_text('model = "openai/file"')
    assert "file" == Agent.from_config(tmp_path / "lumos.toml").provider.model
    monkeypatch.chdir(tmp_path)
    assert "file" == Agent.from_config().provider.model
    monkeypatch.setenv("LUMOS_MODEL", "openai/environment")
    assert "environment" == Agent.from_config().provider.model
    assert "argument" == Agent.from_config(model="openai/argument").provider.model


def test_no_model():
    """Where nobody names a model, both places for one are told."""
    with pytest.raises(
        ConfigError, match=r"no model; set LUMOS_MODEL, or model = \.\.\. in lumos\.toml"
    ):
        Agent.from_config(Config())


def test_fallbacks():
    """The file says who is asked next, after what, and with which options; arguments are nearest."""
    config = Config(
        models={
            "main": ModelConfig(
                use="openai/x",
                options={"temperature": 0.2, "seed": 1},
                fallback=("backup", "anthropic/claude"),
                fallback_on=("quota", "context"),
            ),
            "backup": ModelConfig(use="openai/y", options={"max_tokens": 9}, fallback=("main",)),
        },
        options={"max_tokens": 5},
    )
    agent = Agent.from_config(config, model="main", max_steps=3)

    assert ("quota", "context") == agent.fallback_on
    assert [("x", 0.2, 1, 5, 3), ("y", None, None, 9, 3), ("claude", None, None, 5, 3)] == [
        (
            one.provider.model,
            one.options.temperature,
            one.options.seed,
            one.options.max_tokens,
            one.options.max_steps,
        )
        for one in agent.models
    ]


def test_fallbacks_in_code():
    """In code a fallback is a name or a provider, with the agent's options."""
    agent = Agent("openai/x", fallback=["openai/y", OfflineProvider()], temperature=0)

    assert ["x", "y", "offline"] == [one.provider.model for one in agent.models]
    assert {0} == {one.options.temperature for one in agent.models}


def made(**features: bool) -> Agent:
    config = Config(model="offline", features=Features(**features))
    return Agent.from_config(
        config, tools=[add], memory=InMemoryStorage(), observers=[lambda event: None]
    )


@pytest.mark.parametrize(
    ("feature", "field"),
    [("function_calling", "tools"), ("memory", "memory"), ("observers", "observers")],
)
def test_features(feature: str, field: str):
    """A feature that is switched off is as if the agent had been made without."""
    assert getattr(made(), field)
    assert not getattr(made(**{feature: False}), field)


async def test_streaming_switched_off():
    """Without streaming the model is asked whole, and its words are told all the same."""
    async with ChatServer([says("Hello you")]) as server:
        config = Config(model="openai/test-model", features=Features(streaming=False))
        agent: Any = Agent.from_config(config, base_url=server.base_url, api_key="test-key")
        async with agent, agent.stream("?") as stream:
            told = [event.delta async for event in stream if isinstance(event, TextDelta)]

    assert ["Hello", " you"] == told
    assert "stream" not in server.requests[0]


def test_memory_switched_off():
    """A thread without memory is refused, as it is for an agent that was made without."""
    with pytest.raises(ConfigError, match="needs memory="):
        made(memory=False).generate_sync("?", thread="a")
