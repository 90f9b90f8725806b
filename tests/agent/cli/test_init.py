"""`lumos init`: a folder with an agent that runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lumos_agent.cli.init import FILES
from tests.agent.cli.conftest import Command


def test_writes(lumos: Command, folder: Path) -> None:
    """Agent, tools, configuration and test are written, and what to do next is said."""
    code, out, err = lumos("init", "demo")

    assert (0, "") == (code, err)
    assert {*FILES} == {path.name for path in (folder / "demo").iterdir()}
    assert [f"wrote demo/{name}" for name in FILES] == out.splitlines()[:4]
    assert "cd demo\npython -m pytest" in out


def test_current_folder(lumos: Command, folder: Path) -> None:
    """Without a name it is the current folder."""
    code, out, _ = lumos("init")

    assert 0 == code
    assert (folder / "agent.py").is_file()
    assert "\ncd " not in out


@pytest.mark.parametrize("name", FILES)
def test_overwrites_nothing(lumos: Command, folder: Path, name: str) -> None:
    """Where one of the files is, none is written."""
    (folder / name).write_text("mine")
    code, out, err = lumos("init")

    assert (2, "") == (code, out)
    assert f"lumos: {name} is there already; name another folder: lumos init FOLDER\n" == err
    assert "mine" == (folder / name).read_text()
    assert {name, "weather.py"} == {path.name for path in folder.iterdir()}


def test_runs_at_once(lumos: Command, folder: Path) -> None:
    """Its own test passes, its agent answers and its doctor is content, with no key and no network."""
    lumos("init", "demo")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder / "demo",
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    assert "3 passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert run("agent.py").startswith("6\n")
    assert run("agent.py", 'Count the words in "one two"').startswith("2\n")
    assert "lumos.toml is right; its models: main" in run("-m", "lumos_agent", "doctor")
    assert "count_words" in run("-m", "lumos_agent", "tools", "--tools", "tools.py")
