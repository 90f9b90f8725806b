"""What becomes of one shape of a schema, dialect by dialect, with its report and its way back."""

import json
from typing import Any

import pytest

from lumos_tools import InvalidArgumentsError, SchemaError
from lumos_tools.dialects import DIALECTS, Loss, Lowered, lower

STRING: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"value": NUMBER, "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
    "required": ["value", "kids"],
    "additionalProperties": False,
}


def of(part: Any, dialect: str, *, required: bool = True, **defs: Any) -> Lowered:
    """*part* as the schema of the only parameter, lowered."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"it": part},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = ["it"]
    return lower(schema | ({"$defs": defs} if defs else {}), dialect)


def it(lowered: Lowered) -> Any:
    return lowered.schema["properties"]["it"]


def losses(lowered: Lowered) -> list[tuple[str, str, str, str]]:
    return [(one.path, one.keyword, one.action, one.effect) for one in lowered.losses]


def back(lowered: Lowered, value: Any) -> Any:
    return lowered.raise_({"it": value})["it"]


def test_unknown_dialect():
    """An unknown name is told with those that there are."""
    with pytest.raises(SchemaError, match="no dialect 'x'; there are openai, openai-strict"):
        lower({"type": "object"}, "x")


def test_no_object():
    """A tool takes an object."""
    with pytest.raises(SchemaError, match="must have 'type': 'object'"):
        lower(STRING, "openai")


def test_nothing_lost():
    """A schema that a dialect says as it is, is exact, and its arguments are what they are."""
    lowered = of(STRING, "openai-strict")

    assert (True, ()) == (lowered.exact, lowered.losses)
    assert {"it": "x"} == lowered.raise_({"it": "x"}) == lowered.lower_arguments({"it": "x"})


def test_described():
    """What a dialect does not take is a sentence after the description, and in the report."""
    part = {
        "type": "string",
        "description": "A code",
        "minLength": 2,
        "default": "ab",
        "title": "Code",
    }
    lowered = of(part, "openai-strict")

    assert {
        "type": "string",
        "title": "Code",
        "description": "A code. At least 2 characters; default: ab.",
    } == it(lowered)
    assert (
        Loss("#/properties/it", "minLength", 2, "described", "admits more"),
        Loss("#/properties/it", "default", "ab", "described", "same"),
    ) == lowered.losses
    assert [False, True] == [loss.exact for loss in lowered.losses]
    assert not lowered.exact


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("examples", ["a", "b"], 'For example "a", "b".'),
        ("deprecated", True, "Deprecated."),
        ("not", {"enum": ["a"]}, 'None of "a".'),
        ("not", {"minLength": 3}, 'Not {"minLength": 3}.'),
        ("format", "hostname", "Format: hostname."),
        ("format", "date", "Date, such as 2026-01-31."),
        ("pattern", "^a$", "Text that matches ^a$."),
        ("contentEncoding", "base64", "In base64."),
        ("x-unit", "metres", "X-unit: metres."),
    ],
)
def test_words(keyword: str, value: Any, told: str):
    """Each keyword has words."""
    assert told == it(of(STRING | {keyword: value}, "groq-strict"))["description"]


def test_sentences():
    """Words follow a description that is a sentence already."""
    assert (
        "One. At least 2."
        == it(of(NUMBER | {"description": "One.", "minimum": 2}, "groq-strict"))["description"]
    )


def test_silent():
    """What binds nothing and means nothing to a model is dropped, and reported."""
    lowered = of(STRING | {"$comment": "x"}, "openai-strict")

    assert STRING == it(lowered)
    assert [("#/properties/it", "$comment", "dropped", "same")] == losses(lowered)


def test_left_out():
    """Where every key is needed, null stands for one that is left out."""
    lowered = of(NUMBER | {"description": "How many."}, "openai-strict", required=False)

    assert {
        "anyOf": [{"type": "integer"}, {"type": "null"}],
        "description": "How many. Null leaves it out.",
    } == it(lowered)
    assert [("#/properties/it", "required", "null", "same")] == losses(lowered)
    assert {} == lowered.raise_({"it": None})
    assert {"it": None} == lowered.lower_arguments({})


def test_null_and_left_out():
    """Null of a parameter that takes it stays null; leaving it out cannot be said, or means the same."""
    either = {"anyOf": [NUMBER, {"type": "null"}]}
    other = of(either, "openai-strict", required=False)
    same = of(either | {"default": None}, "openai-strict", required=False)

    assert "admits less" in [loss.effect for loss in other.losses]
    assert "admits less" not in [loss.effect for loss in same.losses]
    assert {"it": None} == other.raise_({"it": None}) == same.raise_({"it": None})


def test_anything():
    """Any value is JSON text where a schema may not say nothing; text that is no JSON is itself."""
    lowered = of({}, "openai-strict")

    assert {"type": "string", "description": "Any value, written as JSON text."} == it(lowered)
    assert [5, {"a": [1]}, "hello", "5"] == [
        back(lowered, text) for text in ("5", '{"a": [1]}', "hello", '"5"')
    ]
    assert {"it": '"5"'} == lowered.lower_arguments({"it": "5"})
    assert 5 == back(lowered, 5)
    assert True is it(of(True, "openai"))
    assert {} == it(of(True, "vllm"))


def test_nothing():
    """What takes nothing is said in words where it must be said at all."""
    assert "not {}" in it(of(False, "openai-strict"))["description"]


def test_left_out_anything():
    """Null stands for any value that is left out; null itself is the text of it."""
    lowered = of({}, "openai-strict", required=False)

    assert ({}, {"it": None}) == (lowered.raise_({"it": None}), lowered.raise_({"it": "null"}))


def test_pairs():
    """An object with keys of any name is a list of pairs, each key once."""
    part = {"type": "object", "additionalProperties": NUMBER, "minProperties": 1}
    lowered = of(part, "openai-strict")

    assert {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"key": STRING, "value": NUMBER},
            "required": ["key", "value"],
            "additionalProperties": False,
        },
        "minItems": 1,
        "description": "Pairs of key and value, each key once.",
    } == it(lowered)
    assert {"a": 1} == back(lowered, [{"key": "a", "value": 1}])
    assert [{"key": "a", "value": 1}] == lowered.lower_arguments({"it": {"a": 1}})["it"]
    with pytest.raises(InvalidArgumentsError, match="a: the key is given twice"):
        back(lowered, [{"key": "a", "value": 1}] * 2)


@pytest.mark.parametrize("wrong", [5, [5], [{"key": "a"}], None])
def test_no_pairs(wrong: Any):
    """What is no list of pairs stays as it is, and the tool refuses it."""
    lowered = of({"type": "object", "additionalProperties": NUMBER}, "openai-strict")

    assert wrong == back(lowered, wrong)
    assert {"it": 5} == lowered.lower_arguments({"it": 5})


def test_known_and_other_keys():
    """Keys beside the known ones are pairs under a name of their own."""
    part = {"type": "object", "properties": {"more": NUMBER}, "required": ["more"]}
    lowered = of(part, "openai-strict")
    meant = {"more": 1, "x": [True]}
    said = {"more": 1, "more_": [{"key": "x", "value": "[true]"}]}

    assert ["more", "more_"] == it(lowered)["required"]
    assert (meant, said) == (back(lowered, said), lowered.lower_arguments({"it": meant})["it"])
    with pytest.raises(InvalidArgumentsError, match="more: the key is given twice"):
        back(lowered, {"more": 1, "more_": [{"key": "more", "value": "2"}]})
    assert (5, {"it": 5}) == (back(lowered, 5), lowered.lower_arguments({"it": 5}))


def test_other_keys_are_mapped():
    """Where an object may be open, its other values are mapped in place."""
    inner = {"type": "object", "properties": {"a b": NUMBER}, "additionalProperties": False}
    lowered = of({"type": "object", "additionalProperties": inner}, "gemini")

    assert {"x": {"a b": 1}} == back(lowered, {"x": {"a_b": 1}})
    assert {"it": {"x": {"a_b": 1}}} == lowered.lower_arguments({"it": {"x": {"a b": 1}}})


def test_names():
    """A name that a dialect does not take is another one, and none is taken twice."""
    schema = {
        "type": "object",
        "properties": {"a_b": NUMBER, "a b": NUMBER, "größe": NUMBER, "1": NUMBER},
        "required": ["a b"],
        "additionalProperties": False,
    }
    lowered = lower(schema, "gemini")

    assert ["a_b", "a_b_", "gr__e", "_1"] == [*lowered.schema["properties"]]
    assert ["a_b_"] == lowered.schema["required"]
    assert {"a b": 1, "größe": 2} == lowered.raise_({"a_b_": 1, "gr__e": 2})
    assert {"a_b_": 1, "gr__e": 2} == lowered.lower_arguments({"a b": 1, "größe": 2})
    assert ("#/properties/a b", "name", "renamed", "same") in losses(lowered)


PAIR = {
    "type": "array",
    "prefixItems": [{"type": "object", "additionalProperties": NUMBER}, NUMBER],
    "minItems": 1,
    "maxItems": 2,
}


def test_places():
    """A list of fixed places is an object of them, where a dialect has no places."""
    lowered = of(PAIR, "openai-strict")
    said = {"item_0": [{"key": "a", "value": 1}], "item_1": None}

    assert ["item_0", "item_1"] == it(lowered)["required"]
    assert [{"a": 1}] == back(lowered, said)
    assert said == lowered.lower_arguments({"it": [{"a": 1}]})["it"]
    assert [{"a": 1}, 2] == back(lowered, {**said, "item_1": 2})
    assert ([1], {"it": 1}) == (back(lowered, [1]), lowered.lower_arguments({"it": 1}))


def test_missing_place():
    """A place that is missing before another is told: no item moves."""
    part = {"type": "array", "prefixItems": [NUMBER, NUMBER], "maxItems": 2}

    with pytest.raises(InvalidArgumentsError, match="item_1: item_0 is missing before it"):
        back(of(part, "anthropic-strict"), {"item_1": 2})


def test_kept_places():
    """Where a dialect has places they stay, and what is in them is mapped."""
    part = {**PAIR, "prefixItems": [{"type": "object", "properties": {"a b": NUMBER}}, NUMBER]}
    lowered = of(part | {"items": False}, "gemini")

    assert [{"a b": 1}, 2] == back(lowered, [{"a_b": 1}, 2])
    assert {"it": [{"a_b": 1}]} == lowered.lower_arguments({"it": [{"a b": 1}]})
    assert False is it(lowered)["items"]
    assert 5 == back(lowered, 5)


def test_open_places():
    """A list with more than its fixed places is JSON text."""
    lowered = of({"type": "array", "prefixItems": [NUMBER]}, "openai-strict")

    assert (
        'A list, written as JSON text; prefixItems: {"type": "integer"}.'
        == (it(lowered)["description"])
    )
    assert [1, "x"] == back(lowered, '[1, "x"]')


def test_list_of_anything():
    """A list that says nothing of its items does, where it must."""
    lowered = of({"type": "array"}, "openai-strict")

    assert "string" == it(lowered)["items"]["type"]
    assert ([1], 5) == (back(lowered, ["1"]), back(lowered, 5))
    assert {"type": "array"} == it(of({"type": "array"}, "vllm"))


def test_values_of_several_types():
    """Values are grouped by their type, which is said."""
    part = {"enum": ["a", 2, None]}

    assert {
        "anyOf": [
            {"enum": ["a"], "type": "string"},
            {"enum": [2], "type": "integer"},
            {"type": "null"},
        ]
    } == it(of(part, "openai-strict"))
    assert {
        "anyOf": [
            {"enum": ["a"], "type": "string"},
            {"type": "integer", "description": "One of 2."},
        ],
        "nullable": True,
    } == it(of(part, "gemini-openapi"))
    assert {"enum": ["a", None]} == it(of({"enum": ["a", None]}, "openai"))
    assert {"enum": ["a"], "type": "string", "nullable": True} == it(
        of({"enum": ["a", None]}, "gemini-openapi")
    )


def test_one_value():
    """One value is a constant, or an enumeration of one."""
    assert {"const": "a", "type": "string"} == it(of({"const": "a"}, "openai-strict"))
    assert {"enum": ["a"], "type": "string"} == it(of({"const": "a"}, "gemini"))
    assert {"const": "a"} == it(of({"const": "a"}, "mistral"))


def test_values_with_parts():
    """Values that are objects or lists are written as JSON text."""
    lowered = of({"enum": [{"a": 1}, [2]]}, "openai-strict")

    assert 'Written as JSON text; one of {"a": 1}, [2].' == it(lowered)["description"]
    assert {"a": 1} == back(lowered, '{"a": 1}')


def test_several_types():
    """Several types are one of several schemas, each with what binds it."""
    part = {"type": ["string", "null"], "pattern": "^a$", "minimum": 1, "description": "It."}

    assert {
        "anyOf": [{"type": "string", "pattern": "^a$"}, {"type": "null"}],
        "description": "It.",
    } == it(of(part, "openai-strict"))


def test_nullable():
    """Null is a keyword in OpenAPI 3.0; what describes the other is said with the whole."""
    part = {
        "anyOf": [{"type": "string", "description": "A name."}, {"type": "null"}],
        "description": "Who",
    }
    lowered = of(part, "gemini-openapi")

    assert {"type": "string", "nullable": True, "description": "Who. A name."} == it(lowered)
    assert (None, "x") == (back(lowered, None), back(lowered, "x"))


def test_nullable_pairs():
    """What is mapped may be null."""
    pairs = {"type": "object", "additionalProperties": NUMBER}
    lowered = of({"anyOf": [pairs, {"type": "null"}]}, "gemini-openapi")

    assert ({"a": 1}, None) == (back(lowered, [{"key": "a", "value": 1}]), back(lowered, None))


def test_branches():
    """The shape that a value has says how it is mapped; one of no shape stays as it is."""
    pairs = {"type": "object", "additionalProperties": NUMBER}
    lowered = of({"anyOf": [NUMBER, pairs]}, "openai-strict")

    assert [1, {"a": 1}, "x"] == [
        back(lowered, one) for one in (1, [{"key": "a", "value": 1}], "x")
    ]
    assert [{"key": "a", "value": 1}] == lowered.lower_arguments({"it": {"a": 1}})["it"]
    assert {"it": "x"} == lowered.lower_arguments({"it": "x"})


def test_anything_or_pairs():
    """Any value beside pairs is JSON text."""
    pairs = {"type": "object", "additionalProperties": NUMBER}
    lowered = of({"anyOf": [True, pairs]}, "openai-strict")

    assert {"it": '{"a": 1}'} == lowered.lower_arguments({"it": {"a": 1}})
    assert [{"a": 1}, {"a": 1}] == [
        back(lowered, one) for one in ('{"a": 1}', [{"key": "a", "value": 1}])
    ]


def test_text_or_text():
    """A text beside JSON text could not be told from it, so the whole is JSON text."""
    lowered = of({"anyOf": [STRING, {}]}, "openai-strict")

    assert (
        'One of several, written as JSON text; anyOf: {"type": "string"}, {}.'
        == (it(lowered)["description"])
    )


def test_one_of():
    """`oneOf` is `anyOf` where the shapes cannot overlap; where they can, it is a loss."""
    tagged = [
        {"type": "object", "properties": {"kind": {"const": kind, "type": "string"}}, "required": ["kind"],
         "additionalProperties": False}
        for kind in "ab"
    ]  # fmt: skip
    apart = of({"oneOf": tagged, "discriminator": {"propertyName": "kind"}}, "openai-strict")
    overlapping = of({"oneOf": [{"type": "number"}, NUMBER]}, "openai-strict")
    several = of({"oneOf": [STRING, NUMBER]}, "openai-strict")

    assert [("#/properties/it", "discriminator", "dropped", "same")] == losses(apart)
    assert [("#/properties/it", "oneOf", "any", "admits more")] == losses(overlapping)
    assert [] == losses(several)
    assert "oneOf" in it(of({"oneOf": tagged}, "openai"))


def test_all_of():
    """Schemas that must all fit are one, where they do not speak of the same; else JSON text."""
    named = {"$ref": "#/$defs/Name", "description": "A name."}
    one = of({"allOf": [named]}, "openai-strict", Name=STRING)
    two = of({"allOf": [STRING, {"pattern": "^a$"}]}, "openai-strict")
    same = of({"allOf": [{"minimum": 1}, {"minimum": 2}]}, "openai-strict")

    assert {"type": "string", "description": "A name."} == it(one)
    assert {"type": "string", "pattern": "^a$"} == it(two)
    assert (
        'Of several shapes at once, written as JSON text; allOf: {"minimum": 1}, {"minimum": 2}.'
        == it(same)["description"]
    )
    assert {"allOf": [STRING, STRING], "type": "string"} == it(
        of({"allOf": [STRING, STRING], "type": "string"}, "openai")
    )


def test_references():
    """A reference stays; where it must be alone, what stood beside it is around it."""
    part = {"$ref": "#/$defs/Name", "description": "Who."}

    assert part == it(of(part, "openai", Name=STRING))
    assert {"anyOf": [{"$ref": "#/$defs/Name"}], "description": "Who."} == it(
        of(part, "openai-strict", Name=STRING)
    )
    assert {"type": "string", "description": "Who."} == it(of(part, "gemini-openapi", Name=STRING))


def test_references_of_kept_keywords():
    """What a keyword refers to that is kept as it is, is kept as well."""
    part = {"type": "object", "propertyNames": {"$ref": "#/$defs/Key"}}
    color = {"enum": ["a"], "type": "string"}

    assert {"Key": color} == of(part, "openai", Key=color).schema["$defs"]
    assert (
        'Keys: {"enum": ["a"], "type": "string"}.' == it(of(part, "vllm", Key=color))["description"]
    )


def test_root_that_holds_itself():
    """A model that holds itself is an object at the root all the same."""
    lowered = lower({"$ref": "#/$defs/Tree", "$defs": {"Tree": TREE}}, "openai-strict")

    assert ("object", ["value", "kids"]) == (lowered.schema["type"], lowered.schema["required"])
    assert "Tree" in lowered.schema["$defs"]


def test_recursion():
    """Where no type may hold itself, it is written out some levels deep, and then JSON text."""
    lowered = of({"$ref": "#/$defs/Tree"}, "anthropic-strict", Tree=TREE)
    deep: Any = {"value": 0, "kids": []}
    for value in range(1, 5):
        deep = {"value": value, "kids": [deep]}

    assert "$defs" not in lowered.schema
    assert ("#/$defs/Tree", "type", "text", "admits more") in losses(lowered)
    said = lowered.lower_arguments({"it": deep})["it"]
    assert isinstance(said["kids"][0]["kids"][0], str)
    assert deep == back(lowered, said)


def test_recursive_pairs():
    """A type that holds itself is mapped as deep as it goes."""
    tree = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Tree"}}
    lowered = of({"$ref": "#/$defs/Tree"}, "openai-strict", Tree=tree)
    said = [{"key": "a", "value": [{"key": "b", "value": []}]}]

    assert {"a": {"b": {}}} == back(lowered, said)
    assert {"it": said} == lowered.lower_arguments({"it": {"a": {"b": {}}}})


def test_no_type():
    """A schema without a type takes any value, and says the rest in words."""
    lowered = of({"minimum": 3}, "openai-strict")

    assert "Any value, written as JSON text; at least 3." == it(lowered)["description"]


def test_closed_by_nature():
    """Where no object says that it is closed, the report does."""
    lowered = of(
        {"type": "object", "properties": {}, "additionalProperties": False}, "gemini-openapi"
    )

    assert {"type": "object", "properties": {}} == it(lowered)
    assert ("#/properties/it", "additionalProperties", "dropped", "admits more") in losses(lowered)


def test_partly():
    """Some keywords are taken with some values, or alone."""
    assert {"type": "array", "items": NUMBER, "minItems": 1} == it(
        of({"type": "array", "items": NUMBER, "minItems": 1}, "anthropic-strict")
    )
    assert (
        "At least 2 items."
        == it(of({"type": "array", "items": NUMBER, "minItems": 2}, "anthropic-strict"))[
            "description"
        ]
    )
    assert "At least 0.5." == it(of({"type": "number", "minimum": 0.5}, "llamacpp"))["description"]
    assert 1 == it(of({"type": "number", "minimum": 1}, "llamacpp"))["minimum"]
    both = {"type": "string", "pattern": "^a$", "maxLength": 3}
    assert "At most 3 characters." == it(of(both, "vllm"))["description"]
    assert 3 == it(of({"type": "string", "maxLength": 3}, "vllm"))["maxLength"]


def vanished(schema: dict[str, Any], dialect: str) -> set[str]:
    """The keywords of *schema* that are neither in what is lowered, nor in words, nor in a loss."""
    lowered = lower(schema, dialect)
    said = json.dumps(lowered.schema).replace('\\"', '"')
    lost = {loss.keyword for loss in lowered.losses}
    return {key for key in keywords(schema) if f'"{key}"' not in said and key not in lost}


def keywords(schema: Any) -> set[str]:
    inside = [*schema.values()] if isinstance(schema, dict) else schema
    own = {*schema} & KEYWORDS if isinstance(schema, dict) else set()
    found = [keywords(one) for one in inside if isinstance(one, dict | list)]
    return own.union(*found)


KEYWORDS = {
    *"type properties required anyOf oneOf allOf if then format minLength maxLength".split()
} | {*"minimum multipleOf enum items prefixItems patternProperties dependentRequired".split()}


ODD: dict[str, dict[str, Any]] = {
    "a union beside properties": {
        "type": "object",
        "properties": {"a": STRING, "b": STRING},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "all of, at the root": {"type": "object", "allOf": [{"properties": {"a": STRING}}]},
    "a type beside a union": {"type": "string", "anyOf": [{"format": "date"}, {"maxLength": 3}]},
    "two unions": {"anyOf": [STRING, NUMBER], "oneOf": [{"minLength": 1}, {"minimum": 2}]},
    "a reference and more": {"$ref": "#/$defs/A", "properties": {"b": STRING}, "required": ["b"]},
    "conditions": {"type": "object", "if": {"required": ["a"]}, "then": {"required": ["b"]}},
    "patterns": {
        "type": "object",
        "patternProperties": {"^x": NUMBER},
        "additionalProperties": False,
    },
    "dependencies": {"type": "object", "dependentRequired": {"a": ["b"]}},
    "an unknown key that must be there": {"type": "object", "required": ["z"]},
    "values and types": {"type": ["string", "null"], "enum": ["a", None]},
    "places and a rest": {
        "type": "array",
        "prefixItems": [NUMBER],
        "items": {"type": "integer", "multipleOf": 3},
    },
    "no type": {"properties": {"a": STRING}},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ODD)
def test_nothing_vanishes(dialect: str, name: str):
    """Whatever a schema says, in whatever order, is said, told in words, or in the report."""
    schema = {
        "type": "object",
        "properties": {"it": ODD[name]},
        "required": ["it"],
        "$defs": {"A": {"type": "object", "properties": {"a": STRING}}},
    }

    assert set() == vanished(schema, dialect)
    assert set() == vanished({"type": "object", **ODD["all of, at the root"]}, dialect)
    lowered = lower(schema, dialect)
    assert lowered.schema == lower(lowered.schema, dialect).schema


def test_an_empty_list_stays_one():
    """A list and a dict that is written as one cannot be told apart, so both are JSON text."""
    pairs = {"type": "object", "additionalProperties": NUMBER}
    numbers = {"type": "array", "items": NUMBER}
    nested = {"type": "array", "items": pairs}
    for parts in ([pairs, numbers], [nested, numbers], [{"$ref": "#/$defs/Numbers"}, pairs]):
        lowered = of({"anyOf": parts}, "openai-strict", Numbers=numbers)
        assert [] == back(lowered, lowered.lower_arguments({"it": []})["it"])
        assert lowered.schema == lower(lowered.schema, "openai-strict").schema


@pytest.mark.parametrize(
    "wrong", [None, 5, [{"key": "b", "value": "1", "x": 1}], [{"key": 5, "value": "1"}]]
)
def test_other_keys_that_are_none(wrong: Any):
    """What is no list of pairs is left for the tool to refuse."""
    part = {"type": "object", "properties": {"a": NUMBER}, "required": ["a"]}

    assert {"a": 1, "more": wrong} == back(of(part, "openai-strict"), {"a": 1, "more": wrong})


def test_types_that_hold_each_other():
    """Types that hold each other are written out to a depth, and their sum is bounded."""
    names = [f"T{number}" for number in range(6)]
    union = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
    defs = {
        name: {"type": "object", "properties": {name: union, "n": NUMBER}, "required": [name, "n"]}
        for name in names
    }
    chain: dict[str, Any] = {
        f"C{number}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/C{number + 1}"} for side in "ab"},
        }
        for number in range(20)
    }
    chain["C20"] = STRING
    for dialect in DIALECTS:
        assert len(json.dumps(of({"$ref": "#/$defs/T0"}, dialect, **defs).schema)) < 200_000
        assert len(json.dumps(of({"$ref": "#/$defs/C0"}, dialect, **chain).schema)) < 300_000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/None"},
        {"$ref": "#/properties/it"},
        {"type": "object", "properties": 5},
        {"type": "array", "prefixItems": 3},
    ],
)
def test_schema_that_is_none(schema: Any):
    """What cannot be read is a sentence, not an error of Python's."""
    with pytest.raises(SchemaError, match="cannot be said in OpenAI, strict function calling"):
        of(schema, "openai-strict")


def test_definitions():
    """Definitions are found under their older name, too; and an object may go without its type."""
    schema = {
        "properties": {"it": {"$ref": "#/definitions/A"}},
        "definitions": {"A": {"type": "string", "minLength": 1}},
    }

    assert {"type": "string", "description": "At least 1 characters."} == lower(
        schema, "openai-strict"
    ).schema["$defs"]["A"]


def test_defaults_are_lowered():
    """A default is written as the model would write it."""
    part = {"type": "object", "additionalProperties": NUMBER, "default": {"a": 1}}

    assert [{"key": "a", "value": 1}] == it(of(part, "anthropic-strict"))["default"]


def test_rest_of_a_list():
    """The items after the places are lowered and mapped, too."""
    inner = {"type": "object", "properties": {"a b": NUMBER}, "additionalProperties": False}
    lowered = of({"type": "array", "prefixItems": [NUMBER], "items": inner}, "gemini")

    assert [1, {"a b": 2}] == back(lowered, [1, {"a_b": 2}])


def test_joined():
    """Objects that must all fit are one object, with all of their keys."""
    base = {"type": "object", "properties": {"a": STRING}, "required": ["a"], "description": "One."}
    more = {"type": "object", "properties": {"b": NUMBER}, "required": ["b"], "description": "Two."}
    lowered = of({"allOf": [{"$ref": "#/$defs/Base"}, more]}, "vllm", Base=base)

    assert {
        "type": "object",
        "properties": {"a": STRING, "b": NUMBER},
        "required": ["a", "b"],
        "description": "One. Two.",
    } == it(lowered)


def test_a_name_and_all_keywords():
    """Where only names differ, all else stays: values, and what a keyword refers to."""
    color = {"enum": ["a"], "type": "string"}
    schema = {
        "type": "object",
        "properties": {
            "größe": color,
            "it": {"type": "object", "propertyNames": {"$ref": "#/$defs/Key"}},
        },
        "$defs": {"Key": color},
    }
    lowered = lower(schema, "anthropic")

    assert {"gr__e": color, "it": schema["properties"]["it"]} == lowered.schema["properties"]
    assert {"Key": color} == lowered.schema["$defs"]


def test_a_reference_and_a_limit():
    """A limit beside a reference is one of what it refers to."""
    part = {"$ref": "#/$defs/Name", "minLength": 2}

    assert {"type": "string", "minLength": 2} == it(of(part, "vllm", Name=STRING))


def test_closed_and_all_of():
    """Objects of which one is closed are not one object, and what is always true is no object."""
    closed = {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}
    other = {"type": "object", "properties": {"b": STRING}}
    for parts in ([closed, other], [True, other]):
        assert "Of several shapes at once" in it(of({"allOf": parts}, "vllm"))["description"]
