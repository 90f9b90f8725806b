"""A limit of time for what has to wait."""

import asyncio
from typing import Any

import pytest

from lumos_tools.deadline import DeadlineError, within


async def test_ends_at_once():
    """What never waits is given back with no timer."""

    async def work() -> int:
        return 1

    assert 1 == await within(0.0, work())


async def test_waits_in_time():
    """What waits, more than once, goes on with what it waited for."""
    loop = asyncio.get_running_loop()

    async def work() -> list[int]:
        return [await asyncio.sleep(0, 1), await loop.run_in_executor(None, int, "2")]

    assert [1, 2] == await within(5.0, work())
    assert [1, 2] == await within(None, work())


async def test_future():
    """Anything that can be awaited will do."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, 3)

    assert 3 == await within(5.0, future)


async def test_late():
    """What does not end in time is cancelled, and its clean-up runs."""
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cleaned up")

    with pytest.raises(DeadlineError) as caught:
        await within(0.001, work())
    assert (["cleaned up"], TimeoutError) == (seen, type(caught.value.__cause__))


@pytest.mark.parametrize("first", [True, False])
async def test_fails(first: bool):
    """Its own exception comes through, before and after it waited."""

    async def work() -> None:
        if not first:
            await asyncio.sleep(0)
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await within(5.0, work())


async def test_cancelled_from_outside():
    """A cancellation reaches it, and is no deadline."""
    seen: list[type[Any]] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(type(error))
            raise

    task = asyncio.create_task(within(5.0, work()))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert [asyncio.CancelledError] == seen
