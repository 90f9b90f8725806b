"""`lumos.toml` as data: which model answers, where, and which variable holds its key."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from lumos_agent.errors import ConfigError

FILE = "lumos.toml"


class Config(msgspec.Struct, frozen=True):
    """What a `lumos.toml` says."""

    model: str | None = None
    """For example `openai/gpt-5`, or `offline`."""
    base_url: str | None = None
    """Where an OpenAI-compatible server answers, for example `http://localhost:8000/v1`."""
    api_key_env: str | None = None
    """The name of the environment variable with the key; a key itself never stands in a file."""


def load_config(path: str | Path = FILE) -> Config:
    """Read the file *path*. Raises `ConfigError` with file, line and the nearest valid key."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    for key, value in values.items():
        _refuse(key, value, f"{path}:{_line(text, key)}")
    return Config(**values)


def _refuse(key: str, value: Any, where: str) -> None:
    known = Config.__struct_fields__
    if key == "api_key":
        raise ConfigError(
            f"{where}: a key does not belong in a file; name its variable: api_key_env = ..."
        )
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise ConfigError(f"{where}: unknown key {key!r}; {hint}")
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where}: {key} must be a text, not {value!r}")


def _line(text: str, key: str) -> int:
    found = re.search(rf"^[ \t]*\[?[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1
