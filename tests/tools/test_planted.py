"""Faults are planted one by one, and the tests find each: they can fail."""

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from json.scanner import make_scanner
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lumos_tools import InvalidArgumentsError, annotations, decoding, schema, signature
from lumos_tools.decoding import MAX_DEPTH
from lumos_tools.schema import Arguments
from tests.tools import corpus
from tests.tools.corpus import CASES
from tests.tools.random_types import LEAVES, Typed, listed, tagged
from tests.tools.test_corpus import refuses, takes
from tests.tools.test_schema import agrees, arrives

Find = Callable[[], Awaitable[str]]


def in_corpus(text: str) -> Find:
    """What is wrong with the case called *text* of the corpus."""

    async def find() -> str:
        (case,) = (one for one in CASES if one.text == text)
        try:
            await takes(case)
            refuses(case)
        except (Exception, pytest.fail.Exception) as error:
            return str(error)
        return ""

    return find


def in_text(text: str) -> Find:
    """Whether *text* is decoded, which it should not be."""

    async def find() -> str:
        try:
            return f"decoded {decoding.decode(text)}"
        except InvalidArgumentsError:
            return ""

    return find


def among(types: st.SearchStrategy[Typed], claim: Callable[[Typed, st.DataObject], None]) -> Find:
    """What *claim* fails with, of random *types*."""
    quick = settings(phases=[Phase.generate], report_multiple_bugs=False, database=None)

    async def find() -> str:
        try:
            quick(given(types, st.data())(claim))()
        except (AssertionError, InvalidArgumentsError) as error:
            return str(error)
        return ""

    return find


leaves = st.sampled_from(list(LEAVES.items()))
times = st.sampled_from([(one, LEAVES[one]) for one in (date, datetime, time, timedelta)])


class Planted(NamedTuple):
    """A fault, who has to find it, and what is found."""

    patches: tuple[tuple[Any, str, Any], ...]
    find: Find
    found: str


class _Open(schema._Generator):
    def bytes_schema(self, schema: Any) -> Any:
        return {"type": "string"}


class _Loose(schema._Generator):
    def decimal_schema(self, schema: Any) -> Any:
        return {"anyOf": [{"type": "number"}, {"type": "string"}]}


class _Yes:
    def is_valid(self, value: Any) -> bool:
        return True


_bind = signature.Signature.bind
_convert = Arguments.convert


def _forgetful(self: Any, values: Any, context: Any) -> Any:
    places, names = _bind(self, values, context)
    return places[:1], names


def _unread(self: Any, annotation: Any, values: Any) -> Any:
    return annotation


def _shallow(self: Arguments, admitted: Any) -> Any:
    """Leaves what is inside of lists as it came."""
    converted = _convert(self, admitted)
    return {key: admitted[key] if type(it) is list else it for key, it in converted.items()}


def _lax(**options: Any) -> tuple[tuple[Any, str, Any], ...]:
    """The decoder, and what it scans with, by other rules."""
    rules = {"object_pairs_hook": decoding._unique, "parse_int": decoding._integer}
    rules |= {"parse_float": decoding._finite, "parse_constant": decoding._no_number}
    decoder = json.JSONDecoder(**{**rules, **options})
    return (decoding, "_strict", decoder), (decoding, "_scan", make_scanner(decoder))


def _one(owner: Any, name: str, fault: Any, find: Find, found: str) -> Planted:
    return Planted(((owner, name, fault),), find, found)


TAKEN = "DID NOT RAISE InvalidArgumentsError"
_formless = property(lambda self: jsonschema_rs.validator_for(self.schema, validate_formats=False))
_words = {"date": ".*", "date-time": ".*", "time": ".*"}
_deep = '{"it": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}"
_large = f'{{"it": {"9" * 400}}}'
PLANTED = {
    "generator: objects stay open": _one(
        schema, "_closed", lambda one: one, in_corpus("recursive model"), TAKEN
    ),
    "generator: base64 has no pattern": _one(
        schema, "_Generator", _Open, in_corpus("bytes"), TAKEN
    ),
    "generator: a Decimal is any text": _one(
        schema, "_Generator", _Loose, in_corpus("Decimal"), TAKEN
    ),
    "generator: keys are any text": _one(
        schema, "_key_schema", lambda one: {}, in_corpus("dict[int, str]"), TAKEN
    ),
    "generator: what tells kinds apart may be missing": _one(
        schema, "_require_tag", lambda *both: None, among(st.builds(tagged, leaves), agrees), "tag"
    ),
    "gate: everything passes": _one(Arguments, "_gate", _Yes(), in_corpus("int"), TAKEN),
    "gate: formats are not looked at": _one(
        Arguments, "_gate", _formless, among(times, agrees), "assert False == True"
    ),
    "gate: formats are words": _one(schema, "_FORMATS", _words, in_corpus("datetime"), TAKEN),
    "converter: nothing is converted": _one(
        Arguments,
        "convert",
        lambda self, one: one,
        in_corpus("tuple[int, str]"),
        "assert ((1, 'a')",
    ),
    "converter: what is inside of lists stays as it came": _one(
        Arguments, "convert", _shallow, among(times.map(listed), arrives), "datetime."
    ),
    "converter: an Enum in a Literal stays text": _one(
        annotations._Walk, "_literal", _unread, in_corpus("Literal[Color.RED]"), "Color.RED"
    ),
    "binder: the rest is lost": _one(
        signature.Signature, "bind", _forgetful, in_corpus("*args"), "('x', 'y')"
    ),
    "binder: a default is shared": Planted(
        ((signature, "MUTABLE", ()), (corpus.mutable, "__defaults__", ([],))),
        in_corpus("a mutable default"),
        "[1, 1]",
    ),
    "decoder: NaN is a number": Planted(_lax(parse_constant=float), in_text('{"it": NaN}'), "nan"),
    "decoder: infinity is a number": Planted(
        _lax(parse_float=float), in_text('{"it": 1e999}'), "inf"
    ),
    "decoder: integers of any size": Planted(_lax(parse_int=int), in_text(_large), "9999"),
    "decoder: the last of two keys counts": Planted(
        _lax(object_pairs_hook=dict), in_text('{"it": 1, "it": 2}'), "2"
    ),
    "decoder: any depth": _one(decoding, "is_deep", lambda one: False, in_text(_deep), "[[[["),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_planted(name: str, monkeypatch: pytest.MonkeyPatch):
    """Each fault is found by what should find it; when it is taken out again, nothing is."""
    planted = PLANTED[name]
    for owner, attribute, fault in planted.patches:
        monkeypatch.setattr(owner, attribute, fault)
    found = await planted.find()
    monkeypatch.undo()

    assert planted.found in found
    assert "" == await planted.find()


def test_all_parts():
    """There are faults of every part, eighteen in all."""
    parts = {name.partition(":")[0] for name in PLANTED}

    assert {"generator", "gate", "converter", "binder", "decoder"} == parts
    assert 18 == len(PLANTED)
