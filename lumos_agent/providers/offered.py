"""Tools as a provider is shown them, and its calls as the tools take them."""

from collections.abc import Callable
from typing import Any, cast

from lumos_agent.messages import encode
from lumos_tools import InvalidArgumentsError, Tool, ToolRegistry
from lumos_tools.dialects import DIALECTS, DialectName, Offer, offer

KEPT = 16
"""Registries whose tools are kept ready."""
Entry = Callable[[Offer], dict[str, Any]]
"""What makes the entry of a request's `tools`."""


class Offered:
    """Tools in a dialect: an entry of a request each, and the way back."""

    def __init__(self, tools: tuple[Tool, ...], dialect: DialectName, entry: Entry) -> None:
        self._offers = {one.tool.name: one for one in offer(tools, dialect)}
        self.entries = [entry(one) for one in self._offers.values()]
        self.encoded = [*map(encode, self.entries)]

    def raised(self, name: str, arguments: Any) -> Any:
        """The *arguments* that a model wrote for the tool *name*, as the tool takes them.

        What cannot be mapped stays as it is, and the tool refuses it.
        """
        offered = self._offers.get(name)
        if offered is None or not isinstance(arguments, dict):
            return arguments
        given = cast("dict[str, Any]", arguments)
        try:
            return offered.lowered.raise_(given)
        except InvalidArgumentsError:
            return given

    @property
    def strict(self) -> bool:
        """Whether the model is held to the schema of one of them."""
        return any(one.strict for one in self._offers.values())


class Offers:
    """Makes entries of the tools of a request, and keeps them for the next one."""

    def __init__(self, dialect: DialectName, entry: Entry) -> None:
        self.dialect: DialectName = dialect
        self._entry = entry
        self._made: dict[tuple[Tool, ...], Offered] = {}
        self._relaxed = False

    def relax(self) -> bool:
        """Offer no tool strictly from now on; whether one was, perhaps by a request that is still out."""
        if any(one.strict for one in self._made.values()):
            self.dialect = DIALECTS[self.dialect].hints
            self._made.clear()
            self._relaxed = True
        return self._relaxed

    def of(self, tools: ToolRegistry) -> Offered:
        """*tools* as they are shown."""
        given = tuple(tools.values())
        found = self._made.get(given)
        if found is None:
            if len(self._made) == KEPT:
                self._made.clear()
            found = self._made[given] = Offered(given, self.dialect, self._entry)
        return found
