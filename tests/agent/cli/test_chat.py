"""`lumos chat` talks until its user leaves, whatever fails or hangs on the way."""

import asyncio
import io
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from stat import S_IMODE

import prompt_toolkit.output
import pytest
from msgspec.structs import replace
from prompt_toolkit.application import AppSession, create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from lumos_agent import Agent, ConfigError, ProviderError, Usage, UserMessage
from lumos_agent.cli import chat as module
from lumos_agent.cli.chat import Chat, chat, typed_lines
from lumos_agent.cli.show import Screen
from lumos_agent.events import AgentEvent
from lumos_agent.memory.dict import InMemoryStorage
from lumos_agent.messages import AssistantMessage, ToolResult
from lumos_agent.providers.base import Provider, Reply, Request
from lumos_agent.testing.scripted import ScriptedProvider, calls, says
from lumos_tools import Tool, function_tool
from tests.agent.cli.test_interrupt import TOOLS

ROOT = Path(__file__).parents[3]
PATIENCE = 60
"""Seconds after which a test has failed; none takes so long."""
HELLO = "scripted/script answers; /help lists the commands\n"
OFFLINE = (
    "the offline stand-in answers, not a model; "
    "set one with /model, --model or LUMOS_MODEL; /help lists the commands\n"
)
Capture = pytest.CaptureFixture[str]


class Closing(ScriptedProvider):
    """A script that counts how often it was closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


class Terminal(io.StringIO):
    """A standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def agent_of(
    model: str | Provider, *, tools: Sequence[Tool] = (), memory: InMemoryStorage | None = None
) -> Agent:
    """An agent that remembers."""
    return Agent(model, tools=tools, memory=memory or InMemoryStorage())


async def typed(*lines: str) -> AsyncGenerator[str]:
    for line in lines:
        yield line


def talk(*lines: str, thread: str = "t", **agents: Agent) -> Chat:
    """A chat of *lines* with *agents* by the names of their models; the first is the default."""

    def agent_for(model: str | None) -> Agent:
        name = model or next(iter(agents))
        if name not in agents:
            raise ConfigError(f"no model {name!r}")
        return agents[name]

    screen = Screen(sys.stdout, sys.stderr, color=False)
    return Chat(agent_for, thread=thread, display=screen, lines=typed(*lines))


async def said(capsys: Capture, *lines: str, **agents: Agent) -> tuple[str, str]:
    """What a chat of *lines* prints; stderr without the greeting, and without what runs took."""
    await talk(*lines, **agents).run()
    out, err = capsys.readouterr()
    kept = [line for line in err.splitlines()[1:] if " step" not in line]
    return out, "\n".join(kept)


def texts(request: Request) -> list[str]:
    return [message.text for message in request.messages]


def test_import() -> None:
    """The library of the prompt is loaded when there is a prompt, not before."""
    code = "import sys, lumos_agent.cli.chat; print('prompt_toolkit' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"False\n"


async def test_greeting(capsys: Capture) -> None:
    """The chat says at first who answers; the stand-in is not taken for a model."""
    await talk(a=agent_of(ScriptedProvider())).run()
    await talk(a=agent_of("offline")).run()
    assert capsys.readouterr() == ("", HELLO + OFFLINE)


async def test_thread(capsys: Capture) -> None:
    """Each line is a run that knows what was said before; empty lines are none."""
    script = ScriptedProvider(says("Hello."), says("Ada."))
    agent = agent_of(script)
    assert await said(capsys, "I am Ada.", "", " ", "Who am I?", a=agent) == ("Hello.\nAda.\n", "")
    assert [["I am Ada."], ["I am Ada.", "Hello.", "Who am I?"]] == [*map(texts, script.requests)]


async def test_thread_id() -> None:
    """The thread has the id that was asked for."""
    memory = InMemoryStorage()
    await talk("hi", thread="mine", a=agent_of(ScriptedProvider(says("!")), memory=memory)).run()
    assert 2 == (await memory.get_thread("mine")).last_seq


async def test_stdout_of_tools(capsys: Capture) -> None:
    """What a tool prints is not part of the answer."""

    @function_tool
    def shout() -> None:
        """Shouts."""
        print("loud")

    agent = agent_of(ScriptedProvider(calls("shout"), says("done")), tools=[shout])
    out, err = await said(capsys, "hi", a=agent)
    assert ("done\n", True) == (out, "loud" in err.splitlines())


async def test_model(capsys: Capture) -> None:
    """/model shows who answers."""
    assert await said(capsys, "/model", a=Agent("openai/gpt-5", api_key="k")) == (
        "",
        "openai/gpt-5 answers",
    )


async def test_swap(capsys: Capture) -> None:
    """/model NAME has another model go on with the thread."""
    memory = InMemoryStorage()
    other = ScriptedProvider(says("two"))
    a, b = agent_of(ScriptedProvider(says("one")), memory=memory), agent_of(other, memory=memory)
    out, err = await said(capsys, "hi", "/model  b ", "go on", a=a, b=b)
    assert ("one\ntwo\n", "scripted/script answers") == (out, err)
    assert ["hi", "one", "go on"] == texts(other.requests[0])


async def test_wrong_model(capsys: Capture) -> None:
    """A wrong name is told in a sentence, and the model stays."""
    agent = agent_of(ScriptedProvider(says("here")))
    assert ("here\n", "lumos: no model 'x'") == await said(capsys, "/model x", "hi", a=agent)


async def test_wrong_default() -> None:
    """A chat whose default model is wrong does not begin."""

    def agent_for(model: str | None) -> Agent:
        raise ConfigError("no model")

    with pytest.raises(ConfigError, match="no model"):
        Chat(agent_for, thread="t", display=print, lines=typed())


async def test_tools(capsys: Capture) -> None:
    """/tools lists names and the first lines of descriptions."""

    @function_tool
    def add(a: int, b: int) -> int:
        """Add.

        Two numbers.
        """
        return a + b

    @function_tool
    def subtract(a: int, b: int) -> int:
        """Take away."""
        return a - b

    agent = agent_of("offline", tools=[add, subtract])
    assert ("", "add       Add.\nsubtract  Take away.") == await said(capsys, "/tools", a=agent)
    assert ("", "no tools") == await said(capsys, "/tools", a=agent_of("offline"))


async def test_usage(capsys: Capture) -> None:
    """/usage sums up tokens and runs of each model, also of runs that failed."""
    first, second = Usage(10, 2, cached_tokens=4), Usage(20, 3)
    a = ScriptedProvider(says("1", usage=first), says("2", usage=second), ProviderError("no"))
    b = ScriptedProvider(says("3", usage=Usage(5, 1)))
    b.model = "other"
    lines = ("/usage", "x", "x", "x", "/clear", "/model b", "x", "/usage")
    _, err = await said(capsys, *lines, a=agent_of(a), b=agent_of(b))
    assert ["no runs yet", "lumos: no"] == err.splitlines()[:2]
    assert [
        "scripted/script: 3 runs, 30 tokens in (4 cached), 5 out",
        "scripted/other: 1 run, 5 tokens in (0 cached), 1 out",
    ] == err.splitlines()[-2:]


async def test_clear(capsys: Capture) -> None:
    """/clear begins a new thread."""
    script = ScriptedProvider(says("one"), says("two"))
    _, err = await said(capsys, "hi", "/clear", "ho", a=agent_of(script))
    assert "a new thread; the model knows nothing of what was said" == err
    assert ["ho"] == texts(script.requests[1])


async def test_help(capsys: Capture) -> None:
    """/help lists the commands."""
    _, err = await said(capsys, "/help", a=agent_of("offline"))
    names = [line.split()[0] for line in err.splitlines()]
    assert ["/model", "/tools", "/usage", "/clear", "/help", "/quit"] == names


@pytest.mark.parametrize("word", ["/quit", "/exit", "/quit "])
async def test_quit(word: str) -> None:
    """/quit leaves: nobody reads on, and every agent that was made is closed."""
    a, b = Closing(), Closing()
    await talk("/model b", word, "hi", a=agent_of(a), b=agent_of(b)).run()
    assert ([], 1, 1) == (b.requests, a.closed, b.closed)


async def test_end() -> None:
    """The end of the lines is the end of the chat, too."""
    script = Closing()
    await talk(a=agent_of(script)).run()
    assert 1 == script.closed


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/hepl me", "no command '/hepl'; did you mean /help?"),
        ("/etc/hosts", "no command '/etc/hosts'; /help lists them"),
        ("/", "no command '/'; /help lists them"),
    ],
)
async def test_unknown_command(line: str, hint: str, capsys: Capture) -> None:
    """An unknown command is not sent to the model; the nearest one is named."""
    script = ScriptedProvider()
    _, err = await said(capsys, line, a=agent_of(script))
    assert f"{hint} (a line that begins with // goes to the model)" == err
    assert [] == script.requests


async def test_slash() -> None:
    """A line that begins with two slashes goes to the model with one."""
    script = ScriptedProvider(says("a comment"))
    await talk("//help is // what?", a=agent_of(script)).run()
    assert ["/help is // what?"] == texts(script.requests[0])


async def test_failure(capsys: Capture) -> None:
    """A run that fails is told in a sentence; what was said stays, and the chat goes on."""
    script = ScriptedProvider(ProviderError("the server\nis ill"), says("yes"))
    agent = agent_of(script)
    expected = ("yes\n", "lumos: the server is ill")
    assert expected == await said(capsys, "well?", "and now?", a=agent)
    assert ["well?", "and now?"] == texts(script.requests[1])


async def test_reader_left() -> None:
    """When nobody reads what is printed, the chat ends."""

    def display(event: AgentEvent) -> None:
        raise BrokenPipeError

    script = Closing(says("hi"))
    with pytest.raises(BrokenPipeError):
        await Chat(lambda _: agent_of(script), thread="t", display=display, lines=typed("hi")).run()
    assert 1 == script.closed


def press_ctrl_c() -> None:
    """Send the signal to the thread that has to handle it."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


async def test_interrupt(capsys: Capture) -> None:
    """Ctrl-C ends the run, not the chat, whatever hangs; every call has its answer."""
    free = threading.Event()

    @function_tool
    def hang() -> None:
        """Hangs."""
        press_ctrl_c()
        free.wait(PATIENCE)

    memory, before = InMemoryStorage(), signal.getsignal(signal.SIGINT)
    reply = replace(calls("hang"), usage=Usage(7, 1))
    agent = agent_of(ScriptedProvider(reply, says("back")), tools=[hang], memory=memory)
    try:
        out, err = await said(capsys, "go", "again", "/usage", a=agent)
    finally:
        free.set()
    messages = [one.message for one in (await memory.get_messages("t")).items]
    assert [UserMessage, AssistantMessage, ToolResult, UserMessage, AssistantMessage] == [
        *map(type, messages)
    ]
    assert "back\n" == out
    assert [
        "→ hang()",
        "lumos: interrupted; what was said stays in the thread",
        "scripted/script: 2 runs, 7 tokens in (0 cached), 1 out",
    ] == err.splitlines()
    assert signal.getsignal(signal.SIGINT) is before


async def test_interrupted_line() -> None:
    """What is shown of an interrupted run ends like that of a failed one."""
    shown: list[AgentEvent] = []

    @function_tool
    async def hang() -> None:
        """Hangs."""
        press_ctrl_c()
        await asyncio.sleep(PATIENCE)

    agent = agent_of(ScriptedProvider(calls("hang")), tools=[hang])
    await Chat(lambda _: agent, thread="t", display=shown.append, lines=typed("go")).run()
    last = shown[-1]
    assert ("run_error", "cancelled", len(shown)) == (
        last.__struct_config__.tag,
        getattr(last, "code", None),
        last.seq,
    )


async def test_second_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A second Ctrl-C, after a first that a tool does not mind, ends the program."""
    left, before = list[str](), list[list[str]]()
    monkeypatch.setattr(module, "leave", lambda: left.append("left"))

    @function_tool
    async def swallow() -> None:
        """Swallows."""
        press_ctrl_c()
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            before.append([*left])
            press_ctrl_c()

    script = ScriptedProvider(calls("swallow"), says("done"))
    await said(capsys, "go", a=agent_of(script, tools=[swallow]))
    assert ([[]], ["left"]) == (before, left)


async def test_ignored_signal() -> None:
    """Where the signal is ignored, it still is."""
    found: list[object] = []

    def look(_: Request) -> Reply:
        found.append(signal.getsignal(signal.SIGINT))
        return says("!")

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        await talk("hi", a=agent_of(ScriptedProvider(look))).run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert [signal.SIG_IGN] == found


async def test_cancelled_chat() -> None:
    """Whoever cancels the chat ends it, with the run that goes on."""
    began = asyncio.Event()

    @function_tool
    async def hang() -> None:
        """Hangs."""
        began.set()
        await asyncio.sleep(PATIENCE)

    script = Closing(calls("hang"))
    task = asyncio.create_task(talk("go", "again", a=agent_of(script, tools=[hang])).run())
    async with asyncio.timeout(PATIENCE):
        await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (1, 1) == (len(script.requests), script.closed)


async def test_piped_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, the lines of the standard input come, be they UTF-8 or not."""
    data = io.BytesIO("Tromsø\r\n\n\xff".encode("latin-1").replace(b"\xf8", "ø".encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert ["Tromsø", "", "\ufffd"] == [line async for line in typed_lines()]


Keyboard = tuple[PipeInput, AppSession]


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Keyboard]:
    """A terminal without a screen, and a state folder."""
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(prompt_toolkit.output, "create_output", lambda **_: DummyOutput())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with create_pipe_input() as pipe, create_app_session(input=pipe) as session:
        yield pipe, session


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ("one\rtwo\r\x04", ["one", "two"]),
        ("wrong\x03right\r\x04", ["right"]),
        ("\x03\x03", []),
        ("\x03one\r\x03\x03", ["one"]),
        ("\x03wrong\x03\x03two\r\x03\x03", ["two"]),
        ("\x1b[200~def f():\r\n    return 1\x1b[201~\r\x04", ["def f():\n    return 1"]),
    ],
    ids=["ctrl-d", "clear", "twice", "not-in-a-row", "not-at-empty", "paste"],
)
async def test_prompted_lines(keys: str, lines: list[str], keyboard: Keyboard) -> None:
    """Keys become lines: Ctrl-C clears one, and Ctrl-D or two Ctrl-C at an empty one leave."""
    keyboard[0].send_text(keys)
    async with asyncio.timeout(PATIENCE):
        assert lines == [line async for line in typed_lines()]


async def test_bytes_that_are_no_text(keyboard: Keyboard) -> None:
    """Bytes that are no UTF-8 are replaced."""
    keyboard[0].send_bytes(b"a\xffb\r\x04")
    async with asyncio.timeout(PATIENCE):
        assert ["a\ufffdb"] == [line async for line in typed_lines()]


async def line_after(keys: str, text: str, keyboard: Keyboard) -> str:
    """The line that is typed by pressing *keys* until it reads *text*, and Enter."""
    pipe, session = keyboard
    async with asyncio.timeout(PATIENCE), aclosing(typed_lines()) as lines:
        line = asyncio.ensure_future(anext(lines))
        while session.app is None or session.app.current_buffer.text != text:
            pipe.send_text(keys)
            await asyncio.sleep(0.01)
        pipe.send_text("\r")
        return await line


async def test_completion(keyboard: Keyboard) -> None:
    """A tab completes a command."""
    keyboard[0].send_text("/mo")
    assert "/model" == await line_after("\t", "/model", keyboard)


async def test_history(keyboard: Keyboard, tmp_path: Path) -> None:
    """The next chat remembers what was typed, in a file that is its user's alone."""
    keyboard[0].send_text("secret\r\x04")
    async with asyncio.timeout(PATIENCE):
        assert ["secret"] == [line async for line in typed_lines()]
    assert "secret" == await line_after("\x1b[A", "secret", keyboard)
    folder = tmp_path / "state" / "lumos"
    assert [0o700, 0o600] == [S_IMODE(p.stat().st_mode) for p in (folder, folder / "history")]


@pytest.mark.parametrize("named", ["", "relative"])
async def test_history_at_home(
    named: str, keyboard: Keyboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no state folder is named, or one that the specification forbids, it is at home."""
    monkeypatch.setenv("XDG_STATE_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path))
    keyboard[0].send_text("\x04")
    assert [] == [line async for line in typed_lines()]
    assert (tmp_path / ".local/state/lumos/history").exists()


async def test_no_history(
    keyboard: Keyboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Where no file can be made, a note says so, and the chat goes on without."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    keyboard[0].send_text("hi\r\x04")
    assert ["hi"] == [line async for line in typed_lines()]
    assert capsys.readouterr().err.startswith("note: what you type is not remembered: ")


def test_command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """The command has its tools and the stand-in, and remembers; just answers are on stdout."""
    lines = b"weather in Oslo\n/usage\n/quit\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    chat.main(["--tools", "weather.py"], standalone_mode=False)
    out, err = capsys.readouterr()
    assert "12 °c in Oslo\n(offline stand-in, from get_weather)\n" == out
    assert err.startswith(OFFLINE)
    assert "\nlumos/offline: 1 run, 0 tokens in (0 cached), 0 out\n" in err


START = """
import os
from lumos_agent.cli.chat import chat
os.close(os.open(os.ttyname(0), os.O_RDWR))  # so that its Ctrl-C is ours
chat.main({!r}, standalone_mode=False)
"""


PROMPT = "\x1b[?2004h"
"""The prompt is there, and wants to be told what is pasted."""


class Window:
    """A terminal with a program in it."""

    def __init__(self, terminal: int, process: "subprocess.Popen[bytes]") -> None:
        self.terminal = terminal
        self.process = process

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def read_until(self, sign: str) -> None:
        """Read what is printed, up to *sign*."""
        seen = b""
        while sign.encode() not in seen:
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
            assert ready, f"no {sign!r} in {seen.decode(errors='replace')!r}"
            seen += os.read(self.terminal, 1)

    def code(self) -> int:
        """The exit code of the program, once it has ended."""
        return self.process.wait(PATIENCE)


@contextmanager
def window(folder: Path, *arguments: str) -> Generator[Window]:
    """The command in a terminal of its own; it is killed if it does not end."""
    terminal, inside = pty.openpty()
    given = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-c", START.format([*arguments])],
        cwd=folder,
        env={
            **given,
            "HOME": str(folder),
            "XDG_STATE_HOME": "",
            "TERM": "xterm",
            "PYTHONPATH": str(ROOT),
            "PROMPT_TOOLKIT_NO_CPR": "1",
        },
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        yield Window(terminal, process)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_terminal(tmp_path: Path) -> None:
    """In a terminal, a question is answered, and /quit leaves."""
    with window(tmp_path, "--model", "offline") as shown:
        shown.read_until(PROMPT)
        shown.type("What is 17 * 23?\r")
        shown.read_until("391\r\n")
        shown.read_until(PROMPT)
        shown.type("/quit\r")
        assert 0 == shown.code()
    assert "+What is 17 * 23?\n" in (tmp_path / ".local/state/lumos/history").read_text()


def test_terminal_interrupt(folder: Path) -> None:
    """Ctrl-C of a terminal returns to the prompt, though a tool sleeps in its thread."""
    (folder / "hang.py").write_text(TOOLS)
    with window(folder, "--tools", "hang.py") as shown:
        shown.read_until(PROMPT)
        shown.type("sleeps\r")
        shown.read_until("→ sleeps()")
        shown.type("\x03")
        shown.read_until("lumos: interrupted; what was said stays in the thread\r\n")
        shown.read_until(PROMPT)
        shown.type("\x04")
        assert 0 == shown.code()


def wait_pressing(shown: Window, done: Callable[[], object]) -> None:
    """Press Ctrl-C until *done*."""
    until = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < until:
        shown.type("\x03")
        time.sleep(0.05)


def test_terminal_leave(folder: Path) -> None:
    """More of them end the program, though a tool blocks the event loop."""
    (folder / "hang.py").write_text(TOOLS)
    with window(folder, "--tools", "hang.py") as shown:
        shown.read_until(PROMPT)
        shown.type("blocks\r")
        shown.read_until("→ blocks()")
        wait_pressing(shown, lambda: shown.process.poll() is not None)
        assert 130 == shown.code()
