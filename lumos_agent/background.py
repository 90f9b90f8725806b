"""One event loop in a thread, for callers that have none: `generate_sync` runs on it."""

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")

GRACE = 5.0
"""Seconds that interrupted work gets to clean up."""


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* on the background loop and wait for it; an interrupt cancels it."""
    loop = _loop()
    if loop is _running_loop():
        work.close()
        raise RuntimeError(
            "a sync call inside a sync call's own loop would wait for ever; await instead"
        )
    ended = threading.Event()
    tasks: list[asyncio.Task[Any]] = []

    async def watched() -> T:
        tasks.append(cast("asyncio.Task[Any]", asyncio.current_task()))
        try:
            return await work
        finally:
            ended.set()

    try:  # an interrupt may come as soon as the work has begun, in the middle of this line
        return asyncio.run_coroutine_threadsafe(watched(), loop).result()
    except BaseException:
        loop.call_soon_threadsafe(_cancel, tasks)
        ended.wait(GRACE)
        raise


def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=_turn, args=(loop,), name="lumos-loop", daemon=True).start()
    atexit.register(_close, loop)
    return loop


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    """Run *loop*, which stops where a task raises what ends a program: that is for who waits for it."""
    while True:
        try:
            return loop.run_forever()
        except (KeyboardInterrupt, SystemExit):
            continue


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Let connections be closed, as `asyncio.run` does at its end."""
    asyncio.run_coroutine_threadsafe(loop.shutdown_asyncgens(), loop).result(GRACE)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
