"""How an agent remembers: where, how much of it the model reads, and when it is written."""

from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

import msgspec

from lumos_agent.errors import ConfigError
from lumos_agent.memory.base import MemoryStorage, MemoryThread
from lumos_agent.memory.window import TokenWindow, Window

Autosave = Literal["message", "step"]
Busy = Literal["error", "wait"]
KEY = "memory"
"""Where a thread's metadata has settings of its own."""


class Memory(msgspec.Struct, frozen=True):
    """A store and how an agent uses it: `Agent(model, memory=Memory(storage, window=LastMessages(20)))`.

    A thread may have settings of its own, in its metadata under `memory`: those below but the store,
    a window as `{"type": "last_messages", "n": 20}`.
    """

    storage: MemoryStorage
    window: Window = TokenWindow()
    """Which messages of a thread the model reads."""
    autosave: Autosave = "message"
    """`message`: each message, each result too, is stored when it is there. `step`: calls and their
    results in one append, so a crash in between forgets the calls although they may have happened."""
    busy: Busy = "error"
    """What a run does while another goes on in its thread: raise `ThreadConflictError`, or wait for
    its end. It can wait for runs of its own process; with those of others one of both is refused."""
    context: int | None = None
    """Tokens that the model takes; None for what LiteLLM's list says of it, else 128,000."""

    def __post_init__(self) -> None:
        if isinstance(self.storage, type) or not hasattr(self.storage, "get_messages"):
            raise ConfigError(
                f"memory={self.storage!r} is no store of threads; open one, for example "
                "`async with SQLiteStorage('threads.db') as memory`, and give that"
            )
        if not isinstance(cast("object", self.window), Window):
            raise ConfigError(
                f"window={self.window!r} is no window; give TokenWindow(), for example"
            )
        if self.autosave not in get_args(Autosave):
            raise ConfigError(f"autosave is 'message' or 'step', not {self.autosave!r}")
        if self.busy not in get_args(Busy):
            raise ConfigError(f"busy is 'error' or 'wait', not {self.busy!r}")
        context = cast("object", self.context)  # a thread's own may be anything
        if context is not None and not (isinstance(context, int) and context > 0):
            raise ConfigError(f"context is a number of tokens over 0, not {self.context!r}")

    def of(self, thread: MemoryThread) -> "Memory":
        """These settings with those that *thread* has of its own."""
        own = thread.metadata.get(KEY)
        if own is None:
            return self
        try:
            return msgspec.structs.replace(self, **_read(own))
        except (ConfigError, TypeError) as error:
            raise ConfigError(
                f"the metadata {KEY!r} of thread {thread.id!r}: {error}; put it right with update_thread"
            ) from error


def _read(own: Any) -> dict[str, Any]:
    if not isinstance(own, Mapping):
        raise ConfigError(f"it is an object, not {own!r}")
    given = msgspec.convert(own, dict[str, Any])
    if unknown := given.keys() - {"window", "autosave", "busy", "context"}:
        raise ConfigError(f"{min(unknown)!r} is none of window, autosave, busy, context")
    if "window" in given:
        from lumos_agent.memory.condense import window_from

        given["window"] = window_from(given["window"])
    return given
