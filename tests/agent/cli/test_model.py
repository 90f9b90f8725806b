"""Which model answers: the option, the environment, the file, the stand-in, in this order."""

from pathlib import Path

import pytest

from lumos_agent.cli.model import agent_for
from lumos_agent.errors import ConfigError
from lumos_agent.memory.dict import InMemoryStorage
from lumos_agent.messages import SystemMessage
from lumos_tools import function_tool

pytestmark = pytest.mark.usefixtures("folder")

FILE = """
model = "main"
[models.main]
use = "openai/file"
options = { temperature = 0.5, max_steps = 7 }
"""


@function_tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def configure(text: str = FILE, name: str = "lumos.toml") -> None:
    Path(name).write_text(text)


def chosen(model: str | None = None) -> str:
    provider = agent_for(model, tools=[], instructions="").provider
    return f"{provider.name}/{provider.model}"


def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said nearest holds."""
    assert "lumos/offline" == chosen()
    configure()
    assert "openai/file" == chosen()
    monkeypatch.setenv("LUMOS_MODEL", "groq/environment")
    assert "groq/environment" == chosen()
    assert "xai/option" == chosen("xai/option")
    assert "openai/file" == chosen("main")


def test_environment_names_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias is one wherever it is said; an empty variable says nothing."""
    configure(FILE.replace('model = "main"', 'model = "offline"'))
    monkeypatch.setenv("LUMOS_MODEL", "main")
    assert "openai/file" == chosen()
    monkeypatch.setenv("LUMOS_MODEL", "")
    assert "lumos/offline" == chosen()


def test_project_file() -> None:
    """pyproject.toml may have it all."""
    configure('[tool.lumos]\nmodel = "openai/project"\n', "pyproject.toml")

    assert "openai/project" == chosen()


def test_options() -> None:
    """The file's options hold, and those of the command line are nearer."""
    configure()
    usual = agent_for(None, tools=[], instructions="").options
    nearer = agent_for(None, tools=[], instructions="", max_steps=3).options

    assert (0.5, 7) == (usual.temperature, usual.max_steps)
    assert (0.5, 3) == (nearer.temperature, nearer.max_steps)


def test_what_the_agent_has() -> None:
    """Tools, instructions and memory are those that were given."""
    memory = InMemoryStorage()
    agent = agent_for(None, tools=[add], instructions="Be brief.", memory=memory)

    assert ["add"] == [*agent.tools]
    assert [SystemMessage("Be brief.")] == agent.instructions
    assert agent.memory
    assert not agent_for(None, tools=[], instructions="").memory


def test_features() -> None:
    """What the file switches off is off for every command."""
    configure("[features]\nfunction_calling = false\nmemory = false\n")
    agent = agent_for(None, tools=[add], instructions="", memory=InMemoryStorage())

    assert ([], None) == ([*agent.tools], agent.memory)


@pytest.mark.parametrize("whence", ["option", "environment", "file"])
def test_unknown_name(monkeypatch: pytest.MonkeyPatch, whence: str) -> None:
    """A name that nobody knows is told with the nearest, whoever says it."""
    configure(FILE.replace('model = "main"', 'model = "mian"') if whence == "file" else FILE)
    if whence == "environment":
        monkeypatch.setenv("LUMOS_MODEL", "mian")
    with pytest.raises(ConfigError, match="no provider for the model 'mian'; did you mean 'main'"):
        chosen("mian" if whence == "option" else None)


def test_wrong_file() -> None:
    """A file that is wrong is told, whatever model is asked for."""
    configure("modle = 1")
    with pytest.raises(ConfigError, match=r"lumos\.toml:1: unknown key 'modle'"):
        chosen("offline")
