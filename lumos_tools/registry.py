"""Tools by name."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lumos_tools.errors import DuplicateToolError, UnknownToolError
from lumos_tools.tool import FunctionSchema, Tool, as_tool

Offered = Tool | type[FunctionSchema]
MAX_NAME = 100
"""Characters of a name that are looked at; no tool has as many."""
MAX_NEAR = 3
MAX_KNOWN = 20
"""Names that are told of those there are."""


class ToolRegistry(Mapping[str, Tool]):
    """Tools by name, in the order they were added.

    Takes decorated functions, tools and `FunctionSchema` classes. Looking up an unknown name raises
    `UnknownToolError`, which says the nearest names and those there are, up to 20.
    """

    def __init__(self, *tools: Offered) -> None:
        self._tools: dict[str, Tool] = {}
        self.add(*tools)

    def add(self, *tools: Offered) -> None:
        """Add *tools*. Raises `DuplicateToolError`, and then has none of them."""
        added = dict(self._tools)
        for tool in map(as_tool, tools):
            if tool.name in added:
                raise DuplicateToolError(
                    f"two tools are called {tool.name!r}; give one another with @function_tool(name=...)"
                )
            added[tool.name] = tool
        self._tools = added

    def view(
        self, *, tags: Iterable[str] = (), names: Iterable[str] | None = None
    ) -> "ToolRegistry":
        """A registry of its own with the tools that have one of *tags*, and are among *names*.

        Without *tags* it is all of them. A name that is not there is an `UnknownToolError`.
        """
        wanted = {tags} if isinstance(tags, str) else {*tags}
        allowed = None if names is None else {self[name].name for name in names}
        return ToolRegistry(
            *(
                tool
                for tool in self._tools.values()
                if (not wanted or wanted & tool.tags) and (allowed is None or tool.name in allowed)
            )
        )

    def prefixed(self, prefix: str) -> "ToolRegistry":
        """The same tools as *prefix*_name, for two sources that have one name. Raises `SchemaError`."""
        return ToolRegistry(
            *(tool.renamed(f"{prefix}_{name}") for name, tool in self._tools.items())
        )

    def __getitem__(self, name: str) -> Tool:
        try:
            return self._tools[name]
        except KeyError:
            raise UnknownToolError(self._unknown(str(name))) from None

    def _unknown(self, name: str) -> str:
        """That there is no tool *name*, which tools are like it, and which there are."""
        shown = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}..."
        near = self._near(name) if len(name) <= MAX_NAME else ()
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        known = ", ".join([*self._tools][:MAX_KNOWN]) or "none"
        more = f" and {len(self) - MAX_KNOWN} more" if len(self) > MAX_KNOWN else ""
        return f"no tool named {shown!r}; {hint}known: {known}{more}"

    def _near(self, name: str) -> Sequence[str]:
        alike = [one for one in self._tools if one.lower() == name.lower()]
        return alike or difflib.get_close_matches(name, self._tools, n=MAX_NEAR)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __repr__(self) -> str:
        return f"ToolRegistry({', '.join(self._tools)})"
