"""Ctrl-C ends the program at once, whatever its tools do."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import pytest

from lumos_agent.cli.interrupt import leave, run_interruptible

TOOLS = '''
import asyncio
import time

from lumos_tools import function_tool


@function_tool
async def waits() -> None:
    """Waits."""
    await asyncio.sleep(60)


@function_tool
def sleeps() -> None:
    """Sleeps."""
    time.sleep(60)


@function_tool
async def swallows() -> None:
    """Swallows."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass


@function_tool
async def blocks() -> None:
    """Blocks."""
    time.sleep(60)


@function_tool
async def executes() -> None:
    """Executes."""
    await asyncio.to_thread(time.sleep, 60)
'''


@contextmanager
def program(folder: Path, *arguments: str) -> Generator["subprocess.Popen[str]"]:
    """The program, running; it is killed if the test fails before it ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "lumos_agent", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: IO[str] | None, sign: str) -> None:
    """Read the lines of *stream* up to one with *sign*."""
    assert stream
    for line in stream:
        if sign in line:
            return
    raise AssertionError(f"the program ended before it said {sign!r}")


def interrupted(process: "subprocess.Popen[str]") -> tuple[int, str, str, bool]:
    """Exit code and output of *process* after Ctrl-C, and whether it ended within a second."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err, time.monotonic() - began < 1


@pytest.mark.parametrize("tool", ["waits", "sleeps", "swallows", "blocks", "executes"])
def test_tool(tool: str, folder: Path) -> None:
    """A tool that hangs, whichever way, does not hold up the program."""
    (folder / "hang.py").write_text(TOOLS)
    with program(folder, "run", tool, "--tools", "hang.py") as process:
        read_until(process.stderr, f"→ {tool}")
        assert interrupted(process) == (130, "", "lumos: interrupted\n", True)


def test_tool_file(folder: Path) -> None:
    """A tool file that hangs when it is imported does not, either."""
    (folder / "slow.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    with program(folder, "tools", "--tools", "slow.py") as process:
        read_until(process.stderr, "here")
        assert interrupted(process) == (130, "", "lumos: interrupted\n", True)


def test_run_interruptible() -> None:
    """Ctrl-C cancels the work, which may clean up, and gives the signal back."""
    before = signal.getsignal(signal.SIGINT)
    done: list[str] = []

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        run_interruptible(work())
    assert done == ["cleaned up"]
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt() -> None:
    """A second Ctrl-C does not wait for what the first one set off."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, signal.raise_signal, signal.SIGINT)
        loop.call_later(0.02, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.3)

    with pytest.raises(KeyboardInterrupt):
        run_interruptible(work())


def test_ignored_signal() -> None:
    """Where the signal is ignored, as in the background jobs of a script, it still is."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run_interruptible(asyncio.sleep(0, None))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("terminal", "said"), [(False, ""), (True, "\n")])
def test_leave(
    terminal: bool, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says so, on a line of its own where the terminal shows ^C, and ends with code 130."""

    def end(code: int) -> NoReturn:
        raise SystemExit(code)

    def isatty(_: int) -> bool:
        return terminal

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(os, "isatty", isatty)
    with pytest.raises(SystemExit) as caught:
        leave()
    assert caught.value.code == 130
    assert capfd.readouterr().err == f"{said}lumos: interrupted\n"
