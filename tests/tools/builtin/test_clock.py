"""Claims about the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_tools import ToolError, function_tool
from lumos_tools.builtin import Clock, current_time, days_between

NOON = datetime(2024, 7, 14, 12, 30, 5, 999, tzinfo=UTC)
AT_NOON = Clock(lambda: NOON)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "Sunday, 2024-07-14, 12:30:05 in UTC (UTC+00:00)"),
        ("Asia/Tokyo", "Sunday, 2024-07-14, 21:30:05 in Asia/Tokyo (UTC+09:00)"),
        ("Tokyo", "Sunday, 2024-07-14, 21:30:05 in Asia/Tokyo (UTC+09:00)"),
        ("auckland", "Monday, 2024-07-15, 00:30:05 in Pacific/Auckland (UTC+12:00)"),
        ("New York", "Sunday, 2024-07-14, 08:30:05 in America/New_York (UTC-04:00)"),
        ("america/new york", "Sunday, 2024-07-14, 08:30:05 in America/New_York (UTC-04:00)"),
        ("London, UK", "Sunday, 2024-07-14, 13:30:05 in Europe/London (UTC+01:00)"),
        (" São Paulo ", "Sunday, 2024-07-14, 09:30:05 in America/Sao_Paulo (UTC-03:00)"),
        ("St. Johns", "Sunday, 2024-07-14, 10:00:05 in America/St_Johns (UTC-02:30)"),
        ("Japan", "Sunday, 2024-07-14, 21:30:05 in Japan (UTC+09:00)"),
    ],
)
def test_it_tells_the_time_in_a_zone(zone: str, expected: str) -> None:
    """A zone, or the city that it is named after, however it is written."""
    assert AT_NOON.current_time(zone) == expected


def test_zones_of_one_name_are_one_if_their_clocks_agree() -> None:
    """Buenos Aires is in the list twice, with the same time."""
    assert "09:30:05" in AT_NOON.current_time("Buenos Aires")


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("Melborne", "near: Australia/Melbourne"),
        ("West", "near: Australia/West, Brazil/West"),
        ("Qqqq", "each has the name of a large city in it"),
        ("", "each has the name of a large city in it"),
        ("GMT+2", "each has the name of a large city in it"),  # Etc/GMT+2 is behind GMT
        ("../../etc/passwd", "each has the name of a large city in it"),
    ],
)
def test_an_unknown_zone_is_answered_with_near_ones(zone: str, near: str) -> None:
    """The model reads which zones it may have meant."""
    with pytest.raises(ToolError) as caught:
        AT_NOON.current_time(zone)
    expected = f"no time zone is called {zone!r}, as 'America/New_York' is; {near}"
    assert str(caught.value) == expected


@given(st.sampled_from(sorted(available_timezones())), st.datetimes(datetime(1970, 1, 2)))
def test_every_zone_is_known_by_its_name(zone: str, moment: datetime) -> None:
    """The wall clock, offset taken away, is the moment that the clock was asked."""
    now = moment.replace(tzinfo=UTC, year=min(moment.year, 2100), microsecond=0)
    told = Clock(lambda: now).current_time(zone)
    local = now.astimezone(ZoneInfo(zone))
    assert f"{local:%Y-%m-%d, %H:%M:%S} in {zone}" in told


async def test_the_tool_tells_the_time_now() -> None:
    """`current_time` itself goes by the clock of the machine."""
    told = await current_time.call("{}")
    _, day, clock = told.split(", ")
    seen = datetime.fromisoformat(f"{day}T{clock[:8]}+00:00")
    assert abs(datetime.now(UTC) - seen) < timedelta(seconds=60)


async def test_a_clock_can_be_set() -> None:
    """A method of a `Clock` is a tool, of the same name and schema."""
    tool = function_tool(AT_NOON.current_time)
    assert (current_time.name, current_time.parameters) == (tool.name, tool.parameters)
    assert await tool.call({}) == "Sunday, 2024-07-14, 12:30:05 in UTC (UTC+00:00)"


@given(st.dates(), st.integers(-100_000, 100_000))
def test_days_between_are_what_takes_one_date_to_the_other(start: date, days: int) -> None:
    """Adding the answer to the start gives the end."""
    ordinal = min(max(start.toordinal() + days, 1), date.max.toordinal())
    end = date.fromordinal(ordinal)
    assert start + timedelta(days=days_between(start, end)) == end


async def test_days_between_takes_dates_as_models_write_them() -> None:
    """A leap day counts, and an end before the start is negative."""
    assert await days_between.call({"start": "2024-01-01", "end": "2024-03-01"}) == "60"
    assert await days_between.call({"start": "2024-01-01", "end": "2023-12-31"}) == "-1"
