"""Which model answers, where, and with which key."""

import os
from pathlib import Path
from typing import NamedTuple

from lumos_agent.config import FILE, Config, load_config
from lumos_agent.errors import ConfigError

OFFLINE = "offline"


class Choice(NamedTuple):
    """A model, and what an agent must know to reach it."""

    model: str
    base_url: str | None = None
    api_key: str | None = None


def choose_model(named: str | None) -> Choice:
    """The model *named*, else `LUMOS_MODEL`, else that of `lumos.toml`, else the offline stand-in.

    `lumos.toml` says where it answers, and with which key. Raises `ConfigError`.
    """
    config = load_config(FILE) if Path(FILE).exists() else Config()
    model = named or os.environ.get("LUMOS_MODEL") or config.model or OFFLINE
    if model == OFFLINE:
        return Choice(OFFLINE)
    return Choice(model, config.base_url, _key(config.api_key_env))


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ConfigError(
            f"{FILE}: api_key_env is {variable!r}, which is not set in the environment; "
            f"export {variable}=..., or take api_key_env out"
        )
    return key
