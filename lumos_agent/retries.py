"""When a provider fails: whether to ask it again, and how long to wait. Pure; who waits is `asking`."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from typing import get_args

import msgspec

from lumos_agent.errors import ConfigError, Kind, ProviderError

FALLBACK_ON: tuple[Kind, ...] = (
    "rate_limit",
    "quota",
    "server",
    "timeout",
    "connection",
    "empty",
)
"""The kinds of failure after which the next model is asked, where nobody says others."""
FIRST = 0.5
MOST = 8.0
"""Seconds of the first wait, which doubles each time, and of the longest."""
PATIENCE = 60.0
"""Seconds: a provider that asks to wait longer is not waited for."""


def known_kinds(kinds: Collection[Kind]) -> tuple[Kind, ...]:
    """*kinds* of failures. Raises `ConfigError` for one that there is not."""
    for kind in kinds:
        if kind not in get_args(Kind):
            raise ConfigError(
                f"no failure of the kind {kind!r}; there are {', '.join(get_args(Kind))}"
            )
    return tuple(kinds)


class Pace(msgspec.Struct, frozen=True):
    """What waiting is made of; a test has its own."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    """Waits so many seconds."""
    random: Callable[[], float] = random.random
    """From 0 to 1: spreads the waits of many runs, so that they do not all come back at once."""


def wait(
    error: ProviderError, *, tries: int, retries: int, random: Callable[[], float]
) -> float | None:
    """Seconds to wait before the request is made again that failed with *error* after *tries* tries.

    None if it should not be. Who answered nothing is asked once more, at once. The waits are those
    of OpenAI's SDK: 0.5 s, doubled up to 8 s, less up to a quarter; or what the provider asks for.
    """
    allowed = min(retries, 1) if error.kind == "empty" else retries
    if not error.retryable or tries > allowed:
        return None
    if error.kind == "empty":
        return 0.0
    if error.retry_after is not None:
        return max(error.retry_after, 0.0) if error.retry_after <= PATIENCE else None
    return min(FIRST * 2.0 ** (tries - 1), MOST) * (1 - random() / 4)
