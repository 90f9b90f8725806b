"""What goes wrong with tools.

    LumosError                      catch this for everything raised on purpose
    + SchemaError                   at decoration: this parameter has no JSON Schema
    + RegistryError
      - DuplicateToolError          two tools of one name
      - UnknownToolError            no tool of that name
    + ToolError                     raise it in a tool; the model reads it
      - InvalidArgumentsError       the model's arguments do not fit

What goes wrong in a run is in `lumos_agent.errors`.
"""

from collections.abc import Sequence


class LumosError(Exception):
    """Everything that Lumos raises on purpose."""


class SchemaError(LumosError):
    """A function cannot become a tool; the message names function, parameter, type and the way out."""


class RegistryError(LumosError):
    """The tools of one registry do not go together."""


class DuplicateToolError(RegistryError):
    """A registry has a tool of this name already."""


class UnknownToolError(RegistryError, KeyError):
    """A registry has no tool of this name; the message says the nearest, and those it has."""

    __str__ = Exception.__str__  # KeyError would show the message quoted


class ToolError(LumosError):
    """Raise it in a tool to tell the model what went wrong; it reads the message as it is."""


class InvalidArgumentsError(ToolError):
    """The arguments do not fit the tool's parameters, and its body did not run.

    `faults` has one line a fault, `path: what was expected, what came`; the message is all of them.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))
