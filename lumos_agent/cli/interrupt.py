"""Ctrl-C: the program ends at once, whatever its tools do."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
PATIENCE = 0.5
"""Seconds that tools get to clean up."""


def leave() -> None:
    """Say that the program was interrupted, and end it.

    Nobody is waited for: not threads of tools that hang, not what they left to be done at the exit,
    not whoever holds the lock of `sys.stderr`.
    """
    newline = b"\n" if os.isatty(2) else b""
    os.write(2, newline + b"lumos: interrupted\n")
    os._exit(INTERRUPTED)


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` that Ctrl-C ends within `PATIENCE` seconds.

    Raises `KeyboardInterrupt` where the tools let go in time; else the program ends here.
    """
    timer = threading.Timer(PATIENCE, leave)
    timer.daemon = True
    before = signal.getsignal(signal.SIGINT)
    try:
        return asyncio.run(_watched(work, timer))
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


async def _watched(work: Coroutine[Any, Any, T], timer: threading.Timer) -> T:
    """Do *work*; Ctrl-C cancels it, as asyncio does it, and starts *timer*.

    A tool that swallows the cancellation, or blocks the loop, would hold up asyncio for ever.
    """
    cancel = signal.getsignal(signal.SIGINT)
    if callable(cancel):  # it is not where the signal is ignored, as in a script's background jobs

        def interrupt(number: int, frame: FrameType | None) -> None:
            if timer.ident is None:
                timer.start()
            cancel(number, frame)

        signal.signal(signal.SIGINT, interrupt)
    with wakeable(asyncio.get_running_loop()):
        return await work


@contextmanager
def wakeable(loop: asyncio.AbstractEventLoop) -> Generator[None]:
    """Have signals wake *loop*, for one that comes just before it falls asleep is not seen else."""
    reading, writing = socket.socketpair()
    with reading, writing:
        for end in (reading, writing):
            end.setblocking(False)
        loop.add_reader(reading, reading.recv, 4096)
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(reading)
