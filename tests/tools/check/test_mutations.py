"""What may be wrong with arguments: every place, and what models get wrong there."""

from typing import Any

from lumos_tools.check.mutations import JUNK, places, replaced
from tests.tools.check.tools import of


def others(value: Any, part: dict[str, Any]) -> list[Any]:
    """What is put in place of *value*, besides junk."""
    found = [*next(one for one in places({"it": value}, of(part)) if one.path == ("it",)).others]
    assert [*JUNK] == found[-len(JUNK) :]
    return found[: -len(JUNK)]


def test_places():
    """Every value in a document has its place, and the whole has keys too few and too many."""
    found = {one.path: one.others for one in places({"it": [{"a": 1}]}, of({}))}

    assert [(), ("it",), ("it", 0), ("it", 0, "a")] == [*found]
    assert [{"it": [{"a": 1}], "zzz": 1}, {}, {"it_": [{"a": 1}]}] == found[()]


def test_near():
    """Values are written as text, wrapped, cut short, or just beyond a limit."""
    assert ["5", 5.5, 0, 10] == others(5, {"minimum": 1, "maximum": 9})
    assert ["5", 5.5, 4, 10, 1.0] == others(
        5, {"exclusiveMinimum": 4, "exclusiveMaximum": 10, "multipleOf": 2}
    )
    assert [1, "true"] == others(True, {})
    assert ["None"] == others(None, {})
    text = others("Ab-c", {"minLength": 3, "maxLength": 4})
    assert {"aB-C", "Ab-c\n", "Abc", "aa", "ééééé"} <= {one for one in text if isinstance(one, str)}
    assert '["a"]' in others(["a"], {})
    assert "a" in others(["a"], {})
    assert {"0": "a"} in others(["a"], {})
    assert '{"a": 1}' in others({"a": 1}, {})
    assert "RED" in others("red", {"enum": ["red", None]})
    assert "1" in others(1, {"const": 1})


def test_replaced():
    """A copy has another value at one place."""
    value = {"a": [1, {"b": 2}]}

    assert {"a": [1, {"b": 3}]} == replaced(value, ("a", 1, "b"), 3)
    assert 3 == replaced(value, (), 3)
    assert {"a": [1, {"b": 2}]} == value
