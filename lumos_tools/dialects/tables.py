"""What each provider takes of JSON Schema, as data.

A dialect of hints is shown to the model and binds nobody; the others hold the model to the schema while
it writes, or refuse a schema with more in it. `docs/reference/dialects.md` is made from this file. Where
no source says that a keyword is taken, it is not.
"""

from typing import Literal

import msgspec

OBJECTS = frozenset({"type", "properties", "required", "additionalProperties", "description"})
BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
LENGTHS = frozenset({"minLength", "maxLength"})
COUNTS = frozenset({"minItems", "maxItems"})
REFERENCES = frozenset({"$ref", "$defs"})
STRICT_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)

DialectName = Literal[
    "openai",
    "openai-strict",
    "anthropic",
    "anthropic-strict",
    "gemini",
    "gemini-openapi",
    "bedrock",
    "mistral",
    "groq",
    "groq-strict",
    "vllm",
    "llamacpp",
]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may hold in all; beyond it the provider answers with an error."""

    depth: int | None = None
    """Objects and lists inside each other."""
    properties: int | None = None
    characters: int | None = None
    """Of names, and values of enums."""
    values: int | None = None
    """Of all enums."""
    long_enum: int | None = None
    """Characters of the values of one enum that has more than 250."""
    tools: int | None = None
    """Strict tools in one request; the two below count over all of them, too."""
    optional: int | None = None
    unions: int | None = None


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON Schema of one provider."""

    name: DialectName
    title: str
    strict: bool = False
    """Whether a tool says `strict: true`, and the model is held to the schema."""
    hints: DialectName = "openai"
    """The dialect for tools that do not go into this one."""
    keywords: frozenset[str] | None = None
    """Those it takes, None for all; of others the description speaks."""
    formats: frozenset[str] | None = None
    """Those it takes, None for all."""
    partly: dict[str, Literal["at most 1", "integers", "without pattern"]] = {}
    """Keywords that it takes sometimes: with such values, or beside no other."""
    every_key: bool = False
    """Whether every property must be required: one that is not is null instead."""
    open_objects: bool = True
    """Whether an object may have keys of any name; if not, it is a list of pairs."""
    anything: bool = True
    """Whether a schema may say nothing; if not, any value is written as JSON text."""
    references: Literal["any", "alone", "none"] = "any"
    """`alone`: a `$ref` has nothing beside it."""
    recursion: bool = True
    """Whether a type may hold itself; if not, what is too deep is written as JSON text."""
    enums: Literal["any", "typed", "strings"] = "any"
    """`typed`: values of one type, which is said; `strings`: no others."""
    nullable: bool = False
    """Whether null is `nullable: true`, as in OpenAPI 3.0."""
    names: str | None = None
    """What names of properties must match."""
    limits: Limits = Limits()
    source: str = ""


_STRICT = OBJECTS | REFERENCES | BOUNDS | COUNTS | {"items", "anyOf", "enum", "const"}

DIALECTS: dict[str, Dialect] = {
    one.name: one
    for one in (
        Dialect(
            name="openai",
            title="OpenAI, function calling",
            source="OpenAI's guide to function calling: without strict a schema is a hint",
        ),
        Dialect(
            name="openai-strict",
            title="OpenAI, strict function calling",
            strict=True,
            keywords=_STRICT | {"pattern", "format", "multipleOf", "title"},
            formats=STRICT_FORMATS,
            every_key=True,
            open_objects=False,
            anything=False,
            references="alone",
            enums="typed",
            limits=Limits(
                depth=10, properties=5_000, characters=120_000, values=1_000, long_enum=15_000
            ),
            source="OpenAI's guide to structured outputs, supported schemas",
        ),
        Dialect(
            name="anthropic",
            title="Anthropic, tool use",
            names=r"[a-zA-Z0-9_.-]{1,64}",
            source="Anthropic's API reference, and its error for other keys",
        ),
        Dialect(
            name="anthropic-strict",
            title="Anthropic, strict tool use",
            strict=True,
            hints="anthropic",
            keywords=OBJECTS
            | REFERENCES
            | {"items", "minItems", "anyOf", "enum", "const", "format", "title", "default"},
            formats=STRICT_FORMATS | {"uri"},
            partly={"minItems": "at most 1"},
            open_objects=False,
            anything=False,
            references="alone",
            recursion=False,
            enums="typed",
            names=r"[a-zA-Z0-9_.-]{1,64}",
            limits=Limits(tools=20, optional=24, unions=16),
            source="Anthropic's guide to structured outputs, limits of JSON Schema",
        ),
        Dialect(
            name="gemini",
            title="Gemini, parametersJsonSchema",
            keywords=OBJECTS
            | REFERENCES
            | COUNTS
            | LENGTHS
            | {"items", "prefixItems", "anyOf", "enum", "minimum", "maximum", "pattern", "default"},
            formats=frozenset(),
            recursion=False,
            enums="typed",
            names=r"[A-Za-z_][A-Za-z0-9_]{0,63}",
            source="Gemini's guide to function calling; what its clients move to the description",
        ),
        Dialect(
            name="gemini-openapi",
            title="Gemini, parameters",
            keywords=OBJECTS - {"additionalProperties"}
            | COUNTS
            | LENGTHS
            | {"items", "anyOf", "enum", "minimum", "maximum", "pattern", "default", "nullable"},
            formats=frozenset(),
            open_objects=False,
            anything=False,
            references="none",
            recursion=False,
            enums="strings",
            nullable=True,
            names=r"[A-Za-z_][A-Za-z0-9_]{0,63}",
            source="Schema of the Gemini API, a part of OpenAPI 3.0",
        ),
        Dialect(
            name="bedrock",
            title="Amazon Bedrock, Converse",
            source="ToolInputSchema of the Bedrock API: JSON Schema as it is given",
        ),
        Dialect(
            name="mistral",
            title="Mistral, function calling",
            source="Mistral's guide to function calling: a schema is a hint",
        ),
        Dialect(
            name="groq",
            title="Groq, tool use",
            source="Groq's guide to tool use: a schema is a hint",
        ),
        Dialect(
            name="groq-strict",
            title="Groq, strict structured outputs",
            strict=True,
            hints="groq",
            keywords=OBJECTS | {"items", "anyOf", "enum"},
            formats=frozenset(),
            every_key=True,
            open_objects=False,
            anything=False,
            references="none",
            recursion=False,
            enums="typed",
            source="Groq's guide to structured outputs",
        ),
        Dialect(
            name="vllm",
            title="vLLM, with xgrammar or llguidance",
            keywords=OBJECTS
            | REFERENCES
            | BOUNDS
            | LENGTHS
            | COUNTS
            | {"items", "prefixItems", "anyOf", "enum", "const", "pattern", "format", "default"}
            | {"title", "minProperties", "maxProperties"},
            formats=STRICT_FORMATS,
            partly={"minLength": "without pattern", "maxLength": "without pattern"},
            references="alone",
            enums="typed",
            source="compiled and matched with both engines, by the tests",
        ),
        Dialect(
            name="llamacpp",
            title="llama.cpp, grammars of JSON Schema",
            keywords=OBJECTS
            | BOUNDS
            | LENGTHS
            | COUNTS
            | {"items", "anyOf", "enum", "const", "pattern", "format", "default", "title"},
            formats=frozenset({"date-time", "time", "date", "uuid"}),
            partly=dict.fromkeys(BOUNDS, "integers"),
            references="none",
            recursion=False,
            enums="typed",
            source="README of grammars in llama.cpp",
        ),
    )
}
"""By name."""
