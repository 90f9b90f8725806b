"""A limit of time that costs nothing where nobody waits."""

import asyncio
import types
from collections.abc import Awaitable, Generator
from typing import Any


class DeadlineError(Exception):
    """The time was up; `__cause__` is what came of it."""


async def within(seconds: float | None, awaitable: Awaitable[Any]) -> Any:
    """What *awaitable* gives, if it ends within *seconds*; None is for ever.

    Its first step is taken at once, and only what then has to wait gets a timer: half the cost of a
    call of a tool that computes is the timer. Raises `DeadlineError`.
    """
    deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
    steps = awaitable.__await__()
    try:
        waits = next(steps)
    except StopIteration as done:
        return done.value
    limit = asyncio.timeout_at(deadline)
    try:
        async with limit:
            return await _rest(steps, waits)
    except (Exception, SystemExit) as error:
        if limit.expired():
            raise DeadlineError from error
        raise


@types.coroutine
def _rest(steps: Generator[Any, Any, Any], waits: Any) -> Generator[Any, Any, Any]:
    """The steps after the first, which waits for *waits*; what is sent or thrown goes to them."""
    while True:
        try:
            try:
                sent = yield waits
            except BaseException as error:  # noqa: BLE001  # a cancellation, too
                waits = steps.throw(error)
            else:
                waits = steps.send(sent)
        except StopIteration as done:
            return done.value
