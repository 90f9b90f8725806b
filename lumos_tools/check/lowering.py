"""The claim about dialects: each says what the schema says, or tells what is lost, and leads back."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

import jsonschema_rs

from lumos_tools.check.evidence import Evidence, Problem, Schema, Shown
from lumos_tools.check.oracle import Oracle, schema_fault
from lumos_tools.check.pointers import inside, told
from lumos_tools.check.report import Finding
from lumos_tools.dialects import DIALECTS, Lowered, lower
from lumos_tools.errors import InvalidArgumentsError, SchemaError


def shows_dialects(evidence: Evidence) -> Shown:
    """Legal arguments, written in the words of a dialect, fit it, and come back as they were."""
    examples, found = 0, list[Finding]()
    met: set[str] = set()
    for name in DIALECTS if evidence.dialects is None else evidence.dialects:
        try:
            lowered = lower(evidence.subject.schema, name)
        except SchemaError as error:
            found.append(_finding(name, f"there is no schema in this dialect: {error}"))
            continue
        text = f"{json.dumps(lowered.schema)} {lowered.losses}"
        if text in met:  # another dialect's, word for word
            continue
        met.add(text)
        if not jsonschema_rs.meta.is_valid(lowered.schema):  # quicker than the one that says why
            fault = schema_fault(lowered.schema)
            found.append(_finding(name, f"its schema is no JSON Schema: {fault}"))
            continue
        shown = _shows_dialect(evidence, name, lowered)
        examples += shown.examples
        found += shown.findings
    return Shown(examples, found)


def _finding(name: str, message: str) -> Finding:
    return Finding(kind="dialects", message=f"{name}: {message}", path=name)


def _shows_dialect(evidence: Evidence, name: str, lowered: Lowered) -> Shown:
    oracle = Oracle(_standard(lowered.schema))
    schema = evidence.subject.schema
    admits_less = any(loss.effect == "admits less" for loss in lowered.losses)

    def problems(arguments: Schema) -> Iterator[Problem]:
        try:
            written = lowered.lower_arguments(arguments)
            back = lowered.raise_(written)
        except InvalidArgumentsError as error:
            if not admits_less:
                yield Problem(f"{name}: this does not come back: {error}", name)
            return
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            yield Problem(f"{name}: this does not come back: {type(error).__name__}: {error}", name)
            return
        if admits_less:
            return
        if not oracle.admits(written):
            told = f"this is written {json.dumps(written)}, which its schema refuses"
            yield Problem(f"{name}: {told}: {oracle.why(written)}", name)
        elif _filled(back, schema) != _filled(arguments, schema):
            yield Problem(f"{name}: this comes back as {json.dumps(back)}", name)

    def paste(arguments: Schema, remark: str) -> str:
        return evidence.subject.pasteable(
            arguments,
            remark,
            call=f'lower({{tool}}.parameters, "{name}").lower_arguments({{arguments}})',
            imports=["from lumos_tools.dialects import lower"],
        )

    return evidence.shown("dialects", evidence.legal, evidence.legal_arguments, problems, paste)


def _filled(value: Any, schema: Schema) -> Any:
    """*value* with the defaults of what is missing: null, where that is the default, is the same."""
    return _with_defaults(value, [schema], schema)


def _with_defaults(value: Any, schemas: Iterable[Any], whole: Schema) -> Any:
    parts = [*told(schemas, whole)]
    if isinstance(value, list):
        return [
            _with_defaults(one, inside(parts, number), whole)
            for number, one in enumerate(cast("Iterable[Any]", value))
        ]
    if not isinstance(value, dict):
        return value
    given = cast("Schema", value)
    properties = [entry for part in parts for entry in part.get("properties", {}).items()]
    missing = {name: part["default"] for name, part in properties if _has_default(part)}
    return missing | {
        key: _with_defaults(one, inside(parts, key), whole) for key, one in given.items()
    }


def _has_default(part: Any) -> bool:
    return isinstance(part, dict) and "default" in part


def _standard(schema: Any) -> Any:
    """*schema* with `nullable`, of OpenAPI 3.0, as JSON Schema says it."""
    if isinstance(schema, list):
        return [_standard(one) for one in cast("Iterable[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _standard(one) for key, one in cast("Schema", schema).items()}
    if plain.pop("nullable", False) is not True:
        return plain
    return {"anyOf": [plain, {"type": "null"}]}
