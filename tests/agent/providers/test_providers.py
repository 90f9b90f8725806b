"""A provider by the name of its model."""

import pytest

from lumos_agent import ConfigError
from lumos_agent.providers import provider_for
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.testing import ScriptedProvider


def test_by_name():
    """`offline` and `openai/NAME` are built in; the name may have slashes of its own."""
    direct = provider_for("openai/meta/llama-4", base_url="http://h/v1")

    assert isinstance(provider_for("offline"), OfflineProvider)
    assert isinstance(direct, DirectProvider)
    assert ("openai", "meta/llama-4") == (direct.name, direct.model)


def test_itself():
    """A provider is itself; settings that it would ignore are refused."""
    provider = ScriptedProvider()

    assert provider is provider_for(provider)
    with pytest.raises(ConfigError, match="a provider has its own"):
        provider_for(provider, api_key="k")


@pytest.mark.parametrize("model", ["gpt-5", "openai/", "nobody/gpt", "", "/x"])
def test_unknown(model: str):
    """A name that no provider has is refused, with what may be used instead."""
    with pytest.raises(ConfigError, match="for example 'openai/gpt-5'"):
        provider_for(model)
