"""The threads that use SQLite, so that the event loop never waits for it.

Jobs are handed over by a queue, and their outcomes come back a batch at a time: waking a thread is
what costs, not SQLite.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from queue import SimpleQueue
from typing import Any

from lumos_agent.memory.checks import Append
from lumos_agent.memory.sqlite_file import Database
from lumos_agent.memory.sqlite_write import append_all
from lumos_tools.errors import LumosError

Work = Callable[[Database], Any]
logger = logging.getLogger("lumos_agent")

BATCH = 256
"""Jobs that share a commit, at most."""
CHECKPOINT = 2048
"""Pages of write-ahead log, 8 MiB, after which they are carried into the file."""


class Settled(asyncio.Future[Any]):
    """A future whose waiter is cancelled when it is done, not before: so the waiter knows what is."""

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse; the task that asks is cancelled as soon as it goes on."""
        return False


class Job:
    """Work for a thread, and the future that waits for its outcome."""

    __slots__ = ("future", "outcome", "work")

    def __init__(self, work: Work | Append, future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.outcome: Any = None
        """What came of it, or the exception."""

    def settle(self) -> None:
        """Tell whoever waits, if it still does."""
        if self.future.cancelled():
            return
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)


Jobs = SimpleQueue[Job | None]


class Worker:
    """A thread with a connection that does jobs until it takes a None from the queue: one that reads.

    Where several take from a queue, a None ends one of them.
    """

    def __init__(
        self, db: Database, jobs: Jobs, loop: asyncio.AbstractEventLoop, most: int = 1
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._loop = loop
        self._most = most
        self.ended = Settled(loop=loop)
        """Done when the thread is over and its connection closed."""
        # A daemon, for a store that is never closed must not hold up the end of the program.
        threading.Thread(target=self._live, name="lumos-sqlite", daemon=True).start()

    def _live(self) -> None:
        going = True
        while going:
            jobs, going = self._take()
            if jobs:
                self._carry_out(jobs)
                self._tell(jobs)
                self._rest()
        try:
            self._db.close()
        finally:  # whatever it says: somebody waits
            self._call(self.ended.set_result, None)

    def _take(self) -> tuple[list[Job], bool]:
        """The next jobs, as many as are waiting; and whether there may be more."""
        jobs: list[Job] = []
        while not jobs or (len(jobs) < self._most and not self._jobs.empty()):
            job = self._jobs.get()
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            try:
                job.outcome = _outcome(job.work, self._db)
            except Exception as error:  # noqa: BLE001  # raised again where it was asked
                job.outcome = error

    def _tell(self, jobs: Sequence[Job]) -> None:
        self._call(_settle, jobs)

    def _call(self, function: Callable[[Any], None], argument: Any) -> None:
        """Call *function* on the event loop."""
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(function, argument)

    def _rest(self) -> None:
        """What is done when the answers are out."""


class Writer(Worker):
    """The one that writes: all that waits is one transaction, and it carries the log into the file."""

    def __init__(
        self, db: Database, jobs: Jobs, loop: asyncio.AbstractEventLoop, most: int = BATCH
    ) -> None:
        self._log = 0
        """Pages in the write-ahead log."""
        self._carried = 0
        """Those of them that are in the file."""
        db.set_wal_hook(self._committed)
        super().__init__(db, jobs, loop, most)

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        """Do *jobs* in one transaction; where one of them breaks it, each in a transaction of its own."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except Exception as error:  # noqa: BLE001  # raised again where it was asked
            for job in jobs:
                job.outcome = error
            return
        try:
            self._write(jobs)
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001
            with suppress(Exception):  # SQLite may have done it by itself
                self._db.execute("ROLLBACK")
            self._each_alone(jobs, error)

    def _write(self, jobs: Sequence[Job]) -> None:
        for kind, some in groupby(jobs, key=lambda job: type(job.work)):
            group = list(some)
            if kind is Append:
                appends = [one.work for one in group if isinstance(one.work, Append)]
                outcomes: list[Any] = [*append_all(self._db, appends)]
            else:
                outcomes = [_outcome(job.work, self._db) for job in group]
            for job, outcome in zip(group, outcomes, strict=True):
                job.outcome = outcome

    def _each_alone(self, jobs: Sequence[Job], error: Exception) -> None:
        for job in jobs:
            job.outcome = error
            if len(jobs) > 1:
                self._carry_out([job])

    def _committed(self, db: Database, name: str, pages: int) -> int:
        self._log = pages
        if pages < self._carried:  # it began anew
            self._carried = 0
        return 0

    def _rest(self) -> None:
        """Carry the log into the file when it is long; readers go on meanwhile."""
        if self._log - self._carried < CHECKPOINT:
            return
        import apsw

        self._carried = self._log
        try:
            _, self._carried = self._db.wal_checkpoint()  # passive: it waits for nobody
        except apsw.Error as error:  # nothing is lost, the log only grows
            logger.info("SQLite's log was not carried into its file: %s", error)


def _outcome(work: Any, db: Database) -> Any:
    """What *work* returns, or the refusal that it raises before it writes anything."""
    try:
        return work(db)
    except LumosError as error:
        return error


def _settle(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.settle()
