"""`lumos init`: a folder with an agent that runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lumos_agent.cli.init import FILES
from tests.agent.cli.conftest import Command, Outcome

NEXT = [
    "python -m pytest        # the test, offline",
    "python agent.py         # the agent",
    "lumos chat --tools tools.py",
    "lumos doctor            # what a real model needs",
]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_current_folder(lumos: Command, folder: Path) -> None:
    """Without a name it is the current folder; what is there stays."""
    code, out, err = lumos("init")

    assert (0, "") == (code, err)
    assert [*(f"wrote {name}" for name in FILES), "", "Now:", "", *NEXT] == out.splitlines()
    assert {*FILES, "weather.py"} == names(folder)


@pytest.mark.parametrize(
    ("name", "cd"), [("demo", "cd demo"), ("a/b c", "cd 'a/b c'"), ("there", "cd there")]
)
def test_named_folder(lumos: Command, folder: Path, name: str, cd: str) -> None:
    """A folder that is named is made where it is not there, and how to get there is said."""
    (folder / "there").mkdir()
    code, out, err = lumos("init", name)

    assert (0, "") == (code, err)
    assert [*(f"wrote {name}/{one}" for one in FILES), "", "Now:", "", cd, *NEXT] == (
        out.splitlines()
    )
    assert {*FILES} == names(folder / name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [".", "demo"])
def test_overwrites_nothing(lumos: Command, folder: Path, where: str, name: str) -> None:
    """Where one of the files is, none is written."""
    there = folder / where
    there.mkdir(exist_ok=True)
    (there / name).write_text("mine")
    before = names(there)
    message = f"{Path(where) / name} is there already; name another folder: lumos init FOLDER"

    assert Outcome(2, "", f"lumos: {message}\n") == lumos("init", where)
    assert ("mine", before) == ((there / name).read_text(), names(there))


def test_link_to_nowhere(lumos: Command, folder: Path) -> None:
    """A link is there, too, whatever it leads to."""
    (folder / "tools.py").symlink_to("elsewhere.py")

    assert lumos("init").err.startswith("lumos: tools.py is there already; ")
    assert {"weather.py", "tools.py"} == names(folder)


def test_no_folder(lumos: Command) -> None:
    """What cannot be a folder is told in a sentence."""
    code, out, err = lumos("init", "weather.py/demo")
    assert (2, "") == (code, out)
    assert (
        "lumos: weather.py/demo cannot be written: Not a directory; "
        "name another folder: lumos init FOLDER\n" == err
    )
    assert 2 == lumos("init", "weather.py").code


@pytest.fixture
def project(lumos: Command, folder: Path) -> Path:
    """What `lumos init` wrote."""
    lumos("init", "demo")
    return folder / "demo"


def run(folder: Path, *arguments: str) -> str:
    """What Python prints in *folder*, with no key and nobody's settings."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass(project: Path) -> None:
    """The project's own tests pass at once."""
    assert "3 passed" in run(project, "-m", "pytest", "-p", "no:cacheprovider")


def test_its_agent_answers(project: Path) -> None:
    """The agent answers, with a question of its own and with another."""
    assert "6\n(offline stand-in, from count_words)\n" == run(project, "agent.py")
    assert run(project, "agent.py", 'Count the words in "one two"').startswith("2\n")
    assert run(project.parent, "demo/agent.py").startswith("6\n")


def test_its_commands(project: Path) -> None:
    """The doctor is content, with what a real model needs told; the tool is found."""
    lines = run(project, "-m", "lumos_agent", "doctor").splitlines()

    assert [
        "✓ lumos.toml is right; its models: main",
        "· offline (of lumos.toml): the stand-in answers, which is no model",
        '    set LUMOS_MODEL, or model = "openai/gpt-5" in lumos.toml',
        "✗ main = openai/gpt-5: no API key",
        "    set OPENAI_API_KEY, pass api_key=, or set api_key_env in lumos.toml",
    ] == lines[-5:]
    assert "count_words" in run(project, "-m", "lumos_agent", "tools", "--tools", "tools.py")


def test_its_alternatives(project: Path, lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that the file has commented out are right, too."""
    monkeypatch.chdir(project)
    text = (
        Path("lumos.toml").read_text(encoding="utf-8").replace('use = "openai', '# use = "openai')
    )
    for model in ("anthropic/claude-sonnet-5", "ollama/qwen3"):
        line = f'use = "{model}"'
        Path("lumos.toml").write_text(text.replace(f"# {line}", line), encoding="utf-8")
        assert f" main = {model}: " in lumos("doctor", "main").out
