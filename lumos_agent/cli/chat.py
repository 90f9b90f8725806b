"""`lumos chat`: talk with a model, in a terminal or through a pipe."""

import asyncio
import difflib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from uuid import uuid4

import click

from lumos_agent.agent import Agent
from lumos_agent.cli.failures import report
from lumos_agent.cli.interrupt import leave, run_interruptible, wakeable
from lumos_agent.cli.load import load_tools
from lumos_agent.cli.model import agent_for
from lumos_agent.cli.options import memory_option, resource_option, thread_option, tools_option
from lumos_agent.cli.show import Screen, has_color, named
from lumos_agent.cli.store import store_of_agent
from lumos_agent.config import default_memory, load_config
from lumos_agent.errors import RunCancelledError
from lumos_agent.events import Observer
from lumos_agent.memory.base import MemoryStorage
from lumos_agent.memory.dict import InMemoryStorage
from lumos_agent.messages import Usage
from lumos_agent.runner import RunStream
from lumos_tools.pool import threads

_say = partial(click.echo, err=True)

AgentFor = Callable[[str | None], Agent]  # by the name of a model; None is the default

COMMANDS = {
    "/model": "show which model answers; /model NAME has another one go on",
    "/tools": "list the tools",
    "/usage": "show the tokens of this chat, by model",
    "/clear": "begin a new thread",
    "/help": "list the commands",
    "/quit": "leave; so do /exit and Ctrl-D",
}


@click.command()
@tools_option
@click.option("--model", metavar="NAME", help="openai/gpt-5, offline, or a name of lumos.toml.")
@click.option("--instructions", metavar="TEXT", default="", help="What the model is told first.")
@thread_option
@memory_option
@resource_option
def chat(
    sources: tuple[str, ...],
    model: str | None,
    instructions: str,
    thread: str | None,
    address: str | None,
    resource: str | None,
) -> None:
    """Talk with a model, which calls tools on the way.

    Each line is a question, and one that begins with a slash is a command: /help lists them.
    Ctrl-C ends an answer, Ctrl-D the chat. It is forgotten then, unless there is
    a memory to keep its thread in.

    The answers go to the standard output, all else to the standard error.
    """
    config = load_config()
    asked = thread or address or resource
    kept = bool(asked or (default_memory(config) and config.features.memory))
    memory: MemoryStorage = store_of_agent(address, config) if kept else InMemoryStorage()
    screen, found = Screen(sys.stdout, sys.stderr, color=has_color(sys.stderr)), load_tools(sources)

    def make(name: str | None) -> Agent:
        return agent_for(
            name or model,
            tools=found,
            instructions=instructions,
            memory=memory,
            resource=resource,
        )

    one = Chat(make, thread=thread or uuid4().hex, display=screen, lines=typed_lines())
    run_interruptible(_kept(one, memory, named_thread=kept))


async def _kept(chat: "Chat", memory: MemoryStorage, *, named_thread: bool) -> None:
    """Have *chat* with its *memory* open, and say in the end how it can go on."""
    async with memory:
        await chat.run()
    if named_thread and chat.asked:
        _say(f"--thread {named(chat.thread)} goes on with this chat")


class Chat:
    """A conversation: each of *lines* is a run in one thread, or a command.

    What fails is told in a sentence, and the chat goes on; a wrong default model is a `ConfigError`.
    """

    def __init__(
        self, agent_for: AgentFor, *, thread: str, display: Observer, lines: AsyncGenerator[str]
    ) -> None:
        self.thread = thread
        self._agent_for = agent_for
        self._display = display
        self._lines = lines
        self._made = AsyncExitStack()
        self._usage: dict[str, list[Usage]] = {}  # of each run, by model
        self.agent = self._make(None)
        self.asked = False
        """Whether something was said in the thread."""

    async def run(self) -> None:
        """Talk until the lines end or one of them is /quit; then close the agents."""
        async with self._made, aclosing(self._lines):
            _say(f"{_who(self.agent)}; /help lists the commands")
            async for line in self._lines:
                if line.split()[:1] in (["/quit"], ["/exit"]):
                    break
                try:
                    await self._take(line)
                except BrokenPipeError:
                    raise
                except Exception as error:  # noqa: BLE001  # the user reads a sentence
                    report(error)

    async def _take(self, line: str) -> None:
        if line.startswith("/") and not line.startswith("//"):
            command, *rest = line.split(maxsplit=1)
            await self._obey(command, "".join(rest).strip())
        elif line.strip():
            await self._ask(line.removeprefix("/"))

    async def _obey(self, command: str, rest: str) -> None:
        match command:
            case "/model":
                agent = self._make(rest) if rest else self.agent
                await agent.aopen()  # or the one before goes on
                self.agent = agent
                _say(_who(self.agent))
            case "/tools":
                tools = self.agent.tools.values()
                _say(_columns({one.name: one.description for one in tools}) or "no tools")
            case "/usage":
                _say("\n".join(map(_spent, self._usage, self._usage.values())) or "no runs yet")
            case "/clear":
                self.thread, self.asked = uuid4().hex, False
                _say("a new thread; the model knows nothing of what was said")
            case "/help":
                _say(_columns(COMMANDS))
            case _:
                _say(_unknown(command))

    def _make(self, model: str | None) -> Agent:
        agent = self._agent_for(model)
        self._made.push_async_exit(agent)
        return agent

    async def _ask(self, prompt: str) -> None:
        """One run, which Ctrl-C ends."""
        thread = self.thread if self.agent.memory else None  # which features may switch off
        self.asked = True
        stream = self.agent.stream(prompt, thread=thread)
        run, task = stream.run, asyncio.create_task(self._show(stream))
        try:
            with _interrupt(task):
                await task
        except RunCancelledError as error:  # which the run could not tell, for nobody read on
            self._display(run.stamp(run.failed(error)))
            raise
        finally:
            is_open = len(run.steps) < run.step  # the model may have answered, which has its price
            last = run.reply.usage if is_open and run.reply else Usage()
            self._usage.setdefault(run.model, []).append(run.usage + last)

    async def _show(self, stream: RunStream) -> None:
        with redirect_stdout(sys.stderr):  # what tools print is not part of the answer
            async with stream:
                async for event in stream:
                    self._display(event)


@contextmanager
def _interrupt(task: asyncio.Task[None]) -> Generator[None]:
    """Have Ctrl-C cancel *task*; a second one ends the program, for a tool may not let go."""
    loop, before, pressed = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT), False

    def interrupt(*_: object) -> None:
        nonlocal pressed
        if pressed:
            leave()
        pressed = True
        loop.call_soon_threadsafe(task.cancel)

    if callable(before):  # it is not where the signal is ignored
        # not with the loop's own way, which a tool that blocks the loop would hold up
        signal.signal(signal.SIGINT, interrupt)
    try:
        with wakeable(loop):
            yield
    except asyncio.CancelledError:
        if not pressed:
            raise
        raise RunCancelledError("interrupted; what was said stays in the thread") from None
    finally:
        signal.signal(signal.SIGINT, before)


def _who(agent: Agent) -> str:
    model = f"{agent.provider.name}/{agent.provider.model}"
    if model != "lumos/offline":
        return f"{model} answers"
    return "the offline stand-in answers, not a model; set one with /model, --model or LUMOS_MODEL"


def _columns(lines: Mapping[str, str]) -> str:
    width = max(map(len, lines), default=0)
    rows = (f"{name:{width}}  " + text.split("\n")[0] for name, text in lines.items())
    return "\n".join(rows)


def _unknown(command: str) -> str:
    near = difflib.get_close_matches(command, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else "/help lists them"
    return f"no command {command!r}; {hint} (a line that begins with // goes to the model)"


def _spent(model: str, runs: Sequence[Usage]) -> str:
    usage = sum(runs, Usage())
    count = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
    tokens = f"{usage.input_tokens} tokens in ({usage.cached_tokens} cached)"
    return f"{model}: {count}, {tokens}, {usage.output_tokens} out"


def typed_lines() -> AsyncGenerator[str]:
    """What the user types, line by line; without a terminal, the lines of the standard input."""
    return _prompted_lines() if sys.stdin.isatty() else _piped_lines()


async def _piped_lines() -> AsyncGenerator[str]:
    while line := await threads.run(sys.stdin.buffer.readline):
        yield line.decode(errors="replace").rstrip("\r\n")


async def _prompted_lines() -> AsyncGenerator[str]:
    """Lines from a prompt, until Ctrl-D, or Ctrl-C twice at an empty one; a paste is one line."""
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.output import create_output
    from prompt_toolkit.shortcuts import CompleteStyle, PromptSession

    session = PromptSession[str](
        "> ",
        history=FileHistory(file) if (file := _history()) else None,
        completer=WordCompleter(list(COMMANDS), sentence=True),
        complete_style=CompleteStyle.READLINE_LIKE,
        output=create_output(always_prefer_tty=True),
    )
    presses = 0  # of Ctrl-C, one after the other, at an empty prompt
    while presses < 2:
        try:
            line = await session.prompt_async()
        except EOFError:
            return
        except KeyboardInterrupt:
            presses = 0 if session.default_buffer.text else presses + 1
        else:
            presses = 0
            yield line.encode(errors="surrogateescape").decode(errors="replace")


def _history() -> Path | None:
    """The file of what was typed; https://specifications.freedesktop.org/basedir-spec."""
    named = os.environ.get("XDG_STATE_HOME", "")
    try:
        home = Path(named) if os.path.isabs(named) else Path.home() / ".local" / "state"
        file = home / "lumos" / "history"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except (OSError, RuntimeError) as error:
        _say(f"note: what you type is not remembered: {error}")
        return None
    return file
