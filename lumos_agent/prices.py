"""What a model costs, by the price list in LiteLLM's package: read as a file, nothing is imported."""

import logging
import re
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from lumos_agent.messages import Usage

logger = logging.getLogger("lumos_agent")
FILE = "model_prices_and_context_window_backup.json"
CHAT = ("chat", "completion", "responses")
THEIRS = {"together": "together_ai", "fireworks": "fireworks_ai"}
"""What LiteLLM calls those providers that have another name here."""
ALSO = {"amazon-nova": "amazon_nova", "bedrock": "bedrock_converse", "cohere": "cohere_chat"}
"""What the list has some models of a provider under, beside the name by which it is asked."""
FROM_THE_LIMIT = ("xai",)
"""Those whose higher price begins with a prompt of just so many tokens, not beyond them."""
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
TIER = re.compile(r"(input|output)_cost_per_token_above_(\d+)k_tokens")

_lock = threading.Lock()


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars a token of one model. Cached, written and reasoning tokens cost what they are part
    of, where the list does not say otherwise.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None
    tiers: "tuple[tuple[int, Price], ...]" = ()
    """What holds for prompts of more than so many tokens, the longest first."""

    def cost(self, usage: Usage) -> float | None:
        """US dollars for *usage*; None if it says nothing."""
        if not (usage.input_tokens or usage.output_tokens):
            return None
        tiers = (dearer for limit, dearer in self.tiers if usage.input_tokens > limit)
        return next(tiers, self)._sum(usage)

    def _sum(self, usage: Usage) -> float:
        cached, written, thought = (
            usage.cached_tokens,
            usage.cache_write_tokens,
            usage.reasoning_tokens,
        )
        read, said = usage.input_tokens - cached - written, usage.output_tokens - thought
        return (
            max(read, 0) * self.input  # a server may count parts that are more than their whole
            + cached * (self.input if self.cached is None else self.cached)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + max(said, 0) * self.output
            + thought * (self.output if self.reasoning is None else self.reasoning)
        )


@cache
def price_of(name: str, model: str) -> Price | None:
    """The price of *model* of the provider *name*, as Lumos calls it; None if it is not listed.

    With the name `litellm`, *model* has LiteLLM's own name of both.
    """
    provider, model = _theirs(name, model)
    return _read(_found(provider, model), from_the_limit=provider in FROM_THE_LIMIT)


@cache
def context_of(name: str, model: str) -> int | None:
    """How many tokens *model* reads, found as its price is; None if it is not listed."""
    size = _found(*_theirs(name, model)).get("max_input_tokens")
    return size if isinstance(size, int) and size > 0 else None


def _theirs(name: str, model: str) -> tuple[str, str]:
    """What LiteLLM calls the provider and the model."""
    if name == "litellm":
        name, _, model = model.partition("/")
    return THEIRS.get(name, name), model


def _found(provider: str, model: str) -> dict[str, object]:
    """What the list says of a model; nothing if it is not there."""
    for key in (f"{provider}/{model}", model):
        entry = _entry(key)
        if _is_of(provider, entry) and entry.get("mode") in CHAT:
            return entry
    return {}


def _entry(key: str) -> dict[str, object]:
    """What the list says of *key*; nothing if it is not there or cannot be read."""
    found = _listed().get(key)
    try:
        return {} if found is None else msgspec.json.decode(found, type=dict[str, object])
    except UNREADABLE as error:
        logger.warning("the price of %s cannot be read, so it is not known: %s", key, error)
        return {}


def _is_of(provider: str, entry: dict[str, object]) -> bool:
    """Whether *entry* is a model that *provider* is asked for; Vertex AI has a name a maker."""
    said = str(entry.get("litellm_provider"))
    whose = "vertex_ai" if said.startswith("vertex_ai-") else said
    return whose in (provider, ALSO.get(provider))


def _listed() -> dict[str, msgspec.Raw]:
    with _lock:
        return _loaded()


@cache
def _loaded() -> dict[str, msgspec.Raw]:
    """Every entry of the list, not decoded yet: 3 MB, about 8 ms."""
    try:
        spec = find_spec("litellm")
        places = spec.submodule_search_locations if spec else None
        data = Path((places or ["?"])[0], FILE).read_bytes()
        return msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (OSError, *UNREADABLE) as error:
        logger.warning("no price list, so costs are not known: %s", error)
        return {}


def _read(entry: dict[str, object], *, from_the_limit: bool) -> Price | None:
    """The price that *entry* says, with what it says of longer prompts."""
    base = _at(entry, "", None)
    if base is None:
        return None
    limits = {int(found[2]) for found in map(TIER.fullmatch, entry) if found}
    dearer = [
        (kilo * 1000 - from_the_limit, _at(entry, f"_above_{kilo}k_tokens", base))
        for kilo in limits
    ]
    tiers = sorted((one for one in dearer if one[1]), key=lambda one: -one[0])
    return msgspec.structs.replace(base, tiers=tuple(tiers))


def _at(entry: dict[str, object], suffix: str, base: Price | None) -> Price | None:
    """The price under the keys that end so; what they leave out is *base*'s."""

    def said(key: str, usual: float | None) -> float | None:
        value = entry.get(key + suffix)
        return float(value) if isinstance(value, int | float) and value >= 0 else usual

    read = said("input_cost_per_token", base.input if base else None)
    wrote = said("output_cost_per_token", base.output if base else None)
    if read is None or wrote is None:
        return None
    return Price(
        input=read,
        output=wrote,
        cached=said("cache_read_input_token_cost", base.cached if base else None),
        cache_write=said("cache_creation_input_token_cost", base.cache_write if base else None),
        reasoning=said("output_cost_per_reasoning_token", base.reasoning if base else None),
    )
