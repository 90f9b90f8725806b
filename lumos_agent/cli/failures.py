"""What a failure says, and the exit code that it is."""

import os
import traceback

import click

from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    MemoryStorageError,
    ProviderError,
    ThreadNotFoundError,
)
from lumos_tools.errors import LumosError, RegistryError, SchemaError

FAILED = 1
"""The run did not come to an answer."""
WRONG = 2
"""Something has to be corrected first: the command line (a thread's id, too), the configuration, a tool
file, a key."""
LATER = 3
"""The provider, or the store of threads, is not there or busy; the same command may do better later."""


def report(error: Exception) -> int:
    """Say on stderr what *error* means to the user, and return the exit code."""
    if debugging():
        traceback.print_exception(error)
    click.echo(f"lumos: {' '.join(_sentence(error).split())}", err=True)
    return _code(error)


def debugging() -> bool:
    """Whether `LUMOS_DEBUG` asks for tracebacks."""
    return os.environ.get("LUMOS_DEBUG", "") not in ("", "0")


def _sentence(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "lumos"
        return f"{error.format_message().rstrip('.')} (see {path} --help)"
    if isinstance(error, LumosError):
        return str(error)
    return f"{type(error).__name__}: {error}; set LUMOS_DEBUG=1 to see where"


def _code(error: Exception) -> int:
    if isinstance(error, click.UsageError | ConfigError | SchemaError | RegistryError):
        return WRONG
    if isinstance(error, AuthenticationError | ThreadNotFoundError) or _unknown_model(error):
        return WRONG
    passing = isinstance(error, ProviderError | MemoryStorageError) and error.retryable
    return LATER if passing else FAILED


def _unknown_model(error: Exception) -> bool:
    return isinstance(error, BadRequestError) and error.status == 404
