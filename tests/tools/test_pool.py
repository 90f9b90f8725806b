"""Threads for sync tools."""

import asyncio
import contextvars
import threading
from functools import partial

import pytest

from lumos_tools.pool import ThreadPool

name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


async def test_result_and_error():
    """What the function returns comes back, and what it raises is raised."""
    pool = ThreadPool()

    assert 3 == await pool.run(lambda: 1 + 2)
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 // 0)


async def test_stop_iteration():
    """A StopIteration, which a future cannot carry, arrives as an error, not as a hang."""
    with pytest.raises(RuntimeError, match="StopIteration"):
        await ThreadPool().run(partial(next, iter(())))


async def test_context_variables():
    """The function sees the caller's context variables."""
    name.set("Ada")

    assert "Ada" == await ThreadPool().run(name.get)


async def test_reuses_threads():
    """One call after the other needs one thread."""
    pool = ThreadPool()

    idents = {await pool.run(threading.get_ident) for _ in range(20)}

    assert 1 == len(idents)


async def test_bounded():
    """No more threads than the size are at work, and all the work is done."""
    pool, lock = ThreadPool(size=2), threading.Lock()
    at_work = most = 0

    def work() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        threading.Event().wait(0.005)
        with lock:
            at_work -= 1

    await asyncio.gather(*(pool.run(work) for _ in range(8)))

    assert 2 == most


async def test_hanging_thread_is_replaced():
    """A thread left behind by a cancelled caller does not take up room in the pool."""
    pool, release, begun = ThreadPool(size=1), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait(10)

    hanging = asyncio.create_task(pool.run(hang))
    while not begun.is_set():
        await asyncio.sleep(0.001)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging

    assert 4 == await asyncio.wait_for(pool.run(lambda: 4), 5)
    release.set()
    assert 5 == await asyncio.wait_for(pool.run(lambda: 5), 5)


async def test_cancelled_before_it_began():
    """A call cancelled while it waits for a thread never runs."""
    pool, release, ran = ThreadPool(size=1), threading.Event(), []
    first = asyncio.create_task(pool.run(partial(release.wait, 10)))
    second = asyncio.create_task(pool.run(lambda: ran.append(1)))
    await asyncio.sleep(0.01)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    release.set()
    await first

    assert 6 == await pool.run(lambda: 6)
    assert [] == ran
