"""`lumos tools`: what a model would be offered."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from lumos_agent.cli.dialect import print_for
from lumos_agent.cli.load import load_tools
from lumos_agent.cli.options import tools_option
from lumos_agent.cli.show import has_color
from lumos_agent.messages import encode
from lumos_tools.openai import OpenAIFunction
from lumos_tools.schema import Schema
from lumos_tools.tool import Tool

ANY_WIDTH = 10_000
WORDS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


@click.command()
@tools_option
@click.option(
    "--for",
    "provider",
    metavar="PROVIDER",
    help="Show what a provider is shown, what is lost, and why: anthropic, openai/gpt-5, vllm.",
)
@click.option("--json", "as_json", is_flag=True, help="Print OpenAI's list of functions.")
def tools(sources: tuple[str, ...], provider: str | None, as_json: bool) -> None:
    """List the tools: name, description, parameters."""
    found = load_tools(sources)
    if provider is not None:
        print_for(provider, found, as_json=as_json)
    elif as_json:
        wire = encode([OpenAIFunction.of(tool).to_wire() for tool in found])
        click.echo(msgspec.json.format(wire, indent=2))
    else:
        _print_table(found)


def _print_table(found: Sequence[Tool]) -> None:
    """A table as wide as the terminal; elsewhere each tool is one line, however long."""
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "description", "parameters", box=None, pad_edge=False)
    for tool in found:
        table.add_row(tool.name, tool.description.split("\n")[0], parameters_text(tool.parameters))
    console = Console(
        width=None if sys.stdout.isatty() else ANY_WIDTH,
        color_system="auto" if has_color(sys.stdout) else None,
        markup=False,
        emoji=False,
    )
    console.print(table)


def parameters_text(schema: Schema) -> str:
    """The parameters of a tool as Python has them: `city: str, unit: 'c' | 'f' = 'c'`."""
    needed = schema.get("required", ())
    return ", ".join(
        f"{name}: {_type(one)}{_default(one, name in needed)}"
        for name, one in schema.get("properties", {}).items()
    )


def _default(schema: Schema, needed: bool) -> str:
    if needed:
        return ""
    return f" = {schema['default']!r}" if "default" in schema else " = ..."


def _type(schema: Any) -> str:
    return " | ".join(dict.fromkeys(_types(schema))) or "Any"


def _types(schema: Any) -> Iterator[str]:
    match schema:
        case {"enum": [*values]}:
            yield from map(repr, values)
        case {"const": value}:
            yield repr(value)
        case {"anyOf": [*branches]} | {"oneOf": [*branches]}:
            for branch in branches:
                yield from _types(branch)
        case {"$ref": str(path)}:
            yield path.rpartition("/")[2]
        case {"format": str(name)}:
            yield name
        case {"type": "array", "items": items}:
            yield f"list[{_type(items)}]"
        case {"type": "object", "additionalProperties": values} if values not in (True, False):
            yield f"dict[str, {_type(values)}]"
        case {"type": "array"}:
            yield "list"
        case {"type": "object"}:
            yield "dict"
        case {"type": str(name)}:
            yield WORDS[name]
        case _:
            return
