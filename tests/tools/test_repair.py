"""Arguments that are nearly right."""

import json
from typing import Any, Literal

import pytest

from lumos_tools import InvalidArgumentsError, function_tool


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
