"""Threads for sync tools, so that they do not hold up the event loop."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
Outcome = tuple[Any, BaseException | None]


class _Job:
    """One call, on its way through a thread."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        # An outcome, not an exception, crosses the future: it could not carry a StopIteration.
        self.future: Future[Outcome] = Future()
        self.abandoned = False
        self.ended = False


class ThreadPool:
    """At most *size* daemon threads, started when work comes.

    The standard library's pool holds up the exit of the program until every thread has ended, and a
    tool that hangs never ends. Here such a thread is left behind and another takes its place.
    """

    def __init__(self, size: int = 32) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._idle = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Call *function* in a thread, with the caller's context variables.

        A caller that is cancelled goes on at once; the thread cannot be stopped and ends by itself.
        """
        job = _Job(partial(contextvars.copy_context().run, function))
        self._submit(job)
        try:
            result, error = await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def _submit(self, job: _Job) -> None:
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._started < self._size:
                self._started += 1
                self._start()
            self._jobs.put(job)

    def _start(self) -> None:
        threading.Thread(target=self._work, name="lumos-tool", daemon=True).start()

    def _work(self) -> None:
        abandoned = False
        while not abandoned:
            abandoned = self._work_off(self._jobs.get())

    def _work_off(self, job: _Job) -> bool:
        outcome = _outcome(job.function) if job.future.set_running_or_notify_cancel() else None
        with self._lock:
            # Idle before the result is known: whoever waits for it may come back at once.
            self._idle += not job.abandoned
            job.ended = True
        if outcome is not None:
            job.future.set_result(outcome)
        return job.abandoned

    def _abandon(self, job: _Job) -> None:
        with self._lock:
            if job.future.running() and not job.ended:
                job.abandoned = True
                self._idle += 1
                self._start()


def _outcome(function: Callable[[], Any]) -> Outcome:
    try:
        return function(), None
    except BaseException as error:  # noqa: BLE001  # raised again where the call was made
        return None, error


threads = ThreadPool()
