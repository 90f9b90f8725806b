"""The store at an address: a path, or PostgreSQL's."""

import os
import re
from typing import Protocol

from lumos_agent.errors import ConfigError
from lumos_agent.memory.base import MemorySearch, MemoryStorage

KINDS = "threads are kept in a SQLite file, at a path such as threads.db, or in postgresql://..."
SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(?=/)|(postgres(?:ql)?):", re.IGNORECASE)
"""With one slash, or PostgreSQL's with none, it is a slip: a path would be told with its password."""


class Store(MemoryStorage, MemorySearch, Protocol):
    """What there is at an address: it can be searched, too."""


def storage_at(address: str) -> Store:
    """The store at *address*, not yet open: `postgresql://...`, else the path of a SQLite file.

    Raises `ConfigError` for any other scheme; no message has what may be a password.
    """
    address = address.strip()
    if not address:
        raise ConfigError(f"the address of the memory is empty; {KINDS}")
    found = SCHEME.match(address)
    if found is None:
        from lumos_agent.memory.sqlite import SQLiteStorage

        return SQLiteStorage(os.path.expanduser(address))
    scheme = found[1] or found[2]
    if scheme.lower() not in ("postgresql", "postgres"):
        raise ConfigError(f"no memory is at {scheme}:...; {KINDS}")
    if not address.startswith("//", found.end()):
        raise ConfigError("an address of PostgreSQL begins with postgresql://, two slashes")
    from lumos_agent.memory.postgres import PostgresStorage

    return PostgresStorage(address)
