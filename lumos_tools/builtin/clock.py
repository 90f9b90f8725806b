"""The time in any zone of the world, and the days between two dates."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from lumos_tools.errors import ToolError
from lumos_tools.tool import function_tool

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


class Clock:
    """Tells the time that *now* says it is, in any zone; `function_tool(Clock(now).current_time)`
    is a tool.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now

    def current_time(self, zone: str = "UTC") -> str:
        """Tell what time it is now: the current date, time, weekday and UTC offset in a time zone.

        Args:
            zone: A city or an IANA time zone, for example "Tokyo", "New York" or "Europe/Berlin".
        """
        name = self._zone(zone)
        now = self._now().astimezone(ZoneInfo(name))
        day, clock = now.isoformat(timespec="seconds").split("T")
        return f"{WEEKDAYS[now.weekday()]}, {day}, {clock[:8]} in {name} (UTC{clock[8:]})"

    def _zone(self, wanted: str) -> str:
        """The zone that *wanted* names; of several, any one if their clocks agree."""
        key = _key(wanted)
        if key in _zones():
            return _zones()[key]
        found = _cities().get(key, ())
        now = self._now()
        if len({now.astimezone(ZoneInfo(name)).utcoffset() for name in found}) == 1:
            return found[0]
        alike = get_close_matches(key, _cities(), cutoff=0.75)
        near = found or [_cities()[city][0] for city in alike]
        say = f"near: {', '.join(near)}" if near else "each has the name of a large city in it"
        raise ToolError(f"no time zone is called {wanted!r}, as 'America/New_York' is; {say}")


@cache
def _zones() -> dict[str, str]:
    """The names of all zones, by what is the same however they are written."""
    return {_key(name): name for name in sorted(available_timezones())}


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    """The zones of each city; none of Etc/GMT+2 and the like, which is two hours *behind* GMT."""
    cities: dict[str, tuple[str, ...]] = {}
    for key, name in _zones().items():
        area, _, city = key.rpartition("/")
        if area and area != "etc":
            cities[city] = (*cities.get(city, ()), name)
    return cities


def _key(name: str) -> str:
    """*name* up to a comma, in lower case, without accents, its words joined by _."""
    plain = unicodedata.normalize("NFKD", name.partition(",")[0]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9/+-]+", "_", plain.lower()).strip("_")


current_time = function_tool(Clock().current_time, idempotent=True)


@function_tool(idempotent=True)
def days_between(start: date, end: date) -> int:
    """Count the days between two dates: how many days is it from one date until another?

    The number is negative if the end comes before the start.
    """
    return (end - start).days
