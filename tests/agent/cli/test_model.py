"""Which model answers: the option, the environment, the file, the stand-in, in this order."""

from pathlib import Path

import pytest

from lumos_agent.cli.model import agent_for
from lumos_agent.errors import ConfigError

pytestmark = pytest.mark.usefixtures("folder")

FILE = """
model = "main"
[models.main]
use = "openai/file"
options = { temperature = 0.5 }
"""


def chosen(model: str | None = None) -> str:
    provider = agent_for(model, tools=[], instructions="").provider
    return f"{provider.name}/{provider.model}"


def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said nearest holds."""
    assert "lumos/offline" == chosen()
    Path("lumos.toml").write_text(FILE)
    assert "openai/file" == chosen()
    monkeypatch.setenv("LUMOS_MODEL", "groq/environment")
    assert "groq/environment" == chosen()
    assert "xai/option" == chosen("xai/option")
    assert "openai/file" == chosen("main")


def test_options() -> None:
    """The file's options hold, and those of the command line are nearer."""
    Path("lumos.toml").write_text(FILE)
    assert 0.5 == agent_for(None, tools=[], instructions="").options.temperature
    assert 3 == agent_for(None, tools=[], instructions="", max_steps=3).options.max_steps


def test_unknown_name() -> None:
    """A name that nobody knows is told with the nearest."""
    Path("lumos.toml").write_text(FILE)
    with pytest.raises(ConfigError, match="did you mean 'main'"):
        chosen("mian")
