"""Every dialect, over random types: what the model can say is what the tool takes, or the report says why."""

import json
from collections.abc import Iterator
from typing import Any, cast

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.check.strategies import legal
from lumos_tools.dialects import DIALECTS, Loss, Lowered, lower
from lumos_tools.schema import arguments_of
from lumos_tools.signature import Parameter
from tests.servers import anthropic_strict, openai_strict
from tests.tools.corpus import CASES
from tests.tools.random_types import Typed, typed

SCHEMAS = {
    f"{one.group}: {one.text}": function_tool(name="it")(one.function).parameters for one in CASES
}
each = pytest.mark.parametrize("dialect", DIALECTS)
some = settings(max_examples=max(30, settings.default.max_examples // 12))
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


RULES = {"openai-strict": openai_strict.faults, "anthropic-strict": anthropic_strict.faults}
"""What the providers refuse, by their documents, written without a look at the dialects."""


def refused(lowered: Lowered) -> list[str]:
    """Why a provider would refuse it, its limits of size aside."""
    rules = RULES.get(lowered.dialect.name, lambda schema: iter(()))
    return [fault for fault in rules(lowered.schema) if "levels of nesting" not in fault]


def schema_of(one: Typed, *, required: bool = True) -> dict[str, Any]:
    parameter = Parameter("it", one[0], required=required)
    return arguments_of([parameter], owner="f()").schema


def oracle(schema: dict[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(plain(schema), format_checker=FORMATS)


def plain(schema: Any) -> Any:
    """*schema* with OpenAPI's `nullable` as JSON Schema has it."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def uncovered(error: Any, lowered: Lowered, schema: dict[str, Any]) -> Iterator[Any]:
    """The faults in *error* that no loss explains; of a union, those of its best branch."""
    passed = [*places(error, schema)]
    if any(
        loss.effect == "admits more" and any(covers(loss, where) for where in passed)
        for loss in lowered.losses
    ):
        return
    if not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    found = [
        [fault for inner in branch for fault in uncovered(inner, lowered, schema)]
        for branch in branches.values()
    ]
    yield from min(found, key=len)


def places(error: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Where in *schema* the keyword stands that *error* is about: each place before a reference, too."""
    path, here = "#", cast("Any", schema)
    for step in [*error.absolute_schema_path][:-1]:
        if isinstance(here, dict) and "$ref" in here:
            yield path
            path, here = here["$ref"], schema["$defs"][here["$ref"].rpartition("/")[2]]
        path = f"{path}/{str(step).replace('~', '~0').replace('/', '~1')}"
        here = here[step]
    yield here["$ref"] if isinstance(here, dict) and "$ref" in here else path
    yield path


def covers(loss: Loss, where: str) -> bool:
    return where == loss.path or where.startswith(f"{loss.path}/")


def with_defaults(value: Any, schema: Any, whole: dict[str, Any]) -> Any:
    """*value* with null for the keys that are not there, and whose default is null: they mean the same."""
    if isinstance(schema, dict) and "$ref" in schema:
        return with_defaults(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if isinstance(value, dict) and isinstance(schema, dict) and "properties" in schema:
        nulls = {
            key: None
            for key, part in schema["properties"].items()
            if isinstance(part, dict) and part.get("default", 0) is None
        }
        parts = schema["properties"]
        return nulls | {
            key: with_defaults(one, parts.get(key, {}), whole) for key, one in value.items()
        }
    return value


@each
@some
@given(typed, st.booleans(), st.data())
def test_what_the_model_says_is_taken(
    dialect: str, one: Typed, required: bool, data: st.DataObject
):
    """An instance of the lowered schema, raised, is one of the tool's, unless a loss there says why."""
    schema = schema_of(one, required=required)
    lowered = lower(schema, dialect)
    said = data.draw(legal(cast("dict[str, Any]", plain(lowered.schema))))
    try:
        meant = lowered.raise_(said)
    except InvalidArgumentsError:
        assert any(loss.action in ("pairs", "places") for loss in lowered.losses)
        return

    for error in oracle(schema).iter_errors(meant):
        assert [] == [*uncovered(error, lowered, schema)], (said, meant)


@each
@some
@given(typed, st.booleans(), st.data())
def test_what_is_taken_can_be_said(dialect: str, one: Typed, required: bool, data: st.DataObject):
    """An instance of the tool's schema has a lowered form, which comes back as it was, unless reported."""
    schema = schema_of(one, required=required)
    lowered = lower(schema, dialect)
    meant = data.draw(legal(schema))
    said = lowered.lower_arguments(meant)
    less = any(loss.effect == "admits less" for loss in lowered.losses)

    assert less or oracle(lowered.schema).is_valid(said), (meant, said)
    assert less or with_defaults(meant, schema, schema) == with_defaults(
        lowered.raise_(said), schema, schema
    )


@each
@some
@given(typed)
def test_again(dialect: str, one: Typed):
    """What is lowered is not lowered any further, and is the same text each time."""
    lowered = lower(schema_of(one), dialect)

    assert lowered.schema == lower(lowered.schema, dialect).schema
    assert json.dumps(lowered.schema) == json.dumps(lower(schema_of(one), dialect).schema)
    jsonschema.Draft202012Validator.check_schema(lowered.schema)
    assert [] == refused(lowered)


@each
@pytest.mark.parametrize("name", SCHEMAS)
def test_corpus(dialect: str, name: str):
    """Every signature of the corpus is lowered, keeps to the dialect, and its arguments come back."""
    schema = SCHEMAS[name]
    lowered = lower(schema, dialect)
    case = CASES[[*SCHEMAS].index(name)]

    assert lowered.schema == lower(lowered.schema, dialect).schema
    assert [] == refused(lowered)
    for arguments, _ in case.takes:
        said = lowered.lower_arguments(arguments)
        assert oracle(lowered.schema).is_valid(said), (arguments, said)
        assert arguments == lowered.raise_(said)
