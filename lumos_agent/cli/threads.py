"""`lumos threads`: what is kept, to look at, to take away, and to delete."""

import json
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, nullcontext
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from lumos_agent.cli.failures import FAILED
from lumos_agent.cli.interrupt import run_interruptible
from lumos_agent.cli.options import memory_option, resource_option
from lumos_agent.cli.show import called, has_color, in_line, named, spoken
from lumos_agent.cli.store import present_store
from lumos_agent.config import load_config
from lumos_agent.memory.address import Store
from lumos_agent.memory.base import Found, GetMessagesParams, MemoryThread, Page, Stored
from lumos_agent.memory.sqlite import SQLiteStorage
from lumos_agent.messages import AssistantMessage, ToolResult, encode

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])
ANY_WIDTH = 10_000
PAGE = 100
"""Messages that are exported at once: each may have 16 MiB."""
STEERING = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON need not escape and no terminal should get; and what UTF-8 cannot hold."""


@click.group(invoke_without_command=True)
@click.pass_context
def threads(context: click.Context) -> None:
    """Look at threads that are kept, export and delete them."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _options(command: F) -> F:
    """The options that all of them have."""
    config = click.option(
        "--config",
        "path",
        metavar="FILE",
        help="The configuration. Default: that of the current folder.",
    )
    return resource_option(memory_option(config(command)))


def _limit(default: int, text: str) -> Callable[[F], F]:
    return click.option(
        "--limit", metavar="N", type=click.IntRange(min=1), default=default, help=text
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@threads.command("list")
@_limit(50, "How many, the newest first. Default: 50.")
@json_option
@_options
def list_(
    resource: str | None, address: str | None, path: str | None, limit: int, as_json: bool
) -> None:
    """List the threads, the newest first."""
    store = present_store(address, load_config(path))

    async def read() -> Page[MemoryThread]:
        async with store:
            return await store.list_threads(resource=resource, limit=limit)

    page = run_interruptible(read())
    if as_json:
        _print_json(page.items)
    elif page.items:
        _print_threads(page)
    else:
        click.echo("no threads", err=True)


@threads.command()
@click.argument("id")
@_limit(50, "How many messages, the last ones. Default: 50.")
@json_option
@_options
def show(
    id: str,
    resource: str | None,
    address: str | None,
    path: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the thread ID and its last messages."""
    store = present_store(address, load_config(path))

    async def read() -> tuple[MemoryThread, Page[Stored]]:
        async with store:
            thread = await store.get_thread(id, resource=resource)
            params = GetMessagesParams(limit=limit)
            return thread, await store.get_messages(id, params, resource=resource)

    thread, page = run_interruptible(read())
    if as_json:
        _print_json({"thread": thread, "messages": page.items})
    else:
        _print_messages(thread, page)


@threads.command()
@click.argument("id")
@click.option("--output", metavar="FILE", help="Write it there. Default: the standard output.")
@_options
def export(
    id: str, output: str | None, resource: str | None, address: str | None, path: str | None
) -> None:
    """Write all of the thread ID as lines of JSON.

    The first line is the thread, each further one a message, as it is stored.
    """
    store = present_store(address, load_config(path))
    if output is not None:
        _refuse_store(output, store)

    async def write() -> int:
        async with store, aclosing(_exported(store, id, resource)) as lines:
            first = await anext(lines)  # a thread that is not there leaves no file
            with nullcontext(sys.stdout.buffer) if output is None else _opened(output) as out:
                out.write(first)
                count = 0
                async for line in lines:
                    out.write(line)
                    count += 1
                out.flush()
        return count

    count = run_interruptible(write())
    if output is not None:
        click.echo(f"wrote {_messages(count)} to {named(output)}", err=True)


@threads.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_options
@click.pass_context
def delete(
    context: click.Context,
    id: str,
    yes: bool,
    resource: str | None,
    address: str | None,
    path: str | None,
) -> None:
    """Delete the thread ID and its messages."""
    config = load_config(path)

    async def look() -> MemoryThread:
        async with present_store(address, config) as store:
            return await store.get_thread(id, resource=resource)

    async def remove() -> None:
        async with present_store(address, config) as store:
            await store.delete_thread(id, resource=resource)

    thread = run_interruptible(look())
    what = f"thread {named(id)} with its {_messages(thread.last_seq)}"
    if not yes and not _agreed(f"delete {what}? [y/N] ", context):
        click.echo("lumos: nothing is deleted", err=True)
        context.exit(FAILED)
    run_interruptible(remove())
    click.echo(f"deleted {what}", err=True)


@threads.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--thread", metavar="ID", help="Search in this thread. Default: in all.")
@_limit(20, "How many messages, the newest first. Default: 20.")
@json_option
@_options
def search(
    words: tuple[str, ...],
    thread: str | None,
    resource: str | None,
    address: str | None,
    path: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find the messages that have all WORDS, the newest first.

    Large or small letters are the same.
    """
    store = present_store(address, load_config(path))

    async def find() -> tuple[Found, ...]:
        async with store:
            query = " ".join(words)
            return await store.search(query, thread=thread, resource=resource, limit=limit)

    found = run_interruptible(find())
    if as_json:
        _print_json(found)
    elif found:
        _print_found(found)
    else:
        click.echo("nothing found", err=True)


# Exporting, and asking


async def _exported(store: Store, id: str, resource: str | None) -> AsyncGenerator[bytes]:
    """The thread and its messages as lines; those that are stored meanwhile are not in it."""
    thread = await store.get_thread(id, resource=resource)
    yield _line(thread)
    for last in range(0, thread.last_seq, PAGE):
        before = min(last + PAGE, thread.last_seq) + 1
        params = GetMessagesParams(limit=None, after=last, before=before)
        for stored in (await store.get_messages(id, params, resource=resource)).items:
            yield _line(stored)


def _line(value: MemoryThread | Stored) -> bytes:
    return f"{_escaped(encode(value).decode())}\n".encode()


def _escaped(text: str) -> str:
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _refuse_store(output: str, store: Store) -> None:
    path = store.path if isinstance(store, SQLiteStorage) else None
    if path and os.path.exists(output) and os.path.samefile(output, path):
        raise click.UsageError(f"{output!r} is where the threads are; write to another file")


def _opened(output: str) -> IO[bytes]:
    try:
        return open(output, "wb")
    except OSError as error:
        raise click.UsageError(f"cannot write to {output!r}: {error.strerror}") from error


def _agreed(question: str, context: click.Context) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked without a terminal; say --yes", ctx=context)
    click.echo(question, nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# Printing


def _print_json(value: object) -> None:
    text = json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)
    click.echo(_escaped(text))


def _print_threads(page: Page[MemoryThread]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("id", overflow="fold")
    table.add_column("messages", justify="right")
    for column in ("updated", "resource", "title"):
        table.add_column(column, overflow="fold")
    for one in page.items:
        cells = (
            named(one.id),
            str(one.last_seq),
            _time(one.updated_at),
            named(one.resource or ""),
            in_line(one.title or ""),
        )
        table.add_row(*map(Text, cells))
    _console().print(table)
    if page.has_more:
        click.echo("there are older ones; --limit shows more", err=True)


def _print_messages(thread: MemoryThread, page: Page[Stored]) -> None:
    from rich.text import Text

    console = _console()
    owner = f" of {named(thread.resource)}" if thread.resource else ""
    head = f"thread {named(thread.id)}{owner}: {_messages(thread.last_seq)}"
    console.print(Text(head, style="bold"), soft_wrap=True)
    if thread.title:
        console.print(Text(in_line(thread.title)), soft_wrap=True)
    if page.has_more:
        click.echo("there are older messages; --limit shows more, export all of them", err=True)
    for stored in page.items:
        head = f"{stored.seq} {_who(stored)}"
        console.print(Text.assemble((head, "cyan"), (f"  {_time(stored.created_at)}", "dim")))
        for line in _lines(stored):
            console.print(Text(f"    {line}".rstrip()), soft_wrap=True)


def _print_found(found: tuple[Found, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("thread", overflow="fold")
    table.add_column("message", justify="right")
    for column in ("who", "text"):
        table.add_column(column, overflow="fold")
    for one in found:
        stored = one.stored
        cells = (named(one.thread), str(stored.seq), _who(stored), in_line(stored.message.text))
        table.add_row(*map(Text, cells))
    _console().print(table)


def _who(stored: Stored) -> str:
    match stored.message:
        case ToolResult(name=name, is_error=is_error):
            return f"{named(name)} {'failed' if is_error else 'answers'}"
        case message:
            return str(message.__struct_config__.tag)


def _lines(stored: Stored) -> Iterator[str]:
    """What a message says, and then what it calls."""
    message = stored.message
    yield from spoken(message.text).splitlines()
    if isinstance(message, AssistantMessage):
        yield from (f"→ {spoken(called(call))}" for call in message.calls)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _messages(count: int) -> str:
    return f"{count} message{'s' if count != 1 else ''}"


def _console() -> "Console":
    """As wide as the terminal; elsewhere a line is never wrapped."""
    from rich.console import Console

    return Console(
        width=None if sys.stdout.isatty() else ANY_WIDTH,
        color_system="auto" if has_color(sys.stdout) else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
