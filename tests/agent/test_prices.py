"""What a model costs, by LiteLLM's list."""

import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lumos_agent import Usage, prices
from lumos_agent.prices import Price, price_of
from lumos_agent.providers import provider_for
from lumos_agent.providers.litellm import load

USAGES = [
    Usage(1_000, 100),
    Usage(1_000, 100, cached_tokens=400),
    Usage(250_000, 10, cached_tokens=1_000),
    Usage(300_000, 900),
]
MODELS = [
    ("openai", "gpt-5", "gpt-5"),
    ("openai", "gpt-4o-mini", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro", "gemini/gemini-2.5-pro"),
    ("deepseek", "deepseek-chat", "deepseek/deepseek-chat"),
    ("mistral", "mistral-large-latest", "mistral/mistral-large-latest"),
    ("litellm", "gemini/gemini-2.5-flash", "gemini/gemini-2.5-flash"),
    (
        "together",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    ),
]


@pytest.mark.parametrize(("name", "model", "theirs"), MODELS, ids=[one[2] for one in MODELS])
@pytest.mark.parametrize("usage", USAGES, ids=str)
def test_like_litellm(name: str, model: str, theirs: str, usage: Usage):
    """A cost is what LiteLLM's own code makes of the same tokens."""
    price = price_of(name, model)
    assert price
    parts = load().cost_per_token(
        model=theirs,
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        cache_read_input_tokens=usage.cached_tokens,
    )

    assert sum(parts) == pytest.approx(price.cost(usage), rel=1e-9)


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


@pytest.mark.parametrize("fault", ["missing", "broken", "no package"])
def test_no_list(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Without a list that can be read nothing is known, and a line of the log says why."""
    place: Any = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(prices, "find_spec", lambda name: None if fault == "no package" else place)
    if fault == "broken":
        (tmp_path / prices.FILE).write_text("{")
    prices._loaded.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, "lumos_agent"):
            assert price_of("openai", f"unknown {fault}") is None
    finally:
        prices._loaded.cache_clear()

    assert "no price list, so costs are not known" in caplog.text


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
