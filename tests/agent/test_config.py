"""lumos.toml as data."""

from pathlib import Path

import pytest

from lumos_agent import ConfigError
from lumos_agent.config import Config, load_config


def written(folder: Path, text: str) -> Path:
    path = folder / "lumos.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads(tmp_path: Path):
    """Model, address and the name of the key's variable."""
    path = written(tmp_path, 'model = "openai/x"\nbase_url = "http://h/v1"\napi_key_env = "KEY"\n')

    assert Config("openai/x", "http://h/v1", "KEY") == load_config(path)
    assert Config() == load_config(written(tmp_path, ""))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\n\nmodle = "x"', "lumos.toml:3: unknown key 'modle'; did you mean 'model'?"),
        ("zzz = 1", "lumos.toml:1: unknown key 'zzz'; known: model, base_url, api_key_env"),
        ("# model\nmodel = 3", "lumos.toml:2: model must be a text, not 3"),
        ('model = ""', "lumos.toml:1: model must be a text, not ''"),
        ('api_key = "sk-1"', "a key does not belong in a file; name its variable: api_key_env"),
        ("model = ", "lumos.toml: cannot be read as TOML: Invalid value"),
        ("[server]\nport = 1", "lumos.toml:1: unknown key 'server'"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str):
    """A fault is told with file, line, key and the nearest valid spelling."""
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))

    assert message in str(caught.value)


def test_missing(tmp_path: Path):
    """A file that is not there is named."""
    with pytest.raises(ConfigError, match=r"lumos\.toml: cannot be read"):
        load_config(tmp_path / "lumos.toml")
