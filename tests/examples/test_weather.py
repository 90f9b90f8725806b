"""Claims about the example on the weather of Seattle."""

import asyncio
import csv
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import InvalidArgumentsError, ToolError, ToolRegistry

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "weather.py"
DATA = ROOT / "examples" / "data" / "seattle_weather.csv"
ROWS = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))
YEARS = range(2012, 2016)


def load() -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("example_weather", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["example_weather"] = module  # where its annotations are looked up
    spec.loader.exec_module(module)
    return module


weather = load()
TOOLS = ToolRegistry(*weather.TOOLS)


def rows(year: int, month: int | None = None) -> list[dict[str, str]]:
    """The rows of the file, found by their text alone."""
    prefix = f"{year}/" if month is None else f"{year}/{month:02}/"
    return [row for row in ROWS if row["date"].startswith(prefix)]


def tenths(texts: list[str]) -> int:
    """The sum of numbers with one decimal, as whole tenths."""
    return sum(int(text.replace(".", "")) for text in texts)


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The example as somebody runs it, without a terminal and anything to type."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_data_is_what_the_readme_says() -> None:
    """The file is unchanged: its checksum, and a row for every day of four years."""
    readme = DATA.with_name("README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(DATA.read_bytes()).hexdigest() in readme
    first = date(2012, 1, 1)
    expected = [f"{first + timedelta(days=days):%Y/%m/%d}" for days in range(1461)]
    assert [row["date"] for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS[::97], ids=lambda row: row["date"])
async def test_weather_on_tells_the_row_of_the_day(row: dict[str, str]) -> None:
    """Every figure of the day, and no other's."""
    day = row["date"].replace("/", "-")
    expected = (
        f"{day}: {row['temp_min']} to {row['temp_max']} °C, {row['precipitation']} mm of rain, "
        f"wind {row['wind']} m/s, {row['weather']}"
    )
    assert await TOOLS["weather_on"].call({"day": day}) == expected


@pytest.mark.parametrize("day", ["2011-12-31", "2016-01-01"])
async def test_a_day_without_weather_is_an_answer(day: str) -> None:
    """The model reads which days there are."""
    expected = f"nothing is known of {day}, only of 2012-01-01 to 2015-12-31"
    with pytest.raises(ToolError, match=f"^{expected}$"):
        await TOOLS["weather_on"].call({"day": day})


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("month", [None, *range(1, 13)])
async def test_rainfall_sums_up_the_column(year: int, month: int | None) -> None:
    """A month's millimetres, or a year's, to the tenth."""
    total = tenths([row["precipitation"] for row in rows(year, month)])
    when = f"{year}" if month is None else f"{year}-{month:02}"
    expected = f"{total // 10}.{total % 10} mm of rain fell in {when}"
    assert await TOOLS["rainfall"].call({"year": year, "month": month}) == expected


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    ("kind", "column", "sign"),
    [
        ("hottest", "temp_max", 1),
        ("coldest", "temp_min", -1),
        ("wettest", "precipitation", 1),
        ("windiest", "wind", 1),
    ],
)
async def test_extreme_day_is_one_that_no_other_beats(
    year: int, kind: str, column: str, sign: int
) -> None:
    """All days of the highest value are told, and only those."""
    best = max(sign * float(row[column]) for row in rows(year))
    expected = [row["date"] for row in rows(year) if sign * float(row[column]) == best]
    told = await TOOLS["extreme_day"].call({"kind": kind, "year": year})
    assert [line[:10].replace("-", "/") for line in told.splitlines()] == expected


def test_the_hottest_day_of_2013_was_twice() -> None:
    """The data has a tie, so the claim above is no empty one."""
    assert len(weather.extreme_day("hottest", 2013).splitlines()) == 2


@pytest.mark.parametrize("year", YEARS)
async def test_compare_years_tells_rain_and_heat(year: int) -> None:
    """The rain in all, and the mean of the daily highs."""
    rain = tenths([row["precipitation"] for row in rows(year)])
    heat = tenths([row["temp_max"] for row in rows(year)]) / len(rows(year)) / 10
    told = json.loads(await TOOLS["compare_years"].call({"first": 2012, "second": year}))
    assert list(told) == ["2012", str(year)][-len({2012, year}) :]
    assert told[str(year)] == f"{rain / 10:.1f} mm of rain, {heat:.1f} °C mean daily high"


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("kind", ["drizzle", "fog", "rain", "snow", "sun"])
async def test_count_days_counts_them(year: int, kind: str) -> None:
    """By the column of the data."""
    expected = [row["weather"] for row in rows(year)].count(kind)
    told = await TOOLS["count_days"].call({"weather": kind, "year": year})
    assert told == f"{expected} days of {kind} in {year}"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("rainfall", {"year": 2011}),
        ("rainfall", {"year": 2012, "month": 13}),
        ("extreme_day", {"kind": "nicest", "year": 2012}),
        ("count_days", {"weather": "hail", "year": 2012}),
        ("weather_on", {"day": "yesterday"}),
        ("compare_years", {"first": 2012, "second": 2016}),
    ],
)
async def test_what_the_data_does_not_have_cannot_be_asked(
    tool: str, arguments: dict[str, object]
) -> None:
    """The schemas know which years, months and kinds there are."""
    with pytest.raises(InvalidArgumentsError):
        await TOOLS[tool].call(arguments)


def test_a_run_is_told_as_it_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """The question, each call with its result, and the answer."""
    provider = ScriptedProvider(calls("rainfall", year=2013), says("It was 828 mm."))
    asyncio.run(weather.ask(provider, ["How wet was 2013?"]))
    expected = """
> How wet was 2013?
  calls rainfall with {'year': 2013}
  rainfall: 828.0 mm of rain fell in 2013
It was 828 mm.
"""
    assert capsys.readouterr().out == expected


def test_the_script_answers_its_own_three_questions() -> None:
    """It runs as it is, without a key, a network, a terminal or an input, and its figures are right."""
    run = script()
    answers = [answer.splitlines() for answer in run.stdout.strip().split("\n\n")]
    november = tenths([row["precipitation"] for row in rows(2012, 11)])
    snow = [row["weather"] for row in rows(2012)].count("snow")
    hottest = max(rows(2014), key=lambda row: float(row["temp_max"]))
    assert (run.stderr, run.returncode) == ("", 0)
    assert [answer[0] for answer in answers] == [f"> {asked}" for asked in weather.QUESTIONS]
    told = ["\n".join(answer[3:]) for answer in answers]  # below the call and its result
    assert hottest["date"].replace("/", "-") in told[0]
    assert hottest["temp_max"] in told[0]
    assert f"{november / 10} mm" in told[1]
    assert f"{snow} days" in told[2]


def test_the_script_answers_other_questions() -> None:
    """Questions are arguments."""
    run = script("What was the weather on 2015-03-15?")
    assert (run.stderr, run.returncode) == ("", 0)
    assert "55.9 mm" in run.stdout


def test_a_wrong_model_is_said_in_one_line() -> None:
    """Without a traceback, and with what to write instead."""
    run = script("--model", "nothing")
    assert run.returncode == 1
    assert run.stderr.startswith("ConfigError: no provider for the model 'nothing'")
    assert len(run.stderr.splitlines()) == 1
