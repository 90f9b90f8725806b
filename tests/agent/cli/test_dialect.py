"""`lumos tools --for` shows what a provider is shown, what is lost, and why."""

import json

import pytest

from lumos_agent.cli.dialect import dialect_named
from tests.agent.cli.conftest import Command


def test_strict(lumos: Command) -> None:
    """A strict tool: the reason, each loss with what it means, and the schema."""
    code, out, _ = lumos("tools", "--tools", "weather.py", "--for", "openai")
    head, *losses, schema = out.split("\n", 3)

    assert 0 == code
    assert (
        "get_weather (OpenAI, strict function calling, strict: the model can say all that it takes)"
        == head
    )
    assert [
        "  #/properties/unit default: said in words",
        "  #/properties/unit required: null where it is left out",
    ] == losses
    assert ["city", "unit"] == json.loads(schema)["required"]


def test_hints(lumos: Command) -> None:
    """A dialect of hints has no reasons, and here no losses."""
    _, out, _ = lumos("tools", "--tools", "weather.py", "--for", "mistral")

    assert out.startswith("get_weather (Mistral, function calling, hints)\n{")


def test_losses_that_matter(lumos: Command) -> None:
    """A loss says whether the model can say more than the tool takes."""
    _, out, _ = lumos("tools", "--for", "anthropic")

    assert "said in words; the model can say what the tool refuses" in out


def test_json(lumos: Command) -> None:
    """--json has all of it."""
    _, out, _ = lumos("tools", "--tools", "weather.py", "--for", "openai", "--json")
    (one,) = json.loads(out)

    assert ("get_weather", "openai-strict", True) == (one["name"], one["dialect"], one["strict"])
    assert [True, True] == [loss["exact"] for loss in one["losses"]]


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("anthropic", "anthropic-strict"),
        ("anthropic/claude-3-5-haiku-latest", "anthropic"),
        ("openai/gpt-4-turbo", "openai"),
        ("vllm", "vllm"),
        ("ollama", "openai"),
        ("gemini-openapi", "gemini-openapi"),
    ],
)
def test_names(name: str, dialect: str) -> None:
    """A provider's newest models are meant, a model by its name, or a dialect."""
    assert dialect == dialect_named(name)


def test_unknown(lumos: Command) -> None:
    """What is none of them is told, with the nearest or all that there are."""
    code, _, err = lumos("tools", "--for", "antropic")
    _, _, other = lumos("tools", "--for", "x/y")

    assert 2 == code
    assert "'antropic' is neither a dialect nor a provider; did you mean 'anthropic'?" in err
    assert "known: openai, openai-strict" in other
