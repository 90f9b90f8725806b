"""Faults are planted one by one, and the corpus finds each: the tests can fail."""

import json
from typing import Any

import jsonschema
import pytest

from lumos_tools import (
    InvalidArgumentsError,
    annotations,
    decoding,
    function_tool,
    schema,
    signature,
)
from lumos_tools.decoding import MAX_DEPTH
from tests.tools.corpus import CASES

HOSTILE = (
    '{"it": NaN}',
    '{"it": 1e999}',
    '{"it": 1, "it": 1}',
    '{"it": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
    '{"it": "\\ud800"}',
    '{"it": 1} {}',
    "[1]",
)


async def suite() -> None:
    """What the tests of the corpus, the schemas and the decoder claim, in short."""
    for case in CASES:
        tool = function_tool(name="it")(case.function)
        checker = jsonschema.Draft202012Validator(tool.parameters)
        jsonschema.Draft202012Validator.check_schema(tool.parameters)
        for arguments, expected in case.takes:
            assert checker.is_valid(arguments)
            got = await tool.body(tool.check(json.dumps(arguments)).values, None)  # type: ignore[arg-type]
            assert (expected, type(expected)) == (got, type(got))
        for arguments in case.refuses:
            with pytest.raises(InvalidArgumentsError):
                tool.check(json.dumps(arguments))
    for text in HOSTILE:
        with pytest.raises(InvalidArgumentsError):
            decoding.decode(text)


async def test_nothing_planted():
    """Without a fault all is well."""
    await suite()


class _Open(schema._Generator):
    def bytes_schema(self, schema: Any) -> Any:
        return {"type": "string"}


class _Loose(schema._Generator):
    def decimal_schema(self, schema: Any) -> Any:
        return {"anyOf": [{"type": "number"}, {"type": "string"}]}


class _Yes:
    def is_valid(self, value: Any) -> bool:
        return True


def _lax(**settings: Any) -> json.JSONDecoder:
    usual = {"object_pairs_hook": decoding._unique, "parse_float": decoding._finite}
    return json.JSONDecoder(**{**usual, "parse_constant": decoding._finite, **settings})


def _unread(self: Any, annotation: Any, values: Any) -> Any:
    return annotation


def _forgetful(self: Any, values: Any, context: Any) -> Any:
    places, names = _bind(self, values, context)
    return places[:1], names


_bind = signature.Signature.bind
PLANTED: dict[str, tuple[Any, str, Any]] = {
    "generator: objects stay open": (schema, "_closed", lambda one: one),
    "generator: base64 has no pattern": (schema, "_Generator", _Open),
    "generator: a Decimal is any text": (schema, "_Generator", _Loose),
    "generator: keys are any text": (schema, "_key_schema", lambda one: {}),
    "gate: everything passes": (schema.Arguments, "_gate", _Yes()),
    "gate: formats are words": (
        schema,
        "_FORMATS",
        {"date": ".*", "date-time": ".*", "time": ".*"},
    ),
    "converter: nothing is converted": (schema.Arguments, "convert", lambda self, one: one),
    "converter: an Enum in a Literal stays text": (annotations._Walk, "_literal", _unread),
    "binder: the rest is lost": (signature.Signature, "bind", _forgetful),
    "binder: a default is shared": (signature, "MUTABLE", ()),
    "decoder: NaN is a number": (decoding, "_strict", _lax(parse_constant=float)),
    "decoder: infinity is a number": (decoding, "_strict", _lax(parse_float=float)),
    "decoder: the last of two keys counts": (decoding, "_strict", _lax(object_pairs_hook=dict)),
    "decoder: any depth": (decoding, "refuse_depth", lambda one: None),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_planted(name: str, monkeypatch: pytest.MonkeyPatch):
    """Each fault in generator, gate, converter, binder or decoder is found."""
    owner, attribute, fault = PLANTED[name]
    monkeypatch.setattr(owner, attribute, fault)

    with pytest.raises((Exception, pytest.fail.Exception)):
        await suite()


def test_all_parts():
    """There are faults of every part, fourteen in all."""
    parts = {name.partition(":")[0] for name in PLANTED}

    assert {"generator", "gate", "converter", "binder", "decoder"} == parts
    assert 14 == len(PLANTED)
