"""`lumos run`: answer one prompt."""

import sys
from contextlib import nullcontext, redirect_stdout

import click

from lumos_agent.agent import Agent
from lumos_agent.cli.interrupt import run_interruptible
from lumos_agent.cli.load import load_tools
from lumos_agent.cli.model import agent_for
from lumos_agent.cli.options import memory_option, resource_option, thread_option, tools_option
from lumos_agent.cli.show import JsonLines, Screen, has_color
from lumos_agent.cli.store import store_of_agent
from lumos_agent.config import OFFLINE, load_config
from lumos_agent.events import Observer
from lumos_agent.memory.address import Store
from lumos_agent.options import OptionKeywords
from lumos_agent.runner import RunStream


@click.command()
@click.argument("prompt", required=False)
@tools_option
@click.option("--model", metavar="NAME", help="openai/gpt-5, offline, or a name of lumos.toml.")
@click.option("--instructions", metavar="TEXT", default="", help="What the model is told first.")
@click.option(
    "--max-steps",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many times the model may be asked; 30 if nobody says.",
)
@thread_option
@memory_option
@resource_option
@click.option(
    "--resume", is_flag=True, help="Go on with the thread where a run was killed, without PROMPT."
)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@click.pass_context
def run(
    context: click.Context,
    prompt: str | None,
    sources: tuple[str, ...],
    model: str | None,
    instructions: str,
    max_steps: int | None,
    thread: str | None,
    address: str | None,
    resource: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Answer PROMPT, calling tools on the way.

    PROMPT is one argument, in quotes; - reads it from the standard input, and
    -- goes before one that begins with a dash.

    With --thread it goes on with what was said there, by an earlier run, too.

    The answer goes to the standard output, all else to the standard error.
    """
    said = None if resume else _said(prompt, context)
    _check(context, thread=thread, with_thread=address or resource or resume)
    if resume and prompt is not None:
        raise click.UsageError("--resume goes on without a PROMPT; leave one out", ctx=context)
    options: OptionKeywords = {"max_steps": max_steps} if max_steps else {}
    store: Store | None = None
    if thread is not None:
        store = store_of_agent(address, load_config())
        options |= {"thread": thread, "resource": resource}
    agent = agent_for(
        model, tools=load_tools(sources), instructions=instructions, memory=store, **options
    )
    if agent.provider.model == OFFLINE:
        click.echo(NOTE, err=True)
    display = _display(as_json)
    with redirect_stdout(sys.stderr):  # what tools print is not part of the answer
        run_interruptible(_answer(agent, said, store, display))


NOTE = (
    "note: the offline stand-in answers, not a model; "
    "set one with --model, LUMOS_MODEL or lumos.toml"
)


def _said(prompt: str | None, context: click.Context) -> str:
    """What the user says, as text that UTF-8 can hold."""
    if prompt is None:
        raise click.UsageError("Missing argument 'PROMPT'", ctx=context)
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


def _check(context: click.Context, *, thread: str | None, with_thread: object) -> None:
    if thread is None and with_thread:
        raise click.UsageError(
            "--memory, --resource and --resume go with --thread ID; say which", ctx=context
        )


async def _answer(agent: Agent, prompt: str | None, store: Store | None, display: Observer) -> None:
    """Answer *prompt*, or go on with the agent's thread if there is none."""
    answer = _resumed(agent) if prompt is None else agent.stream(prompt)
    async with store or nullcontext(), agent, answer as stream:
        async for event in stream:
            display(event)


def _resumed(agent: Agent) -> RunStream:
    """`agent.resume`, told as it happens."""
    run = agent.new_run({})
    run.resumed = run.streaming = True
    return RunStream(run, agent.events(run))
