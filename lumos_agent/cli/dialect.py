"""`lumos tools --for`: the tools as a provider is shown them, what is lost, and why."""

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from lumos_agent.config import nearest
from lumos_agent.messages import encode
from lumos_agent.providers.endpoints import KNOWN
from lumos_tools.dialects import DIALECTS, Loss, Offer, offer
from lumos_tools.tool import Tool

MEANING = {
    "described": "said in words",
    "dropped": "left away",
    "null": "null where it is left out",
    "pairs": "a list of pairs of key and value",
    "places": "an object with a key for each place",
    "renamed": "under another name",
    "text": "written as JSON text",
    "any": "any of them",
}

EFFECT = {
    "same": "",
    "admits more": "; the model can say what the tool refuses",
    "admits less": "; the model cannot say all that the tool takes",
}


def print_for(name: str, tools: Sequence[Tool], *, as_json: bool) -> None:
    """Print *tools* as *name* is shown them: a dialect, a provider, or `provider/model`."""
    offers = offer(tools, dialect_named(name))
    if as_json:
        click.echo(msgspec.json.format(encode([*map(_plain, offers)]), indent=2))
        return
    click.echo("\n\n".join(map(_told, offers)))


def dialect_named(name: str) -> str:
    """The dialect that *name* means. Raises `click.UsageError`."""
    provider, _, model = name.partition("/")
    if model and provider in KNOWN:
        return KNOWN[provider].dialect(model)
    if name in KNOWN and KNOWN[name].dialects:
        return KNOWN[name].dialects[-1][1]  # of its newest models
    if name in DIALECTS:
        return name
    if name in KNOWN:
        return KNOWN[name].dialect("")
    known = [*dict.fromkeys([*DIALECTS, *KNOWN])]
    way_out = nearest(name, known) or f"known: {', '.join(known)}"
    raise click.UsageError(f"{name!r} is neither a dialect nor a provider; {way_out}")


def _told(one: Offer) -> str:
    """A tool: how it is offered, what is lost, and the schema."""
    kind = "strict" if one.strict else "hints"
    reason = f": {one.reason}" if one.reason else ""
    schema = msgspec.json.format(encode(one.lowered.schema), indent=2).decode()
    lines = [f"{one.tool.name} ({one.lowered.dialect.title}, {kind}{reason})"]
    return "\n".join([*lines, *map(_loss, one.lowered.losses), schema])


def _loss(loss: Loss) -> str:
    return f"  {loss.path} {loss.keyword}: {MEANING[loss.action]}{EFFECT[loss.effect]}"


def _plain(one: Offer) -> dict[str, Any]:
    return {
        "name": one.tool.name,
        "dialect": one.lowered.dialect.name,
        "strict": one.strict,
        "reason": one.reason,
        "losses": [
            msgspec.to_builtins(loss) | {"exact": loss.exact} for loss in one.lowered.losses
        ],
        "schema": one.lowered.schema,
    }
