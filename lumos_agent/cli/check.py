"""`lumos check`: show that tools keep what their schemas promise."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import click
import msgspec

from lumos_agent.cli.failures import FAILED
from lumos_agent.cli.load import load_tools
from lumos_agent.cli.show import has_color
from lumos_agent.messages import encode
from lumos_tools.check.report import Report
from lumos_tools.tool import Tool

ANY_WIDTH = 10_000
MARKS = {"fault": ("✗", "red"), "advice": ("·", "yellow")}


@click.command()
@click.argument("sources", metavar="FILE|MODULE...", nargs=-1, required=True)
@click.option(
    "--examples",
    metavar="N",
    type=click.IntRange(min=1),
    default=60,
    help="How many arguments are made for each tool. Default: 60.",
)
@click.option("--seed", metavar="N", default=0, help="Other examples. Default: 0.")
@click.option("--run", is_flag=True, help="Run the tools, too: give only what does no harm.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@click.pass_context
def check(
    context: click.Context,
    sources: tuple[str, ...],
    examples: int,
    seed: int,
    run: bool,
    as_json: bool,
) -> None:
    """Show that tools keep what their schemas promise.

    Arguments are made from each schema, legal and illegal ones, and held
    against the tool. No tool is run, unless --run says so. The exit code is 1
    if there are faults.
    """
    with redirect_stdout(sys.stderr):  # what tools print is not part of the report
        reports = [_examined(tool, examples, seed, run) for tool in load_tools(sources)]
    if as_json:
        click.echo(msgspec.json.format(encode(reports), indent=2))
    else:
        _print(reports)
    if not all(report.ok for report in reports):
        context.exit(FAILED)


def _examined(tool: Tool, examples: int, seed: int, run: bool) -> Report:
    from lumos_tools.check import examine

    return examine(tool, examples=examples, seed=seed, run=run)


def _print(reports: Sequence[Report]) -> None:
    """A line a tool, and below it what was found: where, what, and the code that shows it."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        width=None if sys.stdout.isatty() else ANY_WIDTH,
        color_system="auto" if has_color(sys.stdout) else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for report in reports:
        mark, color = ("✓", "green") if report.ok else MARKS["fault"]
        tried = f"{sum(report.examples.values())} examples, {report.seconds:.2f} s"
        console.print(Text.assemble((mark, color), f" {report.tool}  ", (tried, "dim")))
        for finding in (*report.faults, *report.advice):
            mark, color = MARKS[finding.severity]
            console.print(
                Text.assemble("    ", (mark, color), f" {finding.kind}: {finding.message}")
            )
            for line in finding.example.splitlines():
                console.print(Text(f"          {line}".rstrip(), style="dim"))
    console.print(_summary(reports))


def _summary(reports: Sequence[Report]) -> str:
    faults = sum(len(report.faults) for report in reports)
    advice = sum(len(report.advice) for report in reports)
    tools = f"{len(reports)} tool{'s' if len(reports) != 1 else ''}"
    found = f"{faults} fault{'s' if faults != 1 else ''}"
    return f"{tools}, {found}, {advice} piece{'s' if advice != 1 else ''} of advice"
