"""`lumos run`: answer one prompt."""

import sys
from contextlib import redirect_stdout

import click

from lumos_agent.agent import Agent
from lumos_agent.cli.interrupt import run_interruptible
from lumos_agent.cli.load import load_tools
from lumos_agent.cli.model import agent_for
from lumos_agent.cli.options import tools_option
from lumos_agent.cli.show import JsonLines, Screen, has_color
from lumos_agent.config import OFFLINE
from lumos_agent.events import Observer
from lumos_agent.options import OptionKeywords


@click.command()
@click.argument("prompt")
@tools_option
@click.option("--model", metavar="NAME", help="openai/gpt-5, offline, or a name of lumos.toml.")
@click.option("--instructions", metavar="TEXT", default="", help="What the model is told first.")
@click.option(
    "--max-steps",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many times the model may be asked; 30 if nobody says.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@click.pass_context
def run(
    context: click.Context,
    prompt: str,
    sources: tuple[str, ...],
    model: str | None,
    instructions: str,
    max_steps: int | None,
    as_json: bool,
) -> None:
    """Answer PROMPT, calling tools on the way.

    PROMPT is one argument, in quotes; - reads it from the standard input, and
    -- goes before one that begins with a dash.

    The answer goes to the standard output, all else to the standard error.
    """
    said = _said(prompt, context)
    limit: OptionKeywords = {"max_steps": max_steps} if max_steps else {}
    agent = agent_for(model, tools=load_tools(sources), instructions=instructions, **limit)
    if agent.provider.model == OFFLINE:
        click.echo(NOTE, err=True)
    display = _display(as_json)
    with redirect_stdout(sys.stderr):  # what tools print is not part of the answer
        run_interruptible(_answer(agent, said, display))


NOTE = (
    "note: the offline stand-in answers, not a model; "
    "set one with --model, LUMOS_MODEL or lumos.toml"
)


def _said(prompt: str, context: click.Context) -> str:
    """What the user says, as text that UTF-8 can hold."""
    if prompt == "-":
        said = sys.stdin.buffer.read().decode(errors="replace")
    else:
        said = prompt.encode(errors="surrogateescape").decode(errors="replace")
    if not said.strip():
        raise click.UsageError("the prompt is empty, say what the agent should do", ctx=context)
    return said


def _display(as_json: bool) -> Observer:
    if as_json:
        return JsonLines(sys.stdout.buffer)
    return Screen(sys.stdout, sys.stderr, color=has_color(sys.stderr))


async def _answer(agent: Agent, prompt: str, display: Observer) -> None:
    async with agent, agent.stream(prompt) as stream:
        async for event in stream:
            display(event)
