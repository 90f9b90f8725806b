"""Which model answers: the option, the environment, the file, the stand-in, in this order."""

from pathlib import Path

import pytest

from lumos_agent.cli.model import Choice, choose_model
from lumos_agent.errors import ConfigError

pytestmark = pytest.mark.usefixtures("folder")


def configure(*lines: str) -> None:
    Path("lumos.toml").write_text("\n".join(lines))


def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said nearest holds."""
    assert choose_model(None) == Choice("offline")
    configure('model = "openai/file"')
    assert choose_model(None) == Choice("openai/file")
    monkeypatch.setenv("LUMOS_MODEL", "openai/environment")
    assert choose_model(None) == Choice("openai/environment")
    assert choose_model("openai/option") == Choice("openai/option")


def test_address_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's address and key hold for every model but the offline stand-in."""
    monkeypatch.setenv("MY_KEY", "secret")
    configure('base_url = "http://localhost:1/v1"', 'api_key_env = "MY_KEY"')
    assert choose_model("openai/x") == Choice("openai/x", "http://localhost:1/v1", "secret")
    assert choose_model("offline") == Choice("offline")


def test_key_not_set() -> None:
    """A variable that holds no key is named, with what to do."""
    configure('model = "openai/x"', 'api_key_env = "MY_KEY"')
    with pytest.raises(ConfigError) as caught:
        choose_model(None)
    assert str(caught.value) == (
        "lumos.toml: api_key_env is 'MY_KEY', which is not set in the environment; "
        "export MY_KEY=..., or take api_key_env out"
    )
