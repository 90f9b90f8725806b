"""Processes that may be killed at any moment, each as quick to start as a fork.

A server that has imported everything forks them, so none inherits a thread or an open file of a test.
"""

import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from lumos_agent.memory.address import storage_at
from lumos_agent.memory.base import MemoryStorage

LIVES = multiprocessing.get_context("forkserver")
_main = sys.modules["__main__"].__spec__  # each child imports it; so it is imported once for all
LIVES.set_forkserver_preload([*([_main.name] if _main else []), "tests.agent.memory.killed"])
PATIENCE = 60.0
"""Seconds that a process may take."""


def started(target: Callable[..., Any], *args: Any) -> BaseProcess:
    """A process that calls *target*."""
    process = LIVES.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """Wait for the end of *process*; its exit code, or minus the signal that killed it."""
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"a process went on for more than {PATIENCE:.0f} s")
    return process.exitcode


def lived(target: Callable[..., Any], *args: Any) -> int:
    """Call *target* in a process of its own."""
    return ended(started(target, *args))


def store_at(address: str) -> MemoryStorage:
    """The store at *address*: the path of a file, or PostgreSQL's."""
    return storage_at(address)
