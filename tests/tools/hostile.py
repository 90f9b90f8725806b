"""Hostile documents: what models, and those who speak through them, send in place of arguments.

Every document is made of a legal one of the corpus. An oracle that shares no code with the tools says
which are legal all the same: the standard library's decoder with checks of its own, and `jsonschema`.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.faults import MAX_FAULT, MAX_FAULTS
from lumos_tools.tool import Tool
from tests.tools.corpus import CASES
from tests.tools.oracle import oracle

SIZE = 1_000_000
DEPTH = 64
LARGE = "a" * 10_000_000
FAULTS = ",".join(['"5", 5.5, {}'] * 60_000)
KEYS = ",".join(f'"{number}": 1' for number in range(80_000))
ODD_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, -0.0, 0.5, 2**63, 2**64, -(2**80), 1e30),
    *("2026-02-30", "2026-02-30T00:00", "0000-01-01T00:00Z", "24:00", "P1W2D", "-PT1.5S", "PT"),
    *("", "5", "true", "null", "NaN", "a\0b", "\u202e", "\uffff", "é", "e\u0301"),
    *([], {}, [[]], [None], {"": None}, {"it": 1}, [1, "1"], ["a"] * 100),
]
ODD_KEYS = ["", "self", "it ", "IT", "\uff49t", "__proto__", "__class__", "model_config", "context"]
ODD_TOKENS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01", "+1", ".5", "1.", "0x1"]
ODD_TOKENS += [
    "'a'",
    "undefined",
    "None",
    "True",
    "1_000",
    "9" * 400,
    "9" * 5_000,
    '"\\ud800"',
    '"\\udc00x"',
]
ODD_TOKENS += [
    '"\\x41"',
    '"\t"',
    "1e-400",
    "-0",
    "-0.0",
    "1E2",
    '"\\u0000"',
    "[1,]",
    '{"a":1,}',
    "//1",
]


class Source(NamedTuple):
    """A tool of the corpus, its oracle, and what it takes."""

    tool: Tool
    oracle: Any
    legal: tuple[dict[str, Any], ...]
    ran: list[int]
    open: bool
    """Whether it may refuse more than the oracle does."""


def sources() -> list[Source]:
    """The tools of the corpus, each with a body that only notes that it ran."""
    made: list[Source] = []
    for case in CASES:
        tool = function_tool(name="it")(case.function)
        ran: list[int] = []
        tool.body = _noting(ran)
        legal = tuple(given for given, _ in case.takes)
        made.append(Source(tool, oracle(tool.parameters), legal, ran, bool(tool.notes)))
    return made


def _noting(ran: list[int]) -> Callable[[Any, Any], Any]:
    async def body(values: Any, context: Any) -> str:
        ran.append(1)
        return ""

    return body


def is_legal(text: str | bytes, oracle: Any) -> bool:
    """What the oracle says of *text*."""
    try:
        plain = text.decode("utf-8", "strict") if isinstance(text, bytes) else text
        if len(text) > SIZE:
            return False
        value = json.loads(
            plain.strip(" \t\r\n") or "{}",  # the blanks of RFC 8259
            object_pairs_hook=_pairs,
            parse_constant=_never,
            parse_int=_int,
            parse_float=_float,
        )
        json.dumps(value, ensure_ascii=False).encode()
        return isinstance(value, dict) and _depth(value) <= DEPTH and oracle.is_valid(value)
    except (ValueError, RecursionError):
        return False


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _never(text: str) -> Any:
    raise ValueError(text)


def _float(text: str) -> float:
    if (value := float(text)) in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _int(text: str) -> int:
    _float(text)
    return int(text)


def _depth(value: Any) -> int:
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _odd_value(dice: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    """*given* with one value, at any depth, that is another."""
    copy = json.loads(json.dumps(given))
    places = list(_places(copy))
    if not places:
        return {"it": dice.choice(ODD_VALUES)}
    holder, key = dice.choice(places)
    holder[key] = dice.choice(ODD_VALUES)
    return copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _truncated(dice: random.Random, given: dict[str, Any]) -> str:
    text = json.dumps(given)
    return text[: dice.randrange(1, len(text))]


def _concatenated(dice: random.Random, given: dict[str, Any]) -> str:
    return json.dumps(given) + dice.choice(["", " ", "\n", ","]) + json.dumps(given)


def _odd(dice: random.Random, given: dict[str, Any]) -> str:
    return json.dumps(_odd_value(dice, given), ensure_ascii=dice.random() < 0.5)


def _odd_token(dice: random.Random, given: dict[str, Any]) -> str:
    mark = "a-mark-of-its-own"
    copy = json.loads(json.dumps(given)) or {"it": None}
    holder, key = dice.choice(list(_places(copy)))
    holder[key] = mark
    return json.dumps(copy).replace(f'"{mark}"', dice.choice(ODD_TOKENS))


def _key_twice(dice: random.Random, given: dict[str, Any]) -> str:
    key = dice.choice([*given] or ["it"])
    again = "".join(f"\\u{ord(one):04x}" for one in key) if dice.random() < 0.5 else key
    return json.dumps(given or {"it": 1})[:-1] + f', "{again}": {json.dumps(given.get(key))}}}'


def _odd_key(dice: random.Random, given: dict[str, Any]) -> str:
    copy = dict(given)
    if copy and dice.random() < 0.5:
        copy.pop(dice.choice([*copy]))
    return json.dumps({**copy, dice.choice(ODD_KEYS): dice.choice(ODD_VALUES)})


def _missing_key(dice: random.Random, given: dict[str, Any]) -> str:
    copy = dict(given)
    if copy:
        copy.pop(dice.choice([*copy]))
    return json.dumps(copy)


def _deep(dice: random.Random, given: dict[str, Any]) -> str:
    levels = dice.choice([60, 63, 64, 65, 200, 10_000])
    start, end = dice.choice([("[", "]"), ('{"it":', "}")])
    inner = start * levels + "1" + end * levels
    return f'{{"{dice.choice([*given] or ["it"])}": {inner}}}'


def _large(dice: random.Random, given: dict[str, Any]) -> str:
    return f'{{"{dice.choice([*given] or ["it"])}": "{LARGE}"}}'


def _many_faults(dice: random.Random, given: dict[str, Any]) -> str:
    kind = dice.choice(['{"%s": [%s]}', '{"%s": {"a": [%s]}}', '{"%s": [[%s]]}'])
    return kind % (dice.choice([*given] or ["it"]), FAULTS)


def _many_keys(dice: random.Random, given: dict[str, Any]) -> str:
    """80 000 keys, the last of them twice."""
    kind = dice.choice(["{%s}", f'{{"{dice.choice([*given] or ["it"])}": {{%s}}}}'])
    return kind % f'{KEYS}, "79999": 1'


def _bytes(dice: random.Random, given: dict[str, Any]) -> bytes:
    raw = bytearray(json.dumps(given, ensure_ascii=False).encode())
    for _ in range(dice.randrange(1, 4)):
        raw[dice.randrange(len(raw))] = dice.randrange(256)
    return bytes(raw)


def _wrapped(dice: random.Random, given: dict[str, Any]) -> str:
    text = json.dumps(given)
    around = [
        "\ufeff{}",
        "```json\n{}\n```",
        "[{}]",
        "{} // so",
        "/* */ {}",
        "{};",
        "Here: {}",
        "\0{}",
    ]
    if dice.random() < 0.3:
        return dice.choice([json.dumps(text), "null", "1", '"it"', "", " ", "\n", "[]", "true"])
    return dice.choice(around).replace("{}", text)


def _raw_surrogate(dice: random.Random, given: dict[str, Any]) -> str:
    return _odd_token(dice, given)[:-1] + dice.choice(['\ud800": 1}', ', "\udc80": 1}', "\ud83d}"])


KINDS: dict[str, tuple[int, Callable[[random.Random, dict[str, Any]], str | bytes]]] = {
    "truncated": (10, _truncated),
    "two in one": (5, _concatenated),
    "another value": (30, _odd),
    "another token: NaN, 1e400, 01, half a surrogate pair": (20, _odd_token),
    "a key twice": (5, _key_twice),
    "another key": (10, _odd_key),
    "a key missing": (5, _missing_key),
    "up to 10 000 levels": (3, _deep),
    "10 MB": (0, _large),
    "many faults": (0, _many_faults),
    "many keys": (0, _many_keys),
    "bytes changed": (10, _bytes),
    "wrapped, or no object": (5, _wrapped),
    "raw surrogates": (3, _raw_surrogate),
}
"""How many of a hundred, and how one is made; 0 is one in a thousand."""


class Count(NamedTuple):
    """What came of the documents."""

    kinds: Counter[str]
    ran: int
    forbidden: list[str]
    """Those whose bodies ran although the schema forbids them."""
    withheld: list[str]
    """Those that the schema admits, and a tool without notes refused."""
    slowest: dict[str, float]
    """Seconds that the slowest answer to each kind took."""


async def count(documents: int, seed: int) -> Count:
    """Send *documents* to the tools of the corpus."""
    dice, made = random.Random(seed), sources()
    names = list(KINDS)
    weights = [weight or 0.1 for weight, _ in KINDS.values()]
    kinds: Counter[str] = Counter()
    slowest: dict[str, float] = dict.fromkeys(names, 0.0)
    ran = 0
    forbidden: list[str] = []
    withheld: list[str] = []
    for number in range(documents):
        source = dice.choice(made)
        kind = names[number] if number < len(names) else dice.choices(names, weights)[0]
        text = KINDS[kind][1](dice, dice.choice(source.legal))
        legal, seconds = is_legal(text, source.oracle), await _send(source, text)
        kinds[kind] += 1
        ran += len(source.ran)
        slowest[kind] = max(slowest[kind], seconds)
        if source.ran and not legal:
            forbidden.append(f"{source.tool.parameters}: {text[:200]!r}")
        if legal and not source.ran and not source.open:
            withheld.append(f"{source.tool.parameters}: {text[:200]!r}")
        source.ran.clear()
    return Count(kinds, ran, forbidden, withheld, slowest)


async def _send(source: Source, text: str | bytes) -> float:
    began = time.perf_counter()
    faults: list[str] = []
    try:
        await source.tool.call(text)
    except InvalidArgumentsError as error:
        faults = error.faults
    took = time.perf_counter() - began
    assert bool(faults) != bool(source.ran)
    assert len(faults) <= MAX_FAULTS + 1
    assert all(len(fault) <= MAX_FAULT and "\n" not in fault for fault in faults)
    return took
