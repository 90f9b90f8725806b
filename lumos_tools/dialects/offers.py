"""Which tools are offered strictly: each that can be, and as many as one request may hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from lumos_tools.dialects.lowering import lower
from lumos_tools.dialects.report import Lowered
from lumos_tools.dialects.tables import DIALECTS, Dialect, Limits
from lumos_tools.schema import Schema
from lumos_tools.tool import Tool

MANY = 250
INSIDE = ("items", "additionalProperties", "propertyNames")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")


class Offer(msgspec.Struct, frozen=True):
    """A tool as a provider is shown it."""

    tool: Tool
    lowered: Lowered
    reason: str
    """Why it is strict, or why not; nothing where the dialect knows no strict tools."""

    @property
    def strict(self) -> bool:
        """Whether the model is held to the schema."""
        return self.lowered.dialect.strict


class _Cost(NamedTuple):
    """What a strict tool takes of what all of them may have."""

    optional: int
    unions: int


class _Picked(NamedTuple):
    """Some tools: how many, which (the first one is the highest bit), and what they take."""

    number: int
    which: int
    optional: int = 0
    unions: int = 0


def offer(tools: Iterable[Tool], dialect: str | Dialect) -> tuple[Offer, ...]:
    """*tools* in a *dialect*, or in its dialect of hints where that says more.

    A tool is strict if the model can say all that the tool takes, and the schema is within the limits.
    Where all of them together are beyond the limits of a request, as many as possible are strict, the
    earlier ones first. Raises `SchemaError` for a dialect that is not there.
    """
    tools = [*tools]
    strict = [lower(tool.parameters, dialect) for tool in tools]
    if not strict or not strict[0].dialect.strict:
        return tuple(Offer(tool, one, "") for tool, one in zip(tools, strict, strict=True))
    chosen = strict[0].dialect
    reasons = [_why_not(one, chosen.limits) for one in strict]
    able = [place for place, reason in enumerate(reasons) if not reason]
    costs = [_cost(strict[place].schema) for place in able]
    picked = {able[place] for place in _pick(costs, chosen.limits)}
    full = _full([cost for place, cost in zip(able, costs, strict=True) if place in picked], chosen)
    offers: list[Offer] = []
    for place, (tool, one, reason) in enumerate(zip(tools, strict, reasons, strict=True)):
        if place in picked:
            offers.append(Offer(tool, one, "the model can say all that it takes"))
            continue
        cost = _cost(one.schema)
        told = (
            reason
            or f"{full}, and it has {cost.optional} optional and {cost.unions} of several types"
        )
        offers.append(Offer(tool, lower(tool.parameters, DIALECTS[chosen.hints]), told))
    return tuple(offers)


def _why_not(lowered: Lowered, limits: Limits) -> str:
    """Why a tool cannot be strict by itself."""
    if lost := next((loss for loss in lowered.losses if loss.effect == "admits less"), None):
        return (
            f"strict, the model could not say all that it takes: {lost.path} takes null, and null "
            "would stand for leaving it out"
        )
    deep = _depth(lowered.schema, lowered.schema.get("$defs", {}))
    if limits.depth is not None and deep > limits.depth:
        return f"it is {deep} levels deep, at most {limits.depth}"
    parts = [*_parts(lowered.schema)]
    names = [name for part in parts for name in part.get("properties", ())]
    values = [value for part in parts for value in part.get("enum", ())]
    length = sum(map(len, map(str, names + values)))
    long_ones = [part["enum"] for part in parts if len(part.get("enum", ())) > MANY]
    longest = max((sum(map(len, map(str, one))) for one in long_ones), default=0)
    for what, count, most in (
        ("properties", len(names), limits.properties),
        ("values of enums", len(values), limits.values),
        ("characters of names and values", length, limits.characters),
        (f"characters in an enum of more than {MANY} values", longest, limits.long_enum),
    ):
        if most is not None and count > most:
            return f"it has {count} {what}, at most {most}"
    return ""


def _cost(schema: Schema) -> _Cost:
    parts = [*_parts(schema)]
    optional = sum(
        name not in part.get("required", ())
        for part in parts
        for name in part.get("properties", ())
    )
    unions = sum("anyOf" in part or isinstance(part.get("type"), list) for part in parts)
    return _Cost(optional, unions)


def _pick(costs: Sequence[_Cost], limits: Limits) -> Iterator[int]:
    """The places of as many *costs* as fit the *limits* together; of as many, the earlier ones.

    A knapsack: for each cost so far, the most tools that can be had for it.
    """
    optional = sum(one.optional for one in costs) if limits.optional is None else limits.optional
    unions = sum(one.unions for one in costs) if limits.unions is None else limits.unions
    best = {(0, 0): _Picked(0, 0)}
    for place, cost in enumerate(costs):
        bit = 1 << (len(costs) - place)
        for had in [*best.values()]:
            key = had.optional + cost.optional, had.unions + cost.unions
            if key[0] > optional or key[1] > unions:
                continue
            if limits.tools is not None and had.number == limits.tools:
                continue
            made = _Picked(had.number + 1, had.which | bit, *key)
            best[key] = max(made, best.get(key, made))
    found = max(best.values())
    return (place for place in range(len(costs)) if found.which & (1 << (len(costs) - place)))


def _full(picked: Sequence[_Cost], dialect: Dialect) -> str:
    """How much the strict tools take."""
    limits = dialect.limits
    return (
        f"one request has at most {limits.tools} strict tools, {limits.optional} optional parameters "
        f"and {limits.unions} of several types in them; {len(picked)} others have "
        f"{sum(one.optional for one in picked)} and {sum(one.unions for one in picked)}"
    )


def _parts(schema: Any) -> Iterator[Schema]:
    """*schema*, and all schemas in it."""
    if not isinstance(schema, Mapping):
        return
    known = dict(cast("Mapping[str, Any]", schema))
    yield known
    for key in INSIDE:
        yield from _parts(known.get(key))
    for key in LISTS:
        for inner in known.get(key, ()):
            yield from _parts(inner)
    for key in ("properties", "$defs"):
        for inner in known.get(key, {}).values():
            yield from _parts(inner)


def _depth(schema: Any, defs: Mapping[str, Any], around: tuple[str, ...] = ()) -> int:
    """How many objects and lists are inside each other; a type that holds itself counts once."""
    if not isinstance(schema, Mapping):
        return 0
    known = dict(cast("Mapping[str, Any]", schema))
    name = str(known.get("$ref", "")).removeprefix("#/$defs/")
    inner = [_depth(defs[name], defs, (*around, name))] if name and name not in around else [0]
    inner += [_depth(known.get(key), defs, around) for key in INSIDE]
    inner += [_depth(one, defs, around) for key in LISTS for one in known.get(key, ())]
    inner += [_depth(one, defs, around) for one in known.get("properties", {}).values()]
    return max(inner) + (known.get("type") in ("object", "array"))
