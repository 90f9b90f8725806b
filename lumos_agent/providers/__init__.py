"""Who answers: a provider by the name of its model."""

import os
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from msgspec.structs import replace

from lumos_agent.config import OFFLINE, Config, ModelConfig, ProviderConfig, Quirks
from lumos_agent.errors import ConfigError
from lumos_agent.providers.base import Provider
from lumos_agent.providers.endpoints import KNOWN, Endpoint, endpoint_for, variable

GROUP = "lumos_agent.providers"
"""The entry points of packages that bring a provider: `NAME = "module:factory"`."""


def provider_for(
    model: str | Provider,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    config: Config = Config(),
) -> Provider:
    """The provider of *model*: an alias of *config*, `provider/model`, `offline`, or one as it is.

    `provider` is one of *config*, else built in, else of an installed package, else LiteLLM's. Raises
    `ConfigError` for a name that cannot be one; whether LiteLLM knows it, it says when it is loaded.
    """
    if not isinstance(model, str):
        if base_url or api_key:
            raise ConfigError(
                "base_url= and api_key= go with a model's name; a provider has its own"
            )
        return model
    chosen = config.chosen(model)
    if chosen.use == OFFLINE:
        from lumos_agent.providers.offline import OfflineProvider

        return OfflineProvider()
    name, _, rest = chosen.use.partition("/")
    settings = config.providers.get(name, ProviderConfig())
    if name == "litellm" and name not in config.providers:  # which speaks with the next one
        settings = config.providers.get(rest.partition("/")[0], settings)
        settings = replace(settings, wire="litellm")
    setting = _Setting(rest, name, settings, base_url, api_key, _quirks(chosen, config))
    match settings.wire or _usual_wire(name, settings, base_url):
        case "azure":
            return _azure(setting)
        case "package":
            return _of_package(setting)
        case "litellm":
            return _litellm(setting)
        case _:
            return _direct(setting)


class _Setting(NamedTuple):
    """A model, and all that is said of it."""

    model: str
    name: str
    settings: ProviderConfig
    base_url: str | None
    api_key: str | None
    quirks: dict[str, Any]


def _usual_wire(name: str, settings: ProviderConfig, base_url: str | None) -> str:
    """What is spoken with the provider *name*, where nobody says it."""
    if name in ("azure", "litellm"):
        return name
    if name in KNOWN:
        return "direct"
    if entry_points(group=GROUP, name=name):
        return "package"
    address = base_url or os.environ.get(variable(name, "BASE_URL")) or settings.base_url
    return "direct" if address else "litellm"


def _quirks(chosen: ModelConfig, config: Config) -> dict[str, Any]:
    """How *chosen* differs from its endpoint."""
    quirks = dict(chosen.quirks)
    if chosen.tools:
        quirks["tools"] = chosen.tools
    if not config.features.streaming:
        quirks["stream"] = False
    return quirks


def _direct(given: _Setting) -> Provider:
    from lumos_agent.providers.direct import DirectProvider

    endpoint = endpoint_for(
        given.name, given.settings, base_url=given.base_url, quirks=given.quirks
    )
    provider = DirectProvider(
        given.model, name=given.name, api_key=given.api_key, endpoint=endpoint
    )
    return _with_text(provider, endpoint.quirks)


def _azure(given: _Setting) -> Provider:
    """Azure's paths, versions and keys are the `openai` package's to know."""
    from openai import AsyncAzureOpenAI

    from lumos_agent.providers.direct import DirectProvider

    name, settings = given.name, given.settings
    place, named = variable(name, "BASE_URL"), settings.api_key_env or variable(name, "API_KEY")
    if name == "azure":  # as the package has it
        place, named = "AZURE_OPENAI_ENDPOINT", settings.api_key_env or "AZURE_OPENAI_API_KEY"
    address = given.base_url or os.environ.get(place) or settings.base_url
    version = settings.api_version or os.environ.get("OPENAI_API_VERSION")
    key = given.api_key or os.environ.get(named)
    if not (address and version and key):
        raise ConfigError(
            f"{name}/{given.model}: Azure needs an address, an API version and a key; set {place}, "
            f"OPENAI_API_VERSION and {named}, or base_url, api_version and api_key_env in "
            f"[providers.{name}]"
        )
    quirks: dict[str, Any] = {"limit": "max_completion_tokens", **settings.quirks, **given.quirks}
    provider = DirectProvider(
        given.model,
        name=name,
        endpoint=Endpoint(quirks=Quirks(**quirks)),
        client=AsyncAzureOpenAI(
            azure_endpoint=address,
            api_version=version,
            api_key=key,
            default_headers=settings.headers,
        ),
    )
    return _with_text(provider, provider.endpoint.quirks)


def _of_package(given: _Setting) -> Provider:
    """What an installed package brings: called with the model, `base_url` and `api_key`."""
    name, settings = given.name, given.settings
    if settings.headers or settings.quirks or given.quirks:
        raise ConfigError(
            f"{name}/{given.model}: its package takes base_url and a key, nothing else; take headers, "
            f"quirks and tools out of [providers.{name}] and its models, and streaming = false out of "
            "[features]"
        )
    entry, *others = entry_points(group=GROUP, name=name)
    if others:
        raise ConfigError(f"two packages bring the provider {name!r}; take one of them away")
    key, address = _key_of(given), given.base_url or settings.base_url
    try:
        factory: Callable[..., Provider] = entry.load()
        return factory(given.model, base_url=address, api_key=key)
    except Exception as error:
        raise ConfigError(
            f"the provider {name!r} of an installed package fails: {entry.value}: "
            f"{type(error).__name__}: {error}; mend or remove that package"
        ) from error


def _key_of(given: _Setting) -> str | None:
    """The key: an argument, or that of the variable that the file names, which must be there then."""
    named = given.settings.api_key_env
    if given.api_key or not named:
        return given.api_key
    if not (key := os.environ.get(named)):
        raise ConfigError(
            f"{given.name}/{given.model}: api_key_env is {named!r}, which is not set; export it"
        )
    return key


def _litellm(given: _Setting) -> Provider:
    from lumos_agent.providers.litellm import LiteLLMProvider

    settings = given.settings
    provider = LiteLLMProvider(
        given.model,
        name=given.name,
        base_url=given.base_url or settings.base_url,
        api_key=_key_of(given),
        headers=settings.headers,
        quirks=settings.quirks | given.quirks,
    )
    return _with_text(provider, provider.quirks)


def _with_text(provider: Provider, quirks: Quirks) -> Provider:
    """*provider*, whose model may write its calls into its text."""
    if quirks.tools == "native":
        return provider
    from lumos_agent.providers.text_mode import TextMode

    return TextMode(provider, auto=quirks.tools == "auto")
