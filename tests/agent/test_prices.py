"""What a model costs, by LiteLLM's list."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lumos_agent import Usage, prices
from lumos_agent.prices import Price, price_of
from lumos_agent.providers import provider_for
from lumos_agent.providers.litellm import load

SHORT = [
    Usage(1_000, 100),
    Usage(1_000, 100, cached_tokens=400, cache_write_tokens=200, reasoning_tokens=60),
]
LONG = [
    Usage(100_001, 9, cached_tokens=1_000, cache_write_tokens=300),
    Usage(128_001, 5, cached_tokens=7),
    Usage(200_000, 9, cached_tokens=7, reasoning_tokens=3),
    Usage(200_001, 9, cached_tokens=100_000, cache_write_tokens=5_000),
    Usage(272_000, 9),
    Usage(600_000, 900, cached_tokens=1_000, cache_write_tokens=77, reasoning_tokens=400),
]
MAKERS = """anthropic azure bedrock_converse cohere_chat deepseek fireworks_ai gemini groq
mistral openai together_ai xai""".split()
"""Whose prices are compared, and Vertex AI's: all take as long as the rest of the tests."""
NAMES = [
    ("openai", "gpt-5", "gpt-5"),
    ("openai", "gpt-4o-mini", "gpt-4o-mini"),
    ("azure", "gpt-5", "azure/gpt-5"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro", "gemini/gemini-2.5-pro"),
    ("deepseek", "deepseek-chat", "deepseek/deepseek-chat"),
    ("mistral", "mistral-large-latest", "mistral/mistral-large-latest"),
    (
        "fireworks",
        "accounts/fireworks/models/deepseek-v3p1",
        "fireworks_ai/accounts/fireworks/models/deepseek-v3p1",
    ),
    (
        "together",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
    ("litellm", "gemini/gemini-2.5-flash", "gemini/gemini-2.5-flash"),
    ("litellm", "openai/gpt-5", "gpt-5"),
]


@pytest.fixture(scope="module")
def litellm() -> Any:
    return load()


def theirs(litellm: Any, key: str, usage: Usage) -> float:
    """What LiteLLM's own code makes of *usage*."""
    types = litellm.types.utils
    counted = types.Usage(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        prompt_tokens_details=types.PromptTokensDetailsWrapper(
            cached_tokens=usage.cached_tokens, cache_creation_tokens=usage.cache_write_tokens
        ),
        completion_tokens_details=types.CompletionTokensDetailsWrapper(
            reasoning_tokens=usage.reasoning_tokens
        ),
        cache_creation_input_tokens=usage.cache_write_tokens,
        cache_read_input_tokens=usage.cached_tokens,
    )
    maker = litellm.model_cost[key]["litellm_provider"]
    parts = litellm.cost_per_token(model=key, custom_llm_provider=maker, usage_object=counted)
    return sum(parts)


def name_of(key: str, maker: str) -> str:
    """How LiteLLM is asked for an entry of its list: by the provider, and the model's name there."""
    provider = {"bedrock_converse": "bedrock", "cohere_chat": "cohere"}.get(maker, maker)
    provider = "vertex_ai" if maker.startswith("vertex_ai-") else provider
    provider = "amazon-nova" if maker == "amazon_nova" else provider
    return key if key.startswith(f"{provider}/") else f"{provider}/{key}"


def comparable(entry: dict[str, Any], usage: Usage) -> bool:
    """Whether LiteLLM's code goes by the list alone: not by the hour, which it does, too, and where
    it halves the price of what Fireworks cached.
    """
    halved = entry["litellm_provider"] == "fireworks_ai" and usage.cached_tokens
    return not (
        "off_peak_pricing" in entry or (halved and "cache_read_input_token_cost" not in entry)
    )


def compared() -> Iterator[tuple[str, Usage, Price]]:
    """The entries that are compared, each with what is used; long prompts where they cost more."""
    for key, raw in prices._loaded().items():
        entry = msgspec.json.decode(raw)
        maker = entry.get("litellm_provider", "")
        known = maker in MAKERS or maker.startswith("vertex_ai-")
        price = price_of("litellm", name_of(key, maker)) if known else None
        if price:
            usages = [*SHORT, *LONG] if price.tiers else SHORT
            yield from ((key, one, price) for one in usages if comparable(entry, one))


def test_like_litellm(litellm: Any):
    """A cost is what LiteLLM's own code makes of the same tokens, for each model that it lists."""
    rows = list(compared())
    differ = [
        (key, usage)
        for key, usage, price in rows
        if theirs(litellm, key, usage) != pytest.approx(price.cost(usage), rel=1e-9)
    ]

    assert [] == differ
    assert len({key for key, _, _ in rows}) > 1_000


def test_all_of_the_list():
    """A model for chats whose prices are listed has one, by the name that LiteLLM is asked for."""
    left: set[str] = set()
    for key, raw in prices._loaded().items():
        entry = msgspec.json.decode(raw)
        both = {"input_cost_per_token", "output_cost_per_token"} <= {*entry}
        if both and entry.get("mode") in prices.CHAT:
            maker = entry["litellm_provider"]
            left |= {maker} if price_of("litellm", name_of(key, maker)) is None else set()

    assert set() == left


@pytest.mark.parametrize(
    ("name", "model", "key"), NAMES, ids=[f"{one[0]} {one[1]}" for one in NAMES]
)
def test_names(litellm: Any, name: str, model: str, key: str):
    """A provider is found in the list by the name that it has here."""
    usage = Usage(1_000, 100)
    price = price_of(name, model)
    assert price

    assert theirs(litellm, key, usage) == pytest.approx(price.cost(usage), rel=1e-9)


def test_every_part():
    """Each kind of token has its price; what is not said costs what it is part of."""
    usage = Usage(100, 50, cached_tokens=30, reasoning_tokens=20, cache_write_tokens=10)
    plain = Price(input=1, output=2)
    full = Price(input=1, output=2, cached=0.5, cache_write=1.25, reasoning=3)

    assert 200 == plain.cost(usage)
    assert 60 + 15 + 12.5 + 60 + 60 == full.cost(usage)


def test_longer_prompts():
    """The price of the longest prompt that is exceeded holds for the whole request."""
    price = Price(
        input=1,
        output=1,
        tiers=((200, Price(input=4, output=4)), (100, Price(input=2, output=2))),
    )

    assert [100, 202, 804] == [price.cost(Usage(n)) for n in (100, 101, 201)]


def test_parts_beyond_the_whole():
    """A server that counts cached or reasoning tokens apart does not make a run cheaper for it."""
    price = Price(input=1, output=2)

    assert 40 + 2 * 30 == price.cost(
        Usage(10, 3, cached_tokens=30, reasoning_tokens=30, cache_write_tokens=10)
    )


def test_not_known():
    """What is not in the list under that provider has no price, and what says nothing no cost."""
    assert price_of("vllm", "gpt-5") is None
    assert price_of("openai", "my-own") is None
    assert price_of("openai", "text-embedding-3-small") is None
    assert Price(input=1, output=1).cost(Usage()) is None


def listed(monkeypatch: pytest.MonkeyPatch, **entries: Any) -> None:
    found = {key: msgspec.Raw(msgspec.json.encode(entry)) for key, entry in entries.items()}
    monkeypatch.setattr(prices, "_loaded", lambda: found)


def test_half_a_price(monkeypatch: pytest.MonkeyPatch):
    """An entry without both prices is none; 0 is one only where the list says it."""
    entry = {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 0}
    listed(monkeypatch, half=entry, free=entry | {"output_cost_per_token": 0})

    assert price_of("x", "half") is None
    free = price_of("x", "free")
    assert free
    assert 0 == free.cost(Usage(9, 9))


def test_where_a_tier_begins(monkeypatch: pytest.MonkeyPatch):
    """The higher price is for prompts beyond its limit; xAI's begins with it."""
    entry = {"mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1}
    entry |= {"input_cost_per_token_above_2k_tokens": 3}
    listed(
        monkeypatch,
        usual=entry | {"litellm_provider": "usual"},
        inclusive=entry | {"litellm_provider": "xai"},
    )
    usual, inclusive = price_of("usual", "usual"), price_of("xai", "inclusive")
    assert usual
    assert inclusive

    assert [2_000, 6_003] == [usual.cost(Usage(n)) for n in (2_000, 2_001)]
    assert [1_999, 6_000] == [inclusive.cost(Usage(n)) for n in (1_999, 2_000)]


def test_more_than_one_tier(monkeypatch: pytest.MonkeyPatch):
    """Of several tiers the dearest that is reached holds; what it leaves out is as without it."""
    entry = {"litellm_provider": "w", "mode": "chat"}
    entry |= {"input_cost_per_token": 1, "output_cost_per_token": 1}
    entry |= {f"input_cost_per_token_above_{kilo}k_tokens": kilo for kilo in (2, 30, 4)}
    listed(monkeypatch, tiered=entry | {"output_cost_per_reasoning_token": 7})
    price = price_of("w", "tiered")
    assert price

    assert [1_000, 6_000, 20_000, 930_000] == [
        price.cost(Usage(n)) for n in (1_000, 3_000, 5_000, 31_000)
    ]
    assert 6_000 + 1 + 2 * 7 == price.cost(Usage(3_000, 3, reasoning_tokens=2))


def test_price_that_varies(monkeypatch: pytest.MonkeyPatch):
    """A negative price, which some lists have for one that varies, is not known."""
    entry = {"litellm_provider": "y", "mode": "chat", "output_cost_per_token": 1}
    listed(monkeypatch, router=entry | {"input_cost_per_token": -1})

    assert price_of("y", "router") is None


@pytest.mark.parametrize("text", ["[]", '{"mode": }', "7", '{"a": "\xff"}', "[" * 9])
def test_broken_entry(text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    """An entry that cannot be read is a line of the log; the others are as they were."""
    good = {"litellm_provider": "z", "mode": "chat"}
    good |= {"input_cost_per_token": 1, "output_cost_per_token": 1}
    found = {
        "bad": msgspec.Raw(text.encode("latin-1")),
        f"good {text}": msgspec.Raw(msgspec.json.encode(good)),
    }
    monkeypatch.setattr(prices, "_loaded", lambda: found)
    price_of.cache_clear()

    assert price_of("z", "bad") is None
    assert price_of("z", "bad") is None
    assert price_of("z", f"good {text}")
    assert ["the price of bad cannot be read"] == [
        record.getMessage().partition(",")[0] for record in caplog.records
    ]


@pytest.mark.parametrize("fault", ["missing", "broken", "no text", "no package", "half imported"])
def test_no_list(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Without a list that can be read nothing is known, and a line of the log says why."""
    place: Any = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})

    def find_spec(name: str) -> Any:
        if fault == "half imported":
            raise ValueError(f"{name}.__spec__ is None")
        return None if fault == "no package" else place

    monkeypatch.setattr(prices, "find_spec", find_spec)
    if fault in ("broken", "no text"):
        (tmp_path / prices.FILE).write_bytes(b"{" if fault == "broken" else b'{"\xff": 1}')
    prices._loaded.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, "lumos_agent"):
            assert price_of("openai", f"unknown {fault}") is None
            assert price_of("openai", f"unknown, too, {fault}") is None
    finally:
        prices._loaded.cache_clear()

    assert ["no price list"] == [one.getMessage().partition(",")[0] for one in caplog.records]


def test_of_a_provider():
    """A provider has the price of its model where it is at its own address, else none."""
    known: Any = provider_for("openai/gpt-5", api_key="k")
    own: Any = provider_for("openai/gpt-5", api_key="k", base_url="http://localhost:1/v1")
    through: Any = provider_for("litellm/gemini/gemini-2.5-pro", api_key="k")
    elsewhere: Any = provider_for("litellm/openai/gpt-5", base_url="http://localhost:1/v1")

    assert price_of("openai", "gpt-5") == known.price
    assert own.price is None
    assert price_of("gemini", "gemini-2.5-pro") == through.price
    assert elsewhere.price is None
