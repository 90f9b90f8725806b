"""What comes of lowering a schema: the schema, what is lost, and the way back."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from lumos_tools.dialects.mapping import Mapped, lowered, raised
from lumos_tools.dialects.tables import Dialect
from lumos_tools.schema import Schema


class Loss(msgspec.Struct, frozen=True):
    """What a dialect does not say as the tool does."""

    path: str
    """Where, in the tool's schema, as a JSON pointer: `#/properties/size`."""
    keyword: str
    value: Any
    action: Literal["described", "dropped", "null", "pairs", "places", "renamed", "text", "any"]
    """In words; not at all; null in place of a key that is not there; an object as a list of pairs; a
    list as an object of places; a name as another one; a value as JSON text; one of several as any."""
    effect: Literal["same", "admits more", "admits less"]
    """Whether the model can say the same; more, which the tool refuses; or less."""

    @property
    def exact(self) -> bool:
        """Whether the model can say all that the tool takes, and nothing else."""
        return self.effect == "same"


class Lowered:
    """A schema in the words of a dialect, and the way back."""

    def __init__(
        self, schema: Schema, losses: Sequence[Loss], mapping: Mapped | None, dialect: Dialect
    ) -> None:
        self.schema = schema
        self.losses = tuple(losses)
        self.dialect = dialect
        self._mapping = mapping

    @property
    def exact(self) -> bool:
        """Whether nothing is lost."""
        return all(loss.exact for loss in self.losses)

    def raise_(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """*arguments* that fit the lowered schema, as the tool takes them.

        Raises `InvalidArgumentsError` where they cannot be, such as a key that is given twice.
        """
        return cast("dict[str, Any]", raised(self._mapping, dict(arguments)))

    def lower_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """*arguments* that the tool takes, as the model would write them."""
        return cast("dict[str, Any]", lowered(self._mapping, dict(arguments)))
