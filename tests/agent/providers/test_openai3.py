"""What rests on the `openai` package runs on its version 3, too; LiteLLM holds ours at 2."""

import os
import subprocess
import sys
from pathlib import Path

import openai

ROOT = Path(__file__).parents[3]
FOLDER = Path(sys.prefix) / "openai3"
TESTS = ("test_sdk.py", "test_direct.py")


def run(*arguments: str) -> str:
    assert FOLDER.is_dir(), "openai 3 is not there: sh scripts/install"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_versions():
    """The tests run on 2, and here on 3."""
    assert openai.__version__.startswith("2.")
    assert run("-c", "import openai; print(openai.__version__)").startswith("3.")


def test_on_openai_3():
    """All tests of the direct providers pass on openai 3."""
    folder = Path(__file__).parent
    told = run("-m", "pytest", *(str(folder / name) for name in TESTS))

    assert " passed" in told
