"""Where known providers are, and how each differs, as data.

Addresses and differences are from each provider's reference, as of 2026; `lumos.toml` overrides them.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from lumos_agent.config import ProviderConfig, Quirks


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is reached directly."""

    base_url: str = ""
    wire: Literal["openai", "anthropic"] = "openai"
    needs_key: bool = False
    """Whether it refuses all who have none."""
    api_key_env: str | None = None
    """The variable of the key, where it is not `NAME_API_KEY`."""
    headers: dict[str, str] = {}
    quirks: Quirks = Quirks()


def _remote(base_url: str, **quirks: Any) -> Endpoint:
    return Endpoint(base_url=base_url, needs_key=True, quirks=Quirks(**quirks))


def _local(port: int) -> Endpoint:
    return Endpoint(base_url=f"http://localhost:{port}/v1")


OPENAI = "https://api.openai.com/v1"
UNSIGNED = {"extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}}
"""What Gemini takes for the signature of a call that it did not make: its guide to thought signatures."""

KNOWN: dict[str, Endpoint] = {
    "openai": _remote(OPENAI, limit="max_completion_tokens"),
    "anthropic": Endpoint(
        base_url="https://api.anthropic.com",
        wire="anthropic",
        needs_key=True,
        quirks=Quirks(call_ids="[a-zA-Z0-9_-]+"),
    ),
    "deepseek": _remote(
        "https://api.deepseek.com/v1",
        echo=("reasoning_content",),
        foreign_reply={"reasoning_content": ""},
    ),
    "fireworks": _remote("https://api.fireworks.ai/inference/v1"),
    "gemini": _remote(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        echo=("extra_content",),
        foreign_call=UNSIGNED,
        call_ids=".+",
    ),
    "groq": _remote("https://api.groq.com/openai/v1"),
    "mistral": _remote(
        "https://api.mistral.ai/v1",
        stream_usage=False,
        seed="random_seed",
        call_ids="[a-zA-Z0-9]{9}",
    ),
    "openrouter": _remote("https://openrouter.ai/api/v1", echo=("reasoning_details",)),
    "together": _remote("https://api.together.xyz/v1"),
    "xai": _remote("https://api.x.ai/v1"),
    "llamacpp": _local(8080),
    "lmstudio": _local(1234),
    "ollama": _local(11434),
    "vllm": _local(8000),
}


def endpoint_for(
    name: str,
    settings: ProviderConfig = ProviderConfig(),
    *,
    base_url: str | None = None,
    quirks: Mapping[str, Any] | None = None,
) -> Endpoint:
    """The endpoint of the provider *name*: what is known of it, and what is said of it over that.

    The address is *base_url*, else the variable `NAME_BASE_URL`, else that of *settings*; *quirks* are
    nearer than those of *settings*.
    """
    known = KNOWN.get(name, Endpoint())
    said = base_url or os.environ.get(variable(name, "BASE_URL")) or settings.base_url
    address = (said or known.base_url).rstrip("/")
    if address != known.base_url:
        known = elsewhere(known)
    return msgspec.structs.replace(
        known,
        base_url=address,
        wire=settings.wire if settings.wire in ("openai", "anthropic") else known.wire,
        api_key_env=settings.api_key_env,
        headers=settings.headers,
        quirks=msgspec.structs.replace(known.quirks, **{**settings.quirks, **(quirks or {})}),
    )


def elsewhere(endpoint: Endpoint) -> Endpoint:
    """*endpoint* at another address: it may want no key, nor OpenAI's new name for the limit."""
    quirks = endpoint.quirks
    if endpoint.base_url == OPENAI:
        quirks = msgspec.structs.replace(quirks, limit="max_tokens")
    return msgspec.structs.replace(endpoint, needs_key=False, quirks=quirks)


def variable(name: str, what: Literal["API_KEY", "BASE_URL"]) -> str:
    """The environment variable with the key or the address of the provider *name*."""
    return f"{re.sub('[^A-Za-z0-9]', '_', name).upper()}_{what}"
