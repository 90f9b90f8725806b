"""Where known providers are, and how each differs, as data.

Addresses and differences are from each provider's reference, as of 2026; `lumos.toml` overrides them.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from lumos_agent.config import ProviderConfig, Quirks
from lumos_tools.dialects import DIALECTS, DialectName


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
    dialects: tuple[tuple[str, DialectName], ...] = ()
    """How it wants the schemas of tools, by its models: the first pattern that fits a name whole."""

    def dialect(self, model: str) -> DialectName:
        """How *model* is shown the schemas of tools."""
        if self.quirks.dialect:
            return self.quirks.dialect
        for pattern, dialect in self.dialects:
            if re.fullmatch(pattern, model):
                return dialect
        return "anthropic" if self.wire == "anthropic" else "openai"


def _remote(base_url: str, **quirks: Any) -> Endpoint:
    return Endpoint(base_url=base_url, needs_key=True, quirks=Quirks(**quirks))


def _local(port: int, **quirks: Any) -> Endpoint:
    return Endpoint(base_url=f"http://localhost:{port}/v1", quirks=Quirks(**quirks))


OPENAI = "https://api.openai.com/v1"
OLD_GPT = r"(?:ft:)?(?:gpt-3.*|gpt-4|gpt-4-.*|gpt-4o-2024-05-13.*|chatgpt-.*)"
"""OpenAI's models from before strict function calling, which came with gpt-4o-2024-08-06."""
STRICT_CLAUDE = r"claude-(?:fable|mythos|haiku|sonnet|opus)-(?:4-[5-9]|[5-9])(?:-.*)?"
"""Anthropic's models with strict tool use: Claude 4.5 and later."""
UNSIGNED = {"extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}}
"""What Gemini takes for the signature of a call that it did not make: its guide to thought signatures."""

KNOWN: dict[str, Endpoint] = {
    "openai": Endpoint(
        base_url=OPENAI,
        needs_key=True,
        quirks=Quirks(limit="max_completion_tokens"),
        dialects=((OLD_GPT, "openai"), (".*", "openai-strict")),
    ),
    "anthropic": Endpoint(
        base_url="https://api.anthropic.com",
        wire="anthropic",
        needs_key=True,
        quirks=Quirks(call_ids="[a-zA-Z0-9_-]+"),
        dialects=((STRICT_CLAUDE, "anthropic-strict"),),
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
        dialect="gemini",
    ),
    "groq": _remote("https://api.groq.com/openai/v1", dialect="groq"),
    "mistral": _remote(
        "https://api.mistral.ai/v1",
        stream_usage=False,
        seed="random_seed",
        call_ids="[a-zA-Z0-9]{9}",
        dialect="mistral",
    ),
    "openrouter": _remote("https://openrouter.ai/api/v1", echo=("reasoning_details",)),
    "together": _remote("https://api.together.xyz/v1"),
    "xai": _remote("https://api.x.ai/v1"),
    "llamacpp": _local(8080, dialect="llamacpp"),
    "lmstudio": _local(1234),
    "ollama": _local(11434),
    "vllm": _local(8000, dialect="vllm"),
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
    """*endpoint* at another address: it may want no key, no strict tools, nor OpenAI's new name for the
    limit.
    """
    quirks = endpoint.quirks
    if endpoint.base_url == OPENAI:
        quirks = msgspec.structs.replace(quirks, limit="max_tokens")
    hints = tuple((pattern, DIALECTS[name].hints) for pattern, name in endpoint.dialects)
    return msgspec.structs.replace(endpoint, needs_key=False, quirks=quirks, dialects=hints)


def variable(name: str, what: Literal["API_KEY", "BASE_URL"]) -> str:
    """The environment variable with the key or the address of the provider *name*."""
    return f"{re.sub('[^A-Za-z0-9]', '_', name).upper()}_{what}"
