"""The commands, and what becomes of their failures."""

import io
import logging
import sys
from collections.abc import Sequence

import click

from lumos_agent.cli.chat import chat
from lumos_agent.cli.check import check
from lumos_agent.cli.doctor import doctor
from lumos_agent.cli.failures import debugging, report
from lumos_agent.cli.init import init
from lumos_agent.cli.run import run
from lumos_agent.cli.threads import threads
from lumos_agent.cli.tools import tools


@click.group(invoke_without_command=True)
@click.pass_context
def lumos(context: click.Context) -> None:
    """Have a language model answer, with Python functions as its tools."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (run, chat, threads, tools, check, init, doctor):
    lumos.add_command(command)


def command_line(arguments: Sequence[str]) -> int:
    """Carry out *arguments* and return the exit code; a failure is one sentence on stderr."""
    _prepare_output()
    try:
        with lumos.make_context("lumos", list(arguments)) as context:
            lumos.invoke(context)
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the user reads a sentence
        return report(error)
    return 0


def _prepare_output() -> None:
    """No traceback for a tool that failed, the call's line says it; no character that stops us."""
    if not debugging():
        for name in ("lumos_tools", "lumos_agent"):
            logging.getLogger(name).addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
