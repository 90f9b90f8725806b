"""How long a provider is waited for."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from lumos_agent.errors import ProviderUnavailableError
from lumos_agent.options import Timeouts

T = TypeVar("T")


def too_slow(name: str, seconds: float) -> ProviderUnavailableError:
    """The error of a time-out, by its *name* among those of `Timeouts`."""
    return ProviderUnavailableError(
        f"no answer within {seconds:g} s; allow more timeout.{name}", kind="timeout"
    )


async def whole(awaited: Awaitable[T], timeouts: Timeouts) -> T:
    """What *awaited* gives within the total time; else the error says so."""
    limit = asyncio.timeout(timeouts.total)
    try:
        async with limit:
            return await awaited
    except TimeoutError as error:
        if not limit.expired():
            raise  # somebody else's
        raise too_slow("total", timeouts.total) from error


class Patience:
    """The time that a streamed reply has for its next piece."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._now = asyncio.get_running_loop().time
        now = self._now()
        self._limits = {"total": now + timeouts.total, "first_token": now + timeouts.first_token}

    def moved(self) -> None:
        """A piece came, and the next one has its own time."""
        self._limits = {"total": self._limits["total"], "idle": self._now() + self._timeouts.idle}

    async def wait(self, awaited: Awaitable[T]) -> T:
        """What *awaited* gives in time; else the error says which time ran out."""
        name, when = min(self._limits.items(), key=_when)
        limit = asyncio.timeout_at(when)
        try:
            async with limit:
                return await awaited
        except TimeoutError as error:
            if not limit.expired():
                raise  # somebody else's
            raise too_slow(name, getattr(self._timeouts, name)) from error


def _when(limit: tuple[str, float]) -> float:
    return limit[1]
