"""`lumos threads` shows what is kept, `--thread` goes on with it, whatever happened to the last run."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lumos_agent.cli.threads import PAGE
from lumos_agent.memory.sqlite import SQLiteStorage
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from tests.agent.cli.conftest import Command, Outcome
from tests.agent.cli.test_interrupt import TOOLS, interrupted, program, read_until
from tests.agent.memory.postgres import Postgres

WEATHER = ("--tools", "weather.py")
SUM = ("run", "What is 17 * 23?")
NO_MEMORY = (
    "lumos: no memory to keep threads in; say --memory threads.db, "
    'or memory = "threads.db" in lumos.toml, or set LUMOS_MEMORY\n'
)
EVIL = "\x1b[2J\x9b2J\x07 \ud800 \u202eevil\x7f"
"""What clears a screen, rings, is no text, runs backwards and deletes."""
TRICKS = ("\x1b", "\x9b", "\x07", "\x7f", "\u202e", "\ud800")
SAID: Sequence[Message] = (
    SystemMessage("Be brief."),
    UserMessage("Weather in Oslo?\nAnd Rome?"),
    AssistantMessage("I look.", (ToolCall("1", "weather", {"city": "Oslo"}),)),
    ToolResult("1", "weather", "cold"),
    ToolResult("2", "weather", "no such city", is_error=True),
)


class Terminal(io.StringIO):
    """A standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def keep(
    id: str, messages: Sequence[Message] = SAID, *, file: str = "threads.db", **thread: Any
) -> None:
    """Put a thread into *file*."""

    async def work() -> None:
        async with SQLiteStorage(file) as storage:
            await storage.create_thread(id=id, **thread)
            await storage.append(id, messages)

    asyncio.run(work())


@pytest.fixture
def kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a thread in `threads.db`, where the environment has the memory."""
    monkeypatch.setenv("LUMOS_MEMORY", "threads.db")
    keep("trip", resource="ada", title="Where\nto")
    return folder


def roles(lumos: Command, id: str, *options: str) -> list[str]:
    """Who says something in the thread, in order."""
    said = json.loads(lumos("threads", "show", id, "--json", *options).out)["messages"]
    return [one["message"]["role"] for one in said]


# Runs


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_ten_processes(
    kind: str,
    folder: Path,
    lumos: Command,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread goes on over ten processes, each of which asks with all that was said before."""
    (folder / "lumos.toml").write_text('memory = "threads.db"\n')
    if kind == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        monkeypatch.setenv("LUMOS_MEMORY", asyncio.run(server.database()))
    command = [sys.executable, "-m", "lumos_agent", "run", "--thread", "t", "--json"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    read: list[int] = []
    for turn in range(10):
        out = subprocess.check_output(
            [*command, f"What is {turn} + 1?"], cwd=folder, env=env, stderr=subprocess.DEVNULL
        )
        events = [json.loads(line) for line in out.splitlines()]
        assert events[-1]["result"]["text"].startswith(f"{turn + 1}\n")
        read += [one["messages"] for one in events if one.get("operation") == "read"]
    assert read == [4 * turn for turn in range(1, 10)]
    assert roles(lumos, "t") == ["user", "assistant", "tool", "assistant"] * 10


@pytest.mark.parametrize("where", ["option", "environment", "file"])
def test_where_threads_are(where: str, lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option wins over the environment, and that over the file."""
    Path("lumos.toml").write_text('memory = "file.db"\n')
    if where != "file":
        monkeypatch.setenv("LUMOS_MEMORY", "environment.db")
    option = ("--memory", "option.db") if where == "option" else ()
    assert lumos(*SUM, "--thread", "t", *option).code == 0
    assert [path.name for path in Path().glob("*.db")] == [f"{where}.db"]


def test_no_memory(lumos: Command) -> None:
    """Without a memory there are no threads, and the message says where to set one."""
    for arguments in ((*SUM, "--thread", "t"), ("chat", "--thread", "t"), ("threads", "list")):
        assert lumos(*arguments) == Outcome(2, "", NO_MEMORY)
    assert lumos(*SUM).code == 0  # it needs none


def test_memory_switched_off(lumos: Command) -> None:
    """An agent whose memory the file switches off has no threads to go on with."""
    Path("lumos.toml").write_text('memory = "threads.db"\n[features]\nmemory = false\n')
    message = (
        "lumos: agents have no memory, lumos.toml switches it off; take out memory = false there\n"
    )
    assert lumos(*SUM, "--thread", "t") == Outcome(2, "", message)
    assert not Path("threads.db").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [*SUM, "--memory", "t.db"],
            "--memory, --resource and --resume go with --thread ID; say which",
        ),
        (
            [*SUM, "--resource", "a"],
            "--memory, --resource and --resume go with --thread ID; say which",
        ),
        (["run", "--resume"], "--memory, --resource and --resume go with --thread ID; say which"),
        (
            ["run", "hi", "--resume", "--thread", "t"],
            "--resume goes on without a PROMPT; leave one out",
        ),
        ([*SUM, "--thread", ""], "Invalid value for '--thread': it is empty"),
        ([*SUM, "--thread", "t", "--memory", " "], "Invalid value for '--memory': it is empty"),
        ([*SUM, "--thread", "t", "--resource", ""], "Invalid value for '--resource': it is empty"),
    ],
)
def test_wrong_usage(lumos: Command, arguments: list[str], message: str) -> None:
    """What does not go together, and what is empty as a variable that is not set, is refused."""
    assert lumos(*arguments) == Outcome(2, "", f"lumos: {message} (see lumos run --help)\n")


def test_killed_run(folder: Path, lumos: Command) -> None:
    """A run that was killed goes on with --resume: the open call is told as interrupted, once."""
    (folder / "hang.py").write_text(TOOLS)
    thread = ("--thread", "t", "--memory", "threads.db", "--tools", "hang.py")
    with program(folder, "run", "waits", *thread) as process:
        read_until(process.stderr, "→ waits")
        process.kill()
    code, out, _ = lumos("run", "--resume", *thread)
    assert (code, "interrupted: the run ended before the tool did" in out) == (0, True)
    expected = ["user", "assistant", "tool", "assistant"]
    assert roles(lumos, "t", "--memory", "threads.db") == expected
    assert lumos("run", "--resume", *thread).out == out  # once more, and nobody is asked
    assert roles(lumos, "t", "--memory", "threads.db") == expected


def test_interrupted_run(folder: Path, lumos: Command) -> None:
    """After Ctrl-C the next turn goes on with the thread."""
    (folder / "hang.py").write_text(TOOLS)
    thread = ("--thread", "t", "--memory", "threads.db")
    with program(folder, "run", "waits", *thread, "--tools", "hang.py") as process:
        read_until(process.stderr, "→ waits")
        assert interrupted(process)[0] == 130
    assert lumos(*SUM, *thread).out.startswith("391\n")
    assert roles(lumos, "t", "--memory", "threads.db")[-4:] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


def test_resume_of_nothing(kept: Path, lumos: Command) -> None:
    """There is nothing to go on with in a thread that is not there."""
    assert lumos("run", "--resume", "--thread", "x")[::2] == (
        2,
        "note: the offline stand-in answers, not a model; "
        "set one with --model, LUMOS_MODEL or lumos.toml\nlumos: no thread 'x'\n",
    )


def test_run_of_another(kept: Path, lumos: Command) -> None:
    """Another's thread is not found, and not made anew either."""
    code, out, err = lumos(*SUM, "--thread", "trip", "--resource", "bob")
    assert (code, out, err.splitlines()[-1]) == (2, "", "lumos: no thread 'trip' of 'bob'")
    assert lumos(*SUM, "--thread", "trip", "--resource", "ada").code == 0


# Chats


def chatted(lumos: Command, monkeypatch: pytest.MonkeyPatch, lines: str, *options: str) -> Outcome:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    return lumos("chat", *options)


def test_chat_goes_on(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat in a memory says its thread, with which a later one goes on."""
    monkeypatch.setenv("LUMOS_MEMORY", "threads.db")
    code, out, err = chatted(lumos, monkeypatch, "What is 2 * 3?\n", "--resource", "ada")
    assert (code, out.splitlines()[0]) == (0, "6")
    _, id, *rest = err.splitlines()[-1].split()
    assert rest == ["goes", "on", "with", "this", "chat"]
    chatted(lumos, monkeypatch, "What is 3 * 3?\n", "--thread", id, "--resource", "ada")
    assert roles(lumos, id, "--resource", "ada") == ["user", "assistant", "tool", "assistant"] * 2


def test_chat_in_which_nothing_is_said(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to go on with if nothing was said, or not since /clear."""
    monkeypatch.setenv("LUMOS_MEMORY", "threads.db")
    for lines in ("/quit\n", "What is 2 * 3?\n/clear\n"):
        assert "goes on" not in chatted(lumos, monkeypatch, lines).err


def test_chat_without_memory(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat that no memory keeps, or for which the file switches it off, is forgotten."""
    Path("lumos.toml").write_text('memory = "threads.db"\n[features]\nmemory = false\n')
    outcome = chatted(lumos, monkeypatch, "What is 2 * 3?\n")
    assert (outcome.code, "goes on" in outcome.err, Path("threads.db").exists()) == (
        0,
        False,
        False,
    )


# What is kept


def test_help(lumos: Command) -> None:
    """`lumos threads` alone shows what there is."""
    assert lumos("threads") == lumos("threads", "--help")


def test_list(kept: Path, lumos: Command) -> None:
    """Threads are a line each, the newest first; --limit and --resource leave some out."""
    keep("b", SAID[:1])
    code, out, err = lumos("threads", "list")
    rows = [line.split() for line in out.splitlines()]
    assert (code, err, rows[0]) == (0, "", ["id", "messages", "updated", "resource", "title"])
    assert [(row[:2], row[4:]) for row in rows[1:]] == [
        (["b", "1"], []),
        (["trip", "5"], ["ada", "Where", "to"]),
    ]
    first = lumos("threads", "list", "--limit", "1")
    assert (first.out.splitlines()[1][0], first.err) == (
        "b",
        "there are older ones; --limit shows more\n",
    )
    assert [one["id"] for one in json.loads(lumos("threads", "list", "--json").out)] == [
        "b",
        "trip",
    ]
    owned = json.loads(lumos("threads", "list", "--json", "--resource", "ada").out)
    assert [one["id"] for one in owned] == ["trip"]
    assert lumos("threads", "list", "--resource", "eve") == Outcome(0, "", "no threads\n")


def test_show(kept: Path, lumos: Command) -> None:
    """A thread is shown as it was said: who, the lines, the calls, what came of them."""
    code, out, err = lumos("threads", "show", "trip")
    lines = [line.partition("  2")[0] if line[0] != " " else line for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines == [
        "thread trip of ada: 5 messages",
        "Where to",
        "1 system",
        "    Be brief.",
        "2 user",
        "    Weather in Oslo?",
        "    And Rome?",
        "3 assistant",
        "    I look.",
        '    → weather(city="Oslo")',
        "4 weather answers",
        "    cold",
        "5 weather failed",
        "    no such city",
    ]


def test_show_the_last(kept: Path, lumos: Command) -> None:
    """--limit shows the last messages, and says that there are more."""
    keep("short", SAID[:1])
    assert lumos("threads", "show", "short").out.startswith("thread short: 1 message\n")
    outcome = lumos("threads", "show", "trip", "--limit", "1")
    assert outcome.out.splitlines()[2][0] == "5"
    assert outcome.err == "there are older messages; --limit shows more, export all of them\n"
    shown = json.loads(lumos("threads", "show", "trip", "--limit", "1", "--json").out)
    assert (shown["thread"]["id"], [one["seq"] for one in shown["messages"]]) == ("trip", [5])


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 7])
def test_export(kept: Path, lumos: Command, count: int) -> None:
    """An export has the thread and each message, as lines of JSON, on stdout or in a file."""
    keep("long", [UserMessage(f"number {number}") for number in range(1, count + 1)])
    code, out, err = lumos("threads", "export", "long")
    thread, *messages = map(json.loads, out.splitlines())
    assert (code, err, thread["id"], thread["last_seq"]) == (0, "", "long", count)
    assert [(one["seq"], one["message"]["text"]) for one in messages] == [
        (number, f"number {number}") for number in range(1, count + 1)
    ]
    said = "1 message" if count == 1 else f"{count} messages"
    told = Outcome(0, "", f"wrote {said} to long.jsonl\n")
    assert lumos("threads", "export", "long", "--output", "long.jsonl") == told
    assert Path("long.jsonl").read_text(encoding="utf-8") == out


def test_export_of_what_goes_on(kept: Path, lumos: Command) -> None:
    """All that is stored is exported: metadata, and content that is no UTF-8."""
    keep("odd", [UserMessage(EVIL)], metadata={"n": 1})
    thread, message = map(json.loads, lumos("threads", "export", "odd").out.splitlines())
    assert (thread["metadata"], message["message"]["text"]) == ({"n": 1}, EVIL)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("threads.db", "'threads.db' is where the threads are; write to another file"),
        ("nosuch/file", "cannot write to 'nosuch/file': No such file or directory"),
        (".", "cannot write to '.': Is a directory"),
    ],
)
def test_export_to_nowhere(kept: Path, lumos: Command, output: str, message: str) -> None:
    """The database is not overwritten by what is in it, and a file that cannot be is told."""
    expected = f"lumos: {message} (see lumos threads export --help)\n"
    assert lumos("threads", "export", "trip", "--output", output) == Outcome(2, "", expected)
    assert len(roles(lumos, "trip")) == 5


def test_export_of_nothing(kept: Path, lumos: Command) -> None:
    """A thread that is not there leaves no file."""
    outcome = lumos("threads", "export", "x", "--output", "x.jsonl")
    assert (outcome, Path("x.jsonl").exists()) == (Outcome(2, "", "lumos: no thread 'x'\n"), False)


@pytest.mark.parametrize(
    ("answer", "deleted"), [("y\n", True), ("Yes\n", True), ("\n", False), ("", False)]
)
def test_delete(
    kept: Path, lumos: Command, monkeypatch: pytest.MonkeyPatch, answer: str, deleted: bool
) -> None:
    """It asks before it deletes, and takes nothing but yes for yes."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    what = "thread trip with its 5 messages"
    end = f"deleted {what}\n" if deleted else "lumos: nothing is deleted\n"
    expected = Outcome(0 if deleted else 1, "", f"delete {what}? [y/N] {end}")
    assert lumos("threads", "delete", "trip") == expected
    assert lumos("threads", "show", "trip").code == (2 if deleted else 0)


def test_delete_without_terminal(
    kept: Path, lumos: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can be asked nothing is deleted, unless --yes says so."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    message = "lumos: nobody can be asked without a terminal; say --yes (see lumos threads delete --help)\n"
    assert lumos("threads", "delete", "trip") == Outcome(2, "", message)
    told = "deleted thread trip with its 5 messages\n"
    assert lumos("threads", "delete", "trip", "--yes") == Outcome(0, "", told)
    assert lumos("threads", "list") == Outcome(0, "", "no threads\n")


def test_search(kept: Path, lumos: Command) -> None:
    """The messages with all words are found, in one thread or all, of one's own or all."""
    keep("home", [UserMessage("The weather at home"), ToolResult("9", "look", "no weather")])
    code, out, err = lumos("threads", "search", "WEATHER")
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["thread", "message", "who", "text"],
        ["home", "2", "look", "answers", "no", "weather"],
        ["home", "1", "user", "The", "weather", "at", "home"],
        ["trip", "2", "user", "Weather", "in", "Oslo?", "And", "Rome?"],
    ]

    def found(*arguments: str) -> list[tuple[str, int]]:
        rows = json.loads(lumos("threads", "search", "weather", "--json", *arguments).out)
        return [(row["thread"], row["stored"]["seq"]) for row in rows]

    assert found("oslo") == found("--thread", "trip") == found("--resource", "ada") == [("trip", 2)]
    assert found("--limit", "1") == [("home", 2)]
    assert lumos("threads", "search", "snow") == Outcome(0, "", "nothing found\n")
    message = "lumos: a search is for words, and '?' has none; name one\n"
    assert lumos("threads", "search", "?") == Outcome(1, "", message)


# What goes wrong, and what wants to


@pytest.mark.parametrize(
    "command",
    [["show", "t"], ["export", "t"], ["delete", "t", "--yes"], ["search", "a", "--thread", "t"]],
)
def test_unknown_thread(kept: Path, lumos: Command, command: list[str]) -> None:
    """A thread that is not there is told, and so is another's."""
    assert lumos("threads", *command) == Outcome(2, "", "lumos: no thread 't'\n")
    command[command.index("t")] = "trip"
    message = "lumos: no thread 'trip' of 'bob'\n"
    assert lumos("threads", *command, "--resource", "bob") == Outcome(2, "", message)


@pytest.mark.parametrize(
    "command", [["list"], ["show", "t"], ["export", "t"], ["delete", "t", "--yes"], ["search", "a"]]
)
def test_no_file(folder: Path, lumos: Command, command: list[str]) -> None:
    """Who only looks makes no file."""
    message = (
        f"lumos: there is no file '{folder}/no.db', so no threads; a run with --thread makes it\n"
    )
    assert lumos("threads", *command, "--memory", "no.db") == Outcome(2, "", message)
    assert not Path("no.db").exists()


def test_no_database(lumos: Command) -> None:
    """A file that is none of ours is told by the store."""
    code, out, err = lumos("threads", "list", "--memory", "weather.py")
    assert (code, out) == (1, "")
    assert "weather.py' is no SQLite database; choose another path" in err


def test_config(kept: Path, lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config is the file that says where threads are, as seen from its folder."""
    monkeypatch.delenv("LUMOS_MEMORY")
    (kept / "lumos.toml").write_text('memory = "threads.db"\n')
    (kept / "elsewhere").mkdir()
    monkeypatch.chdir(kept / "elsewhere")
    assert lumos("threads", "list") == Outcome(2, "", NO_MEMORY)
    assert "trip" in lumos("threads", "list", "--config", "../lumos.toml").out


@pytest.mark.parametrize(
    "command",
    [["list"], ["show", "bad\x1b[2Jid"], ["search", "evil"]],
)
def test_hostile_text(kept: Path, lumos: Command, command: list[str]) -> None:
    """Nothing that was said, called or named steers the terminal, as JSON neither."""
    plain = EVIL.replace("\ud800", "")
    calls = (ToolCall("1", EVIL, {EVIL: EVIL}), ToolCall("2", "x", EVIL))
    messages = [UserMessage(EVIL), AssistantMessage(EVIL, calls), ToolResult("1", EVIL, EVIL)]
    keep("bad\x1b[2Jid", messages, resource=plain, title=plain, metadata={plain: plain})
    for json_too in ([], ["--json"]):
        code, out, err = lumos("threads", *command, *json_too)
        assert (code, [trick for trick in TRICKS if trick in out + err]) == (0, [])
        assert "evil" in out
    assert "'bad\\x1b[2Jid'" in lumos("threads", *command).out


@pytest.mark.parametrize("command", [["export"], ["delete", "--yes"]])
def test_hostile_id(kept: Path, lumos: Command, command: list[str]) -> None:
    """An id that could play tricks is escaped."""
    id = "bad\x1b[2Jid\x9b"
    keep(id)
    code, out, err = lumos("threads", *command, id)
    assert (code, [trick for trick in TRICKS if trick in out + err]) == (0, [])
    missing = lumos("threads", *command, "\udcff\x1b[2J")
    assert missing == Outcome(2, "", "lumos: no thread '\\udcff\\x1b[2J'\n")
