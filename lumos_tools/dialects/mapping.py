"""Arguments between two schemas: as the model writes them, and as the tool takes them.

Each mapping goes both ways; `None` in place of one changes nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from lumos_tools.decoding import decode_any
from lumos_tools.errors import InvalidArgumentsError


class Mapped(Protocol):
    """How values of one place are mapped."""

    def raise_(self, value: Any) -> Any:
        """*value* as the tool takes it. Raises `InvalidArgumentsError` where it cannot be."""
        ...

    def lower(self, value: Any) -> Any:
        """*value* as the model writes it."""
        ...


def raised(mapping: Mapped | None, value: Any) -> Any:
    """*value* as the tool takes it."""
    return value if mapping is None else mapping.raise_(value)


def lowered(mapping: Mapped | None, value: Any) -> Any:
    """*value* as the model writes it."""
    return value if mapping is None else mapping.lower(value)


class Member(NamedTuple):
    """A key of an object, by the name that the model writes."""

    key: str
    mapping: Mapped | None = None
    fills: bool = False
    """Whether null is written for one that is not there."""
    drops: bool = False
    """Whether null is read as one that is not there."""


class Keys:
    """An object whose keys are known; *rest* maps the values of others.

    Where no others can be written, they are pairs under the name *pairs*.
    """

    def __init__(
        self, members: Mapping[str, Member], rest: Mapped | None, pairs: str | None = None
    ) -> None:
        self._members = members
        self._rest = rest
        self._pairs = pairs
        self._names = {one.key: name for name, one in members.items()}

    def raise_(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        made: dict[str, Any] = {}
        for name, one in cast("dict[str, Any]", value).items():
            member = self._members.get(name)
            if name == self._pairs:
                others = raised(self._rest, one)
                _merge(made, others if isinstance(others, dict) else {name: others})
            elif member is None:
                made[name] = raised(self._rest, one)
            elif not (one is None and member.drops):
                made[member.key] = raised(member.mapping, one)
        return made

    def lower(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, Any]", value)
        made: dict[str, Any] = {}
        for name, member in self._members.items():
            if member.key in given:
                made[name] = lowered(member.mapping, given[member.key])
            elif member.fills:
                made[name] = None
        others = {key: one for key, one in given.items() if key not in self._names}
        if self._pairs:
            return made | {self._pairs: lowered(self._rest, others)}
        return made | {key: lowered(self._rest, one) for key, one in others.items()}


def _merge(made: dict[str, Any], others: Any) -> None:
    if twice := made.keys() & {*others}:
        raise InvalidArgumentsError([f"{min(twice)}: the key is given twice"])
    made.update(others)


class Pairs:
    """An object, written as a list of its keys and values."""

    def __init__(self, value: Mapped | None) -> None:
        self._value = value

    def raise_(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        made: dict[str, Any] = {}
        for pair in cast("Sequence[Any]", value):
            given = cast("dict[str, Any]", pair) if isinstance(pair, dict) else {}
            if {*given} != {"key", "value"} or not isinstance(given["key"], str):
                return cast("Any", value)
            _merge(made, {given["key"]: raised(self._value, given["value"])})
        return made

    def lower(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, Any]", value)
        return [{"key": key, "value": lowered(self._value, one)} for key, one in given.items()]


class Items:
    """A list whose items are mapped."""

    def __init__(self, item: Mapped) -> None:
        self.item = item

    def raise_(self, value: Any) -> Any:
        return _each(value, self.item.raise_)

    def lower(self, value: Any) -> Any:
        return _each(value, self.item.lower)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return [*map(change, cast("Sequence[Any]", value))] if isinstance(value, list) else value


class Places:
    """A list whose places are mapped one by one, and the items after them by *rest*."""

    def __init__(self, places: Sequence[Mapped | None], rest: Mapped | None = None) -> None:
        self._places = places
        self._rest = rest

    def raise_(self, value: Any) -> Any:
        return self._each(value, raised)

    def lower(self, value: Any) -> Any:
        return self._each(value, lowered)

    def _each(self, value: Any, change: Callable[[Mapped | None, Any], Any]) -> Any:
        if not isinstance(value, list):
            return value
        given = cast("Sequence[Any]", value)
        known = [change(one, inner) for one, inner in zip(self._places, given, strict=False)]
        return [*known, *(change(self._rest, inner) for inner in given[len(known) :])]


def changes_kind(mapping: Mapped | None) -> bool:
    """Whether *mapping* makes a list of an object, or the reverse, in a list perhaps."""
    if isinstance(mapping, Items):
        return changes_kind(mapping.item)
    return isinstance(mapping, Pairs | Numbered)


class Numbered:
    """A list of fixed places, written as an object with a key for each; *members* are in order."""

    def __init__(self, members: Mapping[str, Member]) -> None:
        self._members = members

    def raise_(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, Any]", value)
        made: list[Any] = []
        missing = ""
        for name, member in self._members.items():
            if name not in given or (given[name] is None and member.drops):
                missing = missing or name
                continue
            if missing:
                raise InvalidArgumentsError([f"{name}: {missing} is missing before it"])
            made.append(raised(member.mapping, given[name]))
        return made

    def lower(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        given = cast("Sequence[Any]", value)
        made: dict[str, Any] = {}
        for place, (name, member) in enumerate(self._members.items()):
            if place < len(given):
                made[name] = lowered(member.mapping, given[place])
            elif member.fills:
                made[name] = None
        return made


class Text:
    """Any value, written as JSON text; text that is no JSON is itself."""

    def raise_(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return decode_any(value)
        except InvalidArgumentsError:
            return value

    def lower(self, value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False)


class Branch(NamedTuple):
    """One of the shapes that a value may have."""

    mapping: Mapped | None
    writes: Callable[[Any], bool]
    """Whether a value is one that the model writes for this shape."""
    takes: Callable[[Any], bool]
    """Whether a value is one that the tool takes in this shape."""


class Branches:
    """A value of several shapes: the first that fits says how it is mapped."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self._branches = branches

    def raise_(self, value: Any) -> Any:
        fits = next((one for one in self._branches if one.writes(value)), None)
        return raised(fits.mapping, value) if fits else value

    def lower(self, value: Any) -> Any:
        fits = next((one for one in self._branches if one.takes(value)), None)
        return lowered(fits.mapping, value) if fits else value


class Reference:
    """What a `$ref` stands for; *table* is filled when all of the schema has been read."""

    def __init__(self, table: Mapping[str, Mapped | None], name: str) -> None:
        self._table = table
        self._name = name

    def raise_(self, value: Any) -> Any:
        return raised(self._table[self._name], value)

    def lower(self, value: Any) -> Any:
        return lowered(self._table[self._name], value)
