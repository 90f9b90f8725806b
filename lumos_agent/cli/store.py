"""Which store keeps the threads: what the commands ask that have to do with them."""

import os

from lumos_agent.config import Config, default_memory
from lumos_agent.errors import ConfigError
from lumos_agent.memory.address import Store, storage_at
from lumos_agent.memory.sqlite import SQLiteStorage

NO_MEMORY = (
    "no memory to keep threads in; say --memory threads.db, "
    'or memory = "threads.db" in lumos.toml, or set LUMOS_MEMORY'
)


def chosen_store(address: str | None, config: Config) -> Store:
    """The store at *address*, else at that of the environment, else of the file.

    Raises `ConfigError` where nobody says one.
    """
    chosen = address or default_memory(config)
    if chosen is None:
        raise ConfigError(NO_MEMORY)
    return storage_at(chosen)


def store_of_agent(address: str | None, config: Config) -> Store:
    """`chosen_store` for an agent, which may have its memory switched off."""
    if not config.features.memory:
        raise ConfigError(
            f"agents have no memory, {config.path} switches it off; take out memory = false there"
        )
    return chosen_store(address, config)


def present_store(address: str | None, config: Config) -> Store:
    """`chosen_store` for who reads what is there: no file is made for it."""
    store = chosen_store(address, config)
    if isinstance(store, SQLiteStorage) and not os.path.exists(store.path):
        raise ConfigError(
            f"there is no file {store.path!r}, so no threads; a run with --thread makes it"
        )
    return store
