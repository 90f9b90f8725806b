"""A provider by the name of its model."""

import sys
from pathlib import Path
from typing import Any

import pytest

from lumos_agent import ConfigError, UserMessage
from lumos_agent.config import Config, Features, ModelConfig, ProviderConfig
from lumos_agent.providers import provider_for
from lumos_agent.providers.anthropic import AnthropicWire
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.endpoints import KNOWN, OPENAI, endpoint_for, variable
from lumos_agent.providers.litellm import LiteLLMProvider
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.providers.text_mode import unwrapped
from lumos_agent.testing import ScriptedProvider
from lumos_agent.testing.provider_contract import request
from tests.agent.providers.test_sdk import AzureServer
from tests.servers.chat import ChatServer, says


def direct(model: str, **more: Any) -> DirectProvider:
    provider = provider_for(model, **more)
    provider = unwrapped(provider)
    assert isinstance(provider, DirectProvider)
    return provider


def test_by_name():
    """`offline` is built in; a model's name may have slashes of its own."""
    provider = direct("openai/meta/llama-4", base_url="http://h/v1")

    assert isinstance(provider_for("offline"), OfflineProvider)
    assert ("openai", "meta/llama-4") == (provider.name, provider.model)


@pytest.mark.parametrize("name", KNOWN)
def test_known_endpoints(name: str):
    """A known provider is reached directly, at its own address."""
    provider = direct(f"{name}/model")

    assert (name, "model", KNOWN[name].base_url) == (
        provider.name,
        provider.model,
        provider.base_url,
    )
    assert (name == "anthropic") == isinstance(provider.wire, AnthropicWire)


@pytest.mark.parametrize(
    ("model", "name", "rest"),
    [
        ("cohere/command-r", "cohere", "command-r"),
        ("bedrock/anthropic.claude", "bedrock", "anthropic.claude"),
        ("litellm/openai/gpt-5", "litellm", "openai/gpt-5"),
    ],
)
def test_litellm(model: str, name: str, rest: str):
    """Whatever else there is, LiteLLM speaks with; its name in front has it speak with all."""
    provider = provider_for(model)

    provider = unwrapped(provider)
    assert isinstance(provider, LiteLLMProvider)
    assert (name, rest) == (provider.name, provider.model)


def test_itself():
    """A provider is itself; settings that it would ignore are refused."""
    provider = ScriptedProvider()

    assert provider is provider_for(provider)
    with pytest.raises(ConfigError, match="a provider has its own"):
        provider_for(provider, api_key="k")


@pytest.mark.parametrize("model", ["gpt-5", "openai/", "", "/x"])
def test_unknown(model: str):
    """A name that no provider can have is refused, with what may be used instead."""
    with pytest.raises(ConfigError, match="for example 'openai/gpt-5'"):
        provider_for(model)


def configured(**settings: Any) -> Config:
    models = {"main": ModelConfig(use="mine/m", tools="native", quirks={"seed": "random_seed"})}
    return Config(models=models, providers={"mine": ProviderConfig(**settings)})


def test_alias():
    """An alias is its model, at its provider, with the quirks of both."""
    config = configured(base_url="http://h/v1", quirks={"stream_usage": False}, headers={"X": "y"})
    provider = direct("main", config=config)
    quirks = provider.endpoint.quirks

    assert ("mine", "m", "http://h/v1") == (provider.name, provider.model, provider.base_url)
    assert ("native", "random_seed", False) == (quirks.tools, quirks.seed, quirks.stream_usage)
    assert {"X": "y"} == provider.endpoint.headers


def test_order(monkeypatch: pytest.MonkeyPatch):
    """Arguments win over the environment, and that over the file."""
    config = configured(base_url="http://file/v1", api_key_env="FILE_KEY")
    monkeypatch.setenv("FILE_KEY", "file")
    assert ("http://file/v1", "file") == (direct("main", config=config).base_url, key(config))
    monkeypatch.setenv("MINE_BASE_URL", "http://environment/v1")
    assert "http://environment/v1" == direct("main", config=config).base_url
    assert "http://argument/v1" == (
        direct("main", config=config, base_url="http://argument/v1").base_url
    )
    assert "argument" == key(config, api_key="argument")


def key(config: Config, **given: str) -> str | None:
    return direct("main", config=config, **given).key()


async def test_headers_and_key(monkeypatch: pytest.MonkeyPatch):
    """The file's headers are sent, and the key of the variable that it names."""
    async with ChatServer([says("Hi")], models=["m"]) as server:
        config = configured(base_url=server.base_url, api_key_env="K", headers={"X-Team": "a"})
        monkeypatch.setenv("K", "test-key")
        provider = direct("main", config=config)
        _, headers = await provider.target()
        reply = await provider.generate(request(UserMessage("?")))
        await provider.aclose()

    assert ("Hi", "a") == (reply.message.text, headers["X-Team"])


def test_no_address():
    """A provider of one's own needs an address."""
    config = configured(wire="openai")
    with pytest.raises(ConfigError, match="no address for the provider 'mine'; set MINE_BASE_URL"):
        provider_for("main", config=config)


def test_wires():
    """What is spoken can be said: Messages at an address of one's own, or all through LiteLLM."""
    messages = direct("main", config=configured(base_url="http://h", wire="anthropic"))
    foreign = provider_for("main", config=configured(base_url="http://h", wire="litellm"))

    assert isinstance(messages.wire, AnthropicWire)
    foreign = unwrapped(foreign)
    assert isinstance(foreign, LiteLLMProvider)


def test_litellm_settings(monkeypatch: pytest.MonkeyPatch):
    """The file's settings go to LiteLLM, too."""
    monkeypatch.setenv("K", "secret")
    config = configured(wire="litellm", base_url="http://h", api_key_env="K", headers={"X": "y"})
    provider = provider_for("main", config=config)

    provider = unwrapped(provider)
    assert isinstance(provider, LiteLLMProvider)
    assert {"api_base": "http://h", "api_key": "secret", "extra_headers": {"X": "y"}} == (
        provider._settings
    )


def test_streaming_switched_off():
    """Without the feature, no provider streams."""
    config = Config(features=Features(streaming=False))
    foreign = provider_for("cohere/x", config=config)

    assert not direct("openai/x", config=config).endpoint.quirks.stream
    foreign = unwrapped(foreign)
    assert isinstance(foreign, LiteLLMProvider)
    assert not foreign.quirks.stream


async def test_azure(monkeypatch: pytest.MonkeyPatch):
    """Azure is reached at its own paths, with its own header."""
    async with AzureServer([says("Hi")]) as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.base_url.partition("/openai")[0])
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "test-key")
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
        provider = direct("azure/test-model")
        reply = await provider.generate(request(UserMessage("?")))
        await provider.aclose()

        assert "Hi" == reply.message.text
        assert [] == server.refusals
    assert ("azure", "max_completion_tokens") == (
        provider.name,
        provider.endpoint.quirks.limit,
    )


def test_azure_needs_more():
    """What Azure lacks is named, for the environment and for the file."""
    with pytest.raises(ConfigError, match=r"set AZURE_OPENAI_ENDPOINT.* in \[providers\.azure\]"):
        provider_for("azure/x")
    config = configured(wire="azure")
    with pytest.raises(
        ConfigError, match=r"set MINE_BASE_URL, OPENAI_API_VERSION and MINE_API_KEY"
    ):
        provider_for("main", config=config)


FACTORY = """
from lumos_agent.testing import ScriptedProvider, says

GIVEN = {}


def provider(model, *, base_url=None, api_key=None):
    GIVEN.update(base_url=base_url, api_key=api_key)
    made = ScriptedProvider(says("Hi"))
    made.name, made.model = "acme", model
    return made
"""


async def test_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package that is installed brings a provider of its own by an entry point."""
    (tmp_path / "acme_lumos.py").write_text(FACTORY)
    folder = tmp_path / "acme_lumos-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-lumos\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[lumos_agent.providers]\nacme = acme_lumos:provider\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    provider = provider_for("acme/fast")

    assert ("acme", "fast") == (provider.name, provider.model)
    assert "Hi" == (await provider.generate(request(UserMessage("?")))).message.text

    monkeypatch.setenv("K", "secret")
    given = ProviderConfig(base_url="http://file", api_key_env="K")
    provider_for("acme/fast", config=Config(providers={"acme": given}))
    assert {"base_url": "http://file", "api_key": "secret"} == sys.modules["acme_lumos"].GIVEN
    with pytest.raises(
        ConfigError, match="its package takes base_url and a key, nothing else; take headers"
    ):
        provider_for(
            "acme/x", config=Config(providers={"acme": ProviderConfig(headers={"X": "y"})})
        )


def test_limit_that_is_said(monkeypatch: pytest.MonkeyPatch):
    """A quirk that the file says holds, wherever the address is from; OpenAI's own is no other place."""
    settings = ProviderConfig(quirks={"limit": "max_completion_tokens"})
    monkeypatch.setenv("OPENAI_BASE_URL", "http://proxy/v1")
    assert "max_completion_tokens" == endpoint_for("openai", settings).quirks.limit
    assert "max_tokens" == endpoint_for("openai").quirks.limit
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert KNOWN["openai"] == endpoint_for("openai", ProviderConfig(base_url=f"{OPENAI}/"))


def test_name_of_ones_own_by_argument(monkeypatch: pytest.MonkeyPatch):
    """A provider of one's own needs no file: an address is enough, an argument or a variable."""
    assert "http://h/v1" == direct("mybox/llama", base_url="http://h/v1").base_url
    monkeypatch.setenv("MYBOX_BASE_URL", "http://there/v1")
    assert ("mybox", "http://there/v1") == (
        direct("mybox/llama").name,
        direct("mybox/llama").base_url,
    )


def test_forced_litellm_reads_the_provider():
    """What the file says of a provider holds for LiteLLM in front of it, too."""
    config = Config(providers={"openai": ProviderConfig(base_url="http://h", headers={"X": "y"})})
    provider = provider_for("litellm/openai/gpt-5", config=config)

    provider = unwrapped(provider)
    assert isinstance(provider, LiteLLMProvider)
    assert {"api_base": "http://h", "extra_headers": {"X": "y"}} == provider._settings


def test_variable_that_is_not_set():
    """A key that the file names, and the environment lacks, is not replaced by another."""
    config = Config(providers={"cohere": ProviderConfig(api_key_env="TEAM_KEY")})
    with pytest.raises(ConfigError, match="api_key_env is 'TEAM_KEY', which is not set"):
        provider_for("cohere/x", config=config)


def test_openai_elsewhere():
    """OpenAI's new name for the limit, and its need of a key, are its own: not those of another server."""
    there = endpoint_for("openai", ProviderConfig(base_url="http://h/v1"))
    renamed = endpoint_for(
        "openai",
        ProviderConfig(base_url="http://h/v1", quirks={"limit": "max_completion_tokens"}),
    )

    assert (OPENAI, True, "max_completion_tokens") == (
        KNOWN["openai"].base_url,
        KNOWN["openai"].needs_key,
        KNOWN["openai"].quirks.limit,
    )
    assert (False, "max_tokens") == (there.needs_key, there.quirks.limit)
    assert "max_completion_tokens" == renamed.quirks.limit
    assert KNOWN["groq"] == endpoint_for("groq")


def test_two_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of two packages with one name nobody guesses."""
    for name in ("acme_one", "acme_two"):
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[lumos_agent.providers]\nacme = {name}:made\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ConfigError, match="two packages bring the provider 'acme'"):
        provider_for("acme/fast")


def test_variables():
    """The variables are named after the provider."""
    assert ("MY_OWN_API_KEY", "VLLM_BASE_URL") == (
        variable("my-own", "API_KEY"),
        variable("vllm", "BASE_URL"),
    )
