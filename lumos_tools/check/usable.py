"""Whether a schema is one that anything can be said of."""

from collections.abc import Iterator

from lumos_tools.check.oracle import schema_fault
from lumos_tools.check.pointers import references, resolved
from lumos_tools.schema import Schema


def unusable(schema: Schema) -> list[str]:
    """Why no arguments can be made of *schema*: it is none, has holes, or is not of an object."""
    if fault := schema_fault(schema):
        return [f"it is no JSON Schema 2020-12: {fault}"]
    return [*_dangling(schema), *_of_no_object(schema)]


def _dangling(schema: Schema) -> Iterator[str]:
    for one in dict.fromkeys(references(schema)):
        try:
            resolved(one, schema)
        except (LookupError, TypeError, ValueError):
            yield f"it refers to {one!r}, which is not in it"


def _of_no_object(schema: Schema) -> Iterator[str]:
    if schema.get("type") != "object" and "$ref" not in schema:
        yield "it describes no object, and arguments are one; say 'type': 'object'"
