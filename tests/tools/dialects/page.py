"""Makes docs/reference/dialects.md out of the tables: `python -m tests.tools.dialects.page`."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from lumos_tools.dialects import DIALECTS, Dialect, lower
from lumos_tools.schema import arguments_of
from lumos_tools.signature import Parameter

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "dialects.md"
HEAD = """\
# Dialects

How each provider is shown the schema of a tool, and what is lost on the way.
This page is made from the tables in `lumos_tools/dialects/tables.py`.

A provider takes a part of JSON Schema.
`lower(tool.parameters, "openai-strict")` says a schema in that part, and reports what it cannot say; `raise_` of what it gives makes what the model writes the tool's arguments again.
What a dialect does not take is said in words, in the description, and checked all the same when the call comes.
[The guide](../guides/providers.md#schemas) says which dialect is used when.

"""
KINDS = """
A strict dialect holds the model to the schema while it writes.
`vllm` and `llamacpp` do so where a tool is forced.
The others are hints: the model reads the schema, and may write what it likes.

## What becomes of what a dialect does not take

| action | means | the model can say |
|---|---|---|
| `described` | a keyword is said in words | more, or the same for what binds nothing |
| `dropped` | a keyword is left away | the same, or more |
| `null` | a key that may be left out must be there, and null stands for it | the same; less where null has a meaning of its own |
| `pairs` | an object with keys of any name is a list of `{"key", "value"}` | more: a key twice, which is refused |
| `places` | a list of fixed places is an object with `item_0`, `item_1` ... | the same |
| `renamed` | a name is another one | the same |
| `text` | a value is written as JSON text | more: any value |
| `any` | one of several, but not of two of them, is any of them | more |

Each loss has a `path` in the tool's schema, the `keyword`, its `value`, the `action`, and the `effect`: `same`, `admits more` or `admits less`; it is `exact` where it is the same.
A tool for which a strict dialect admits less stays a hint.

"""


def page() -> str:
    """The whole page."""
    return "".join([HEAD, _table(), KINDS, _keywords(), _limits(), _examples()])


def _table() -> str:
    rows = [
        [f"`{one.name}`", one.title, "yes" if one.strict else "no", one.source]
        for one in DIALECTS.values()
    ]
    return _rows(["dialect", "of", "strict", "source"], rows)


def _keywords() -> str:
    """Every keyword, and what becomes of it."""
    names = [*DIALECTS]
    groups = {
        "`minimum`, `maximum`": "minimum",
        "`exclusiveMinimum`, `exclusiveMaximum`": "exclusiveMinimum",
        "`minLength`, `maxLength`": "minLength",
        "`minItems`, `maxItems`": "minItems",
        "`minProperties`, `maxProperties`": "minProperties",
    }
    single = "multipleOf pattern format enum const anyOf oneOf allOf prefixItems uniqueItems propertyNames default title".split()
    rows = [
        [text, *(_taken(DIALECTS[name], key) for name in names)]
        for text, key in {**groups, **{f"`{key}`": key for key in single}}.items()
    ]
    rows += [
        [
            "keys that may be left out",
            *("null" if DIALECTS[name].every_key else "yes" for name in names),
        ],
        [
            "keys of any name",
            *("yes" if DIALECTS[name].open_objects else "pairs" for name in names),
        ],
        ["any value", *("yes" if DIALECTS[name].anything else "text" for name in names)],
        ["`$ref`", *(REFERENCES[DIALECTS[name].references] for name in names)],
        [
            "types that hold themselves",
            *("yes" if DIALECTS[name].recursion else "text" for name in names),
        ],
        ["values of an `enum`", *(DIALECTS[name].enums for name in names)],
    ]
    return f"## What is taken\n\n{_rows(['', *(f'`{name}`' for name in names)], rows)}\n"


REFERENCES = {"any": "yes", "alone": "alone", "none": "written out"}
PARTLY = {"at most 1": "0 or 1", "integers": "integers", "without pattern": "without `pattern`"}
OTHERS = {
    "oneOf": "`anyOf`",
    "const": "`enum`",
    "prefixItems": "places",
    "allOf": "merged, or text",
}


def _taken(dialect: Dialect, key: str) -> str:
    if dialect.keywords is not None and key not in dialect.keywords:
        return OTHERS.get(key, "words")
    if key == "format" and dialect.formats is not None:
        return f"{len(dialect.formats)} of them" if dialect.formats else "words"
    return PARTLY.get(dialect.partly.get(key, ""), "yes")


def _limits() -> str:
    rows: list[list[str]] = []
    for one in DIALECTS.values():
        limits = {key: value for key, value in _fields(one.limits) if value is not None}
        names = [f"names match `{one.names}`"] if one.names else []
        formats = [f"formats {', '.join(sorted(one.formats))}"] if one.formats else []
        told = [f"{value} {WORDS[key]}" for key, value in limits.items()] + names + formats
        if told:
            rows.append([f"`{one.name}`", "; ".join(told)])
    return f"## Limits\n\n{_rows(['dialect', 'limits'], rows)}\nA tool that is beyond the limits of a strict dialect stays a hint, and [`lumos tools --for`](cli.md#lumos-tools) says why.\n\n"


WORDS = {
    "depth": "levels of objects and lists",
    "properties": "properties",
    "characters": "characters of names and values",
    "values": "values of enums",
    "long_enum": "characters in an enum of more than 250 values",
    "tools": "strict tools in a request",
    "optional": "parameters in them that may be left out",
    "unions": "in them of several types",
}


def _fields(struct: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(struct, name)) for name in struct.__struct_fields__]


EXAMPLES: dict[str, tuple[Any, bool]] = {
    "it: int = 3": (int, False),
    "it: Annotated[int, Field(ge=1, le=5)]": (Annotated[int, Field(ge=1, le=5)], True),
    "it: dict[str, int]": (dict[str, int], True),
    "it: tuple[int, str]": (tuple[int, str], True),
    "it: Any": (Any, True),
    'it: Literal["a", 2, None]': (Literal["a", 2, None], True),
    "it: set[str]": (set[str], True),
}


def _examples() -> str:
    return "## Examples\n" + "".join(
        f"\n### `{text}`\n\n{_example(annotation, required)}"
        for text, (annotation, required) in EXAMPLES.items()
    )


def _example(annotation: Any, required: bool) -> str:
    default: Any = () if required else (3,)
    parameter = Parameter("it", annotation, *default, required=required)
    schema = arguments_of([parameter], owner="f()").schema
    rows: dict[str, list[str]] = {}
    for name in DIALECTS:
        lowered = lower(schema, name)
        losses = ", ".join(
            dict.fromkeys(f"{loss.action} ({loss.effect})" for loss in lowered.losses)
        )
        text = f"`{json.dumps(lowered.schema['properties']['it'])}` | {losses or '-'}"
        rows.setdefault(text, []).append(f"`{name}`")
    return _rows(
        ["dialects", "schema", "losses"], [[", ".join(names), text] for text, names in rows.items()]
    )


def _rows(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
