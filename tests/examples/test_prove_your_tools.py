"""Claims about the example that proves tools."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "prove_your_tools.py"
TOLD = """\
split_bill: does not
  results: the body raises ZeroDivisionError: integer division or modulo by zero
      import asyncio
      from prove_your_tools import split_bill

      asyncio.run(split_bill.call({'total': 0, 'people': 0}))
      # the body raises ZeroDivisionError: integer division or modulo by zero
split_fairly: keeps its promises
"""


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The example, or pytest on it, as somebody runs it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_script() -> None:
    """The tool that divides by nobody is found, with the smallest bill; the other one is right."""
    run = script(str(SCRIPT))
    assert (run.stdout, run.stderr, run.returncode) == (TOLD, "", 0)


def test_with_pytest() -> None:
    """Both are right as long as their bodies do not run, and pytest says so."""
    options = ("-p", "lumos_tools.check.plugin", "--lumos-tools", "examples/prove_your_tools.py")
    run = script("-m", "pytest", *options, "-vv", "examples")
    assert "examples/prove_your_tools.py::split_bill PASSED" in run.stdout
    assert "examples/prove_your_tools.py::split_fairly PASSED" in run.stdout
    assert run.returncode == 0
