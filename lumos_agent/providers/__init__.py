"""Who answers: a provider by the name of its model."""

from lumos_agent.errors import ConfigError
from lumos_agent.providers.base import Provider


def provider_for(
    model: str | Provider, *, base_url: str | None = None, api_key: str | None = None
) -> Provider:
    """The provider of *model*: `offline`, `openai/NAME`, or a provider as it is.

    Raises `ConfigError` for a name that no provider has.
    """
    if not isinstance(model, str):
        if base_url or api_key:
            raise ConfigError(
                "base_url= and api_key= go with a model's name; a provider has its own"
            )
        return model
    if model == "offline":
        from lumos_agent.providers.offline import OfflineProvider

        return OfflineProvider()
    name, _, rest = model.partition("/")
    if name == "openai" and rest:
        from lumos_agent.providers.direct import DirectProvider

        return DirectProvider(rest, base_url=base_url, api_key=api_key)
    raise ConfigError(
        f"no provider for the model {model!r}; use 'openai/NAME', for example 'openai/gpt-5', which "
        "goes to any OpenAI-compatible server with base_url (an argument, or in lumos.toml), or 'offline'"
    )
