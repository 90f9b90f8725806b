"""Ask about the weather in Seattle from 2012 to 2015: tools over real data, and who calls them.

    python examples/weather.py
    python examples/weather.py "Compare 2012 with 2015." --model openai/gpt-5

The model "offline" needs no key and no network: it is a stand-in that matches words.
"""

import argparse
import asyncio
import csv
import sys
from collections.abc import Sequence
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from lumos_agent import Agent, LumosError, Provider, TextDelta, ToolCallComplete, ToolCallStart
from lumos_tools import FunctionSchema, ToolError, function_tool

DATA = Path(__file__).parent / "data" / "seattle_weather.csv"
QUESTIONS = (
    "Which was the hottest day of 2014?",
    "How much rain fell in November 2012?",
    "How many days of snow were there in 2012?",
)

# The tools. What a model may ask for is in the type hints, and what for in the docstrings.

Year = Annotated[int, Field(ge=2012, le=2015)]
Month = Annotated[int, Field(ge=1, le=12)]


@function_tool
def weather_on(day: date) -> str:
    """Tell what the weather was like on one day: temperatures, rain and wind."""
    for one in days(day.year):
        if one.date == day:
            return str(one)
    raise ToolError(f"nothing is known of {day}, only of 2012-01-01 to 2015-12-31")


@function_tool
def rainfall(year: Year, month: Month | None = None) -> str:
    """Sum up how much rain fell in a month or a whole year, in millimetres.

    Args:
        month: Leave it out for the whole year.
    """
    when = f"{year}-{month:02}" if month else f"{year}"
    return f"{sum(day.rain for day in days(year, month)):.1f} mm of rain fell in {when}"


@function_tool
def extreme_day(kind: Literal["hottest", "coldest", "wettest", "windiest"], year: Year) -> str:
    """Find the most extreme day of a year: the hottest, coldest, wettest or windiest one."""
    column = {"hottest": "high", "coldest": "low", "wettest": "rain", "windiest": "wind"}[kind]
    extreme = min if kind == "coldest" else max
    value = extreme(getattr(day, column) for day in days(year))
    return "\n".join(str(day) for day in days(year) if getattr(day, column) == value)


@function_tool
def compare_years(first: Year, second: Year) -> dict[int, str]:
    """Compare two years: the rain, and how hot the days were on average."""
    return {
        year: f"{sum(day.rain for day in days(year)):.1f} mm of rain, "
        f"{mean(day.high for day in days(year)):.1f} °C mean daily high"
        for year in (first, second)
    }


class Weather(Enum):
    DRIZZLE = "drizzle"
    FOG = "fog"
    RAIN = "rain"
    SNOW = "snow"
    SUN = "sun"


class CountDays(FunctionSchema, name="count_days"):
    """Count the days of a year that had drizzle, fog, rain, snow or sun for their weather."""

    weather: Weather
    year: Year

    def run(self) -> str:
        count = sum(day.weather == self.weather for day in days(self.year))
        return f"{count} days of {self.weather.value} in {self.year}"


TOOLS = (weather_on, rainfall, extreme_day, compare_years, CountDays)

# The data.


class Day(NamedTuple):
    date: date
    rain: float
    high: float
    low: float
    wind: float
    weather: Weather

    def __str__(self) -> str:
        rest = f"{self.rain} mm of rain, wind {self.wind} m/s, {self.weather.value}"
        return f"{self.date}: {self.low} to {self.high} °C, {rest}"


def days(year: int, month: int | None = None) -> list[Day]:
    return [day for day in _all() if day.date.year == year and month in (None, day.date.month)]


@cache
def _all() -> tuple[Day, ...]:
    with DATA.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return tuple(
        Day(_date(day), float(rain), float(high), float(low), float(wind), Weather(weather))
        for day, rain, high, low, wind, weather in rows
    )


def _date(text: str) -> date:
    return date.fromisoformat(text.replace("/", "-"))


# The agent, and what happens in a run as it happens.


async def ask(model: str | Provider, questions: Sequence[str]) -> None:
    async with Agent(model, tools=TOOLS, instructions="Answer from the tools, briefly.") as agent:
        for question in questions:
            print(f"\n> {question}")
            async with agent.stream(question) as stream:
                async for event in stream:
                    match event:
                        case ToolCallStart(call=call):
                            print(f"  calls {call.name} with {call.arguments}")
                        case ToolCallComplete(name=name, result=result):
                            print(f"  {name}: {result}")
                        case TextDelta(delta=text):
                            print(text, end="", flush=True)
                        case _:
                            pass
            print()


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask about the weather in Seattle, 2012 to 2015.")
    parser.add_argument("questions", nargs="*", default=QUESTIONS, metavar="QUESTION")
    parser.add_argument("--model", default="offline", help="for example openai/gpt-5")
    options = parser.parse_args()
    try:
        asyncio.run(ask(options.model, options.questions))
    except LumosError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
