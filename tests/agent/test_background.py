"""One event loop for callers without one."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lumos_agent.background import _close, run_sync


async def ident() -> int:
    return id(asyncio.get_running_loop())


def test_one_loop():
    """Every sync call runs on the same loop, so that connections live on."""
    assert run_sync(ident()) == run_sync(ident())


async def test_inside_another_loop():
    """A sync call works where a loop runs already, as in a notebook."""
    assert await ident() != run_sync(ident())


def test_inside_itself():
    """A sync call inside a sync call's own loop is refused, where it would wait for ever."""

    async def nested() -> int:
        return run_sync(ident())

    with pytest.raises(RuntimeError, match="await instead"):
        run_sync(nested())


def test_error():
    """What the work raises is raised to the caller."""

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_sync(fail())


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program(error: type[BaseException]):
    """What ends a program, raised in the work, is for its caller alone: the loop goes on with others."""
    begun, may_end = threading.Event(), asyncio.Event()

    async def fail() -> None:
        raise error

    async def fail_in_a_task() -> None:
        await asyncio.create_task(fail())

    async def other() -> int:
        begun.set()
        await may_end.wait()
        return await ident()

    async def end() -> None:
        may_end.set()

    with ThreadPoolExecutor() as threads:
        beside = threads.submit(run_sync, other())
        begun.wait(5)
        for work in (fail, fail_in_a_task):
            with pytest.raises(error):
                run_sync(work())
        run_sync(end())

        assert run_sync(ident()) == beside.result(5)


def test_interrupt_cancels_and_exit_closes():
    """An interrupt cancels the work; at the program's end open generators are closed."""
    code = """
import asyncio, os, signal
from lumos_agent.background import run_sync

async def keeper():
    try:
        yield
    finally:
        await asyncio.sleep(0)
        os.write(1, b"closed\\n")

async def work():
    global kept
    kept = keeper()
    await anext(kept)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()
    finally:
        os.write(1, b"cancelled\\n")

try:
    run_sync(work())
except KeyboardInterrupt:
    os.write(1, b"interrupted\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert {"cancelled", "interrupted", "closed"} == {*done.stdout.split()}
    assert "" == done.stderr


def test_close():
    """Closing lets what is open on the loop close itself."""
    closed: list[int] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def keeper() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            closed.append(1)

    kept = keeper()

    async def begin() -> None:
        await anext(kept)

    asyncio.run_coroutine_threadsafe(begin(), loop).result(5)
    _close(loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

    assert [1] == closed
