"""The JSON of a call's arguments."""

import json
import sys
import time
from collections import ChainMap, UserDict
from types import MappingProxyType
from typing import Any

import pytest

from lumos_tools import InvalidArgumentsError
from lumos_tools.decoding import MAX_EFFORT, cut, decode, encode, is_heavy

LARGEST = int(sys.float_info.max)
NAMED = ["positive", "negative", "round", "another"]


@pytest.mark.parametrize("again", [0, 40_000, 79_999])
def test_many_keys(again: int):
    """Of 80 000 keys the one that is there twice is found at once."""
    pairs = ", ".join(f'"{number}": 1' for number in [*range(80_000), again])
    began = time.perf_counter()

    with pytest.raises(InvalidArgumentsError, match=f"key '{again}' given twice"):
        decode(f"{{{pairs}}}")

    assert time.perf_counter() - began < 5  # of a busy machine; it were minutes


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, 10**308, 2**63], ids=NAMED)
def test_large_integers(number: int):
    """An integer that a float holds is taken."""
    assert {"it": number} == decode(json.dumps({"it": number}))


@pytest.mark.parametrize("number", [LARGEST * 2, -LARGEST * 2, 10**309, 10**4_000], ids=NAMED)
def test_too_large_integers(number: int):
    """One that none holds is refused, for whoever reads it as a float."""
    with pytest.raises(InvalidArgumentsError, match="not JSON: too large for a float: -?[0-9]+"):
        decode(json.dumps({"it": number}))
    with pytest.raises(InvalidArgumentsError):
        decode(f'{{"it": [{"9" * 100_000}]}}')


@pytest.mark.parametrize(
    "mapping",
    [
        MappingProxyType({"it": {"a": 1}}),
        {"it": MappingProxyType({"a": 1})},
        UserDict(it=ChainMap({"a": 1}, {})),
    ],
)
def test_mappings(mapping: Any):
    """Any mapping is an object, at any depth."""
    assert {"it": {"a": 1}} == decode(encode(mapping))


def test_mapping_in_itself():
    """A mapping that holds itself is refused."""
    inner: dict[str, Any] = {}
    inner["it"] = MappingProxyType(inner)

    with pytest.raises(InvalidArgumentsError, match="not JSON"):
        encode(MappingProxyType(inner))


def test_heavy():
    """What is heavy has many values, or levels where each weighs twice the one above."""
    deep: Any = 1
    for _ in range(12):
        deep = {"it": deep}

    assert (False, True) == (is_heavy([1] * (MAX_EFFORT - 1)), is_heavy([1] * MAX_EFFORT))
    assert (False, True) == (is_heavy(deep), is_heavy(deep, 2))


def test_cut():
    """Lists are cut, at any depth, and nothing else is."""
    assert {"a": [[1, 2], "xyz"], "b": {"c": []}} == cut(
        {"a": [[1, 2, 3], "xyz", 4], "b": {"c": []}}, 2
    )
