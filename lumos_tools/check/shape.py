"""Claims about the schema as it stands: what it says, and what of it nobody calls for."""

import inspect
from collections.abc import Iterator
from typing import Any

from lumos_tools.check.evidence import Evidence, Shown
from lumos_tools.check.oracle import Oracle
from lumos_tools.check.pointers import parts, resolved
from lumos_tools.check.report import Finding
from lumos_tools.check.subject import Subject
from lumos_tools.docstrings import read_docstring
from lumos_tools.schema import Schema
from lumos_tools.signature import parameters_of, plain_function
from lumos_tools.tool import NAME, RESERVED


def shows_schema(evidence: Evidence) -> Shown:
    """Valid, complete, deliberately open or closed, deterministic."""
    subject = evidence.subject
    found = [Finding(kind="schema", message=one) for one in evidence.unusable]
    if found:
        return Shown(1, found)
    found += _undecided(subject.schema)
    if subject.text != subject.rebuilt().text:
        message = "two builds of it differ, so that no provider can keep the prompt in its cache"
        found.append(Finding(kind="schema", message=message))
    return Shown(1, found)


def _undecided(schema: Schema) -> Iterator[Finding]:
    decides = {"additionalProperties", "unevaluatedProperties", "patternProperties"}
    for path, part in parts(schema):
        if "properties" in part and not decides & part.keys():
            keys = ", ".join(part["properties"]) or "none"
            message = (
                f"the object with the keys {keys} does not say whether there may be others, and a "
                "misspelt one may be lost; say 'additionalProperties'"
            )
            yield Finding(kind="schema", message=message, path=path)


def shows_defaults(evidence: Evidence) -> Shown:
    """Each default in the schema is a value that it admits."""
    whole, found, examples = Oracle(evidence.subject.schema), list[Finding](), 0
    for path, part in parts(evidence.subject.schema):
        if "default" not in part:
            continue
        examples += 1
        told = {key: value for key, value in part.items() if key != "default"}
        if not whole.part(told).admits(part["default"]):
            why = whole.part(told).why(part["default"])
            found.append(
                Finding(
                    kind="defaults",
                    severity="advice" if part["default"] is None else "fault",
                    message=f"the default {part['default']!r} is none that the schema admits: {why}",
                    path=path,
                )
            )
    return Shown(examples, found)


def shows_texts(evidence: Evidence) -> Shown:
    """There is a description of the tool, and of each parameter; and none of others."""
    subject = evidence.subject
    properties = _properties(subject.schema)
    found = [
        Finding(
            kind="texts",
            message=f"the docstring describes {name!r}, which is no parameter",
            path=name,
        )
        for name in _documented(subject)
        if name not in {*properties, *_parameters(subject)}
    ]
    if subject.tool and not subject.tool.description:
        found.append(_advice("texts", "the tool has no description; write a docstring"))
    return Shown(
        1 + len(properties),
        found
        + [
            _advice("texts", f"the parameter {name!r} has no description", name)
            for name, part in properties.items()
            if not _is_described(part, subject.schema)
        ],
    )


def _advice(kind: str, message: str, path: str = "") -> Finding:
    return Finding(kind=kind, severity="advice", message=message, path=path)


def _properties(schema: Schema) -> Schema:
    plain = resolved(schema["$ref"], schema) if "$ref" in schema else schema
    properties: Schema = plain.get("properties", {})
    return properties


def _is_described(part: Any, schema: Schema) -> bool:
    """Whether the model reads what *part* is for, there or where it is defined."""
    if isinstance(part, bool):
        return True
    there = resolved(part["$ref"], schema) if "$ref" in part else part
    return bool({"description", "const"} & {*part, *there})


def _documented(subject: Subject) -> list[str]:
    source = subject.model or subject.function
    text = inspect.getdoc(source) if source is not None else None
    names = read_docstring(text).parameters
    return [name.lstrip("*").replace("\\*", "") for name in names]


def _parameters(subject: Subject) -> set[str]:
    """What the docstring may speak of besides the schema's properties: what the model does not see."""
    if subject.model is not None:
        return {*subject.model.model_fields}
    known = {*parameters_of(subject.function).parameters}
    return known | {*parameters_of(plain_function(subject.function)).parameters}


def shows_names(evidence: Evidence) -> Shown:
    """The tool's name, and those of its parameters."""
    subject = evidence.subject
    properties = _properties(subject.schema)
    found = [
        _advice(
            "names",
            f"the parameter's name {name!r} is not known everywhere; use A-Z a-z 0-9 _, at most 64",
            name,
        )
        for name in properties
        if not NAME.fullmatch(name)
    ]
    if not NAME.fullmatch(subject.name) or subject.name in RESERVED:
        message = f"{subject.name!r} is no name that every provider takes"
        found.insert(0, Finding(kind="names", message=message))
    return Shown(1 + len(properties), found)
