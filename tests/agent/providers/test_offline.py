"""The embedded stand-in."""

from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

import lumos_agent.providers.offline
from lumos_agent import Agent, GenerateOptions, Provider, Request, UserMessage
from lumos_agent.messages import ToolCall
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.testing.provider_contract import ProviderContract, opened
from lumos_tools import ToolError, ToolRegistry, function_tool


class TestOfflineProvider(ProviderContract):
    """It does what every provider must."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return opened(OfflineProvider())


class Metal(Enum):
    GOLD = "gold"
    RED_BRASS = "red brass"


@function_tool
def melting_point(metal: Metal) -> int:
    """At what temperature a metal melts."""
    return {"gold": 1064}.get(metal.value, 1000)


@function_tool
def send_letter(recipient: str, pages: int, express: bool = False) -> str:
    """Send a letter of some pages to a recipient."""
    return f"{recipient} {pages} {express}"


@function_tool
def average(values: list[float]) -> float:
    """The average of some values."""
    return sum(values) / len(values)


@function_tool
def bookings(day: date, guests: Annotated[int, Field(ge=1, le=9)] = 2) -> str:
    """Tables that are booked on a day."""
    return f"{day} {guests}"


@function_tool
def read_page(path: str) -> str:
    """Read the page of a handbook."""
    raise ToolError(f"no page {path}")


@function_tool
def rainfall(year: int, month: Annotated[int, Field(ge=1, le=12)]) -> str:
    """How much rain fell in a month of a year."""
    return f"{year}-{month}"


@function_tool
def ship(
    order: Annotated[str, Field(pattern="^[A-Z]{2}[0-9]+$")], weight: Decimal | None = None
) -> str:
    """Ship an order."""
    return f"{order} {weight}"


TOOLS = [melting_point, send_letter, average, bookings, read_page, rainfall, ship]


async def asked(prompt: str, **options: Any) -> str:
    result = await Agent("offline", tools=TOOLS).generate(prompt, **options)
    return result.text.partition("\n(offline")[0]


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("At which temperature does gold melt?", "1064"),
        ("Melting point of red brass, please", "1000"),
        ("Send a letter of 3 pages to Ada Lovelace", "Ada Lovelace 3 False"),
        ('Please send an express letter to "the mayor" with 12 pages', "the mayor 12 True"),
        ("What is the average of 1, 2.5 and -0.5?", "1.0"),
        ("Which tables are booked on 2026-05-04?", "2026-05-04 2"),
        ("Bookings for 5 guests on May 4th, 2026?", "2026-05-04 5"),
        ("Bookings on 4 May 2026 for 99 guests?", "2026-05-04 2"),
        ("Read page docs/intro.md of the handbook", "no page docs/intro.md"),
        ("How much rain fell in March 2014?", "2014-3"),
        ("How much rain fell in month 3 of 2014?", "2014-3"),
        ("Ship order AB12 now", "AB12 None"),
        ("Ship the order AB12, weight 2.5 kg", "AB12 2.5"),
    ],
)
async def test_fills_in(prompt: str, answer: str):
    """The tool that fits is called with what the prompt says, by its schema."""
    assert answer == await asked(prompt)


@pytest.mark.parametrize("prompt", ["Write a poem about the sea", "hello", "?"])
async def test_nothing_fits(prompt: str):
    """When nothing fits it says what it is, and what to set for a real model."""
    answer = await asked(prompt)

    assert answer.startswith("I am Lumos' offline stand-in and only call tools; none fits")
    assert "lumos.toml" in answer
    assert "OPENAI_API_KEY" in answer


async def test_something_missing():
    """A tool that fits, but whose arguments are not in the prompt, is named."""
    assert "bookings needs what the question lacks" in await asked("Show me the bookings")


async def test_tool_choice():
    """It keeps to the tool choice, as a model must."""
    assert "none fits" in await asked("Melting point of gold?", tool_choice="none")
    assert "2026-01-02 2" == await asked("Gold on 2026-01-02?", tool_choice="bookings")


async def test_no_tools():
    """Without tools it can only say so."""
    assert "none fits" in (await Agent("offline").generate("hello")).text


async def test_deterministic():
    """The same request gets the same reply, ids and all."""
    request = Request(messages=[UserMessage("Does gold melt?")], tools=ToolRegistry(*TOOLS))
    replies = [await OfflineProvider().generate(request) for _ in range(3)]

    assert replies[0] == replies[1] == replies[2]
    assert (ToolCall("call_0", "melting_point", {"metal": "gold"}),) == replies[0].message.calls
    assert GenerateOptions() == request.options


def test_short():
    """It stays a stand-in: at most 150 lines."""
    path = Path(lumos_agent.providers.offline.__file__)

    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def test_choice_is_a_word():
    """Choices of one letter are found as words, not inside others."""

    @function_tool
    def grade(mark: Literal["A", "B"]) -> str:
        """What a mark in school means."""
        return mark

    result = Agent("offline", tools=[grade]).generate_sync("What does the school mark B mean?")

    assert result.text.startswith("B\n")
