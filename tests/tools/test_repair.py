"""Arguments that are nearly right."""

import json
import time
from types import MappingProxyType
from typing import Any, Literal

import pytest

from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.decoding import MAX_DEPTH
from lumos_tools.repair import ROUNDS


@function_tool(repair=True)
def book(
    seats: int,
    price: float | None = None,
    window: bool = False,
    names: list[str] = [],  # noqa: B006
    extras: dict[str, int] = {},  # noqa: B006
    kind: Literal["up", "down"] = "up",
) -> str:
    """Book seats."""
    return "booked"


@pytest.mark.parametrize(
    ("text", "arguments", "repairs"),
    [
        ('{"seats": 2}', {"seats": 2}, ()),
        ('{"seats": "2"}', {"seats": 2}, ("read seats as 2",)),
        ('{"seats": 2, "price": "1.5"}', {"seats": 2, "price": 1.5}, ("read price as 1.5",)),
        ('{"seats": 2, "price": "null"}', {"seats": 2, "price": None}, ("read price as null",)),
        ('{"seats": 2, "window": "true"}', {"seats": 2, "window": True}, ("read window as true",)),
        (
            '{"seats": "2", "names": "[\\"Ada\\"]", "extras": "{\\"bag\\": \\"1\\"}"}',
            {"seats": 2, "names": ["Ada"], "extras": {"bag": 1}},
            (
                "read seats as 2",
                'read names as ["Ada"]',
                'read extras as {"bag": "1"}',
                "read extras.bag as 1",
            ),
        ),
        ('```json\n{"seats": 2}\n```', {"seats": 2}, ("took a code fence off",)),
        ('"{\\"seats\\": 2}"', {"seats": 2}, ("decoded the arguments twice",)),
    ],
)
def test_repairs(text: str, arguments: dict[str, Any], repairs: tuple[str, ...]):
    """What is nearly right is made right, and every change is told."""
    call = book.check(text)

    assert (arguments, set(repairs)) == (call.arguments, set(call.repairs))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ('{"seats": "two"}', 'seats: expected an integer, got "two"'),
        ('{"seats": "true"}', 'seats: expected an integer, got "true"'),
        ('{"seats": "1.5"}', 'seats: expected an integer, got "1.5"'),
        ('{"seats": 2, "kind": "left"}', 'kind: expected one of "up", "down", got "left"'),
        ('{"seats": 2, "window": 1}', "window: expected true or false, got 1"),
        ("```\nno\n```", "not JSON"),
        (b"\xff", "not JSON"),
        ({"seats": "two"}, 'seats: expected an integer, got "two"'),
        ({"seats": object()}, "not JSON"),
    ],
)
def test_faults_of_the_original(given: Any, fault: str):
    """What cannot be made right is told as it came."""
    with pytest.raises(InvalidArgumentsError) as caught:
        book.check(given)

    assert fault in caught.value.faults[0]


def test_endless():
    """Text in text in text is read a few times, and no more."""
    text: object = 2
    for _ in range(12):
        text = json.dumps(text)

    with pytest.raises(InvalidArgumentsError):
        book.check({"seats": text})


def test_rounds():
    """Objects in text, in objects in text, are read as deep as `ROUNDS`."""
    kind: Any = int
    text = "1"
    for _ in range(ROUNDS):
        kind, text = dict[str, kind], json.dumps({"it": text})

    def plant(tree: Any) -> None: ...

    plant.__annotations__["tree"] = kind
    tool = function_tool(plant, repair=True)

    assert ROUNDS == len(tool.check({"tree": json.loads(text)}).repairs)
    with pytest.raises(InvalidArgumentsError):
        tool.check({"tree": text})


@pytest.mark.parametrize(
    "given",
    [
        '{"seats": 2, "names": "[' + "5," * 400_000 + '5]"}',
        '{"seats": 2, "extras": {' + ",".join(f'"{n}": "5"' for n in range(70_000)) + "}}",
        '{"seats": 2, "names": [' + "5," * 300_000 + "5]}",
        "[" * 100_000,
        '"' + "[" * 100_000 + '"',
        '{"seats": "' + "[" * 100_000 + '"}',
    ],
    ids=["a text", "keys", "a list", "brackets", "brackets in a text", "brackets for a number"],
)
def test_large(given: str):
    """What is large, or deep, is answered at once, and not repaired."""
    began = time.perf_counter()

    with pytest.raises(InvalidArgumentsError):
        book.check(given)

    assert time.perf_counter() - began < 5  # of a busy machine


def test_too_deep_together():
    """What is repaired is as deep as other arguments may be, and no deeper."""

    @function_tool(repair=True)
    def keep(it: dict[str, Any]) -> None: ...

    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    with pytest.raises(InvalidArgumentsError, match="it: expected an object"):
        keep.check({"it": json.dumps({"it": json.loads(deep[1:-1])})})


def test_any_mapping():
    """A mapping that is no dict is repaired, too."""
    assert {"seats": 2} == book.check(MappingProxyType({"seats": "2"})).arguments


def test_mapping_is_not_changed():
    """A mapping that was handed in stays as it was."""
    given = {"seats": "2", "names": ["Ada"]}

    assert 2 == book.check(given).arguments["seats"]
    assert {"seats": "2", "names": ["Ada"]} == given


def test_off_by_default():
    """Nobody guesses unless it is asked for."""

    @function_tool
    def plain(seats: int) -> int:
        return seats

    with pytest.raises(InvalidArgumentsError):
        plain.check('{"seats": "2"}')
