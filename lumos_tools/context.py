"""What a tool may ask of the run it is called in."""

from collections.abc import Callable
from typing import Any, Generic, cast

import msgspec
from typing_extensions import TypeVar

Deps = TypeVar("Deps", default=Any)


def _nobody_listens(data: Any) -> None:
    """Take what a tool emits outside a run."""


def _never() -> bool:
    return False


class ToolContext(msgspec.Struct, Generic[Deps], frozen=True, kw_only=True):
    """The run around a call; a parameter with this annotation gets it and is not in the schema.

    `ToolContext()` is valid, for tests. `ToolContext[Database]` types `deps`.
    """

    thread: str | None = None
    """Id of the memory thread, if the run has one."""
    resource: str | None = None
    """Who the thread belongs to, a user for example."""
    run: str = ""
    """Id of the run."""
    call: str = ""
    """Id of this call."""
    deps: Deps = cast("Deps", None)
    """What the caller of the run handed in as `deps=`."""
    on_emit: Callable[[Any], None] = _nobody_listens
    is_cancelled: Callable[[], bool] = _never

    def emit(self, data: Any) -> None:
        """Tell whoever follows the run *data*, any JSON value, as a `ToolProgress` event."""
        self.on_emit(data)

    @property
    def cancelled(self) -> bool:
        """Whether the run is over for this call: a long sync tool looks now and then, and returns."""
        return self.is_cancelled()
