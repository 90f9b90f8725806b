"""`lumos doctor`: what is wrong, and the line that mends it."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.conftest import Command, Outcome
from tests.agent.providers.test_providers import FACTORY
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

pytestmark = pytest.mark.usefixtures("folder")
Script = Callable[[dict[str, Any]], Answer]


@contextmanager
def served(script: Script, kind: type[ChatServer] = ChatServer) -> Iterator[str]:
    """A server in a thread of its own, for commands have an event loop of their own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    server = kind(script)
    over = asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(5)
    try:
        yield server.base_url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def spoken(body: dict[str, Any]) -> str:
    """What the user said last, whatever the wire."""
    said = [one["content"] for one in body["messages"] if one["role"] == "user"][-1]
    return said if isinstance(said, str) else str(said[-1].get("text", ""))


def able(body: dict[str, Any]) -> Answer:
    """A model that can do all that it is asked."""
    last = body["messages"][-1]
    if last["role"] == "tool" or "tool_result" in str(last["content"]):
        return says("It is 5.")
    add = Call("add", '{"a": 2, "b": 3}')
    if body.get("tool_choice") or "Call add with" in spoken(body):
        return wants(add)
    return wants(add, add) if "two times" in spoken(body) else says("hello")


def configure(text: str) -> None:
    Path("lumos.toml").write_text(text)


def address(name: str, url: str) -> str:
    return f'model = "{name}/test-model"\n[providers.{name}]\nbase_url = "{url}"\n'


def examined(outcome: Outcome) -> tuple[int, list[str]]:
    """The exit code and the lines; each fault is followed by what mends it, and no key is told."""
    lines = outcome.out.splitlines()
    for fault, mend in zip(lines, [*lines[1:], ""], strict=True):
        assert not fault.startswith("✗") or mend.startswith("    "), outcome.out
    assert "test-key" not in outcome.out + outcome.err
    assert "" == outcome.err
    return outcome.code, lines


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "test-key")


def test_nothing_configured(lumos: Command) -> None:
    """Without anything the stand-in answers, and how to set a model is told."""
    code, lines = examined(lumos("doctor"))

    assert 0 == code
    assert "· no lumos.toml here; lumos init writes one" in lines
    assert lines[-2:] == [
        "· offline (nobody names a model): the stand-in answers, which is no model",
        '    set LUMOS_MODEL, or model = "openai/gpt-5" in lumos.toml',
    ]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("name", "kind"), [("openai", ChatServer), ("anthropic", MessagesServer)])
def test_all_well(lumos: Command, name: str, kind: type[ChatServer]) -> None:
    """A model that can do all is asked five things, and does them."""
    with served(able, kind) as url:
        configure(address(name, url))
        code, lines = examined(lumos("doctor", "--live"))

    assert 0 == code
    assert [
        "✓ answers: 'hello'",
        "✓ streams, in 2 pieces",
        "✓ calls a tool, and takes its result: 'It is 5.'",
        "✓ calls the tool that it must",
        "✓ calls two tools at once",
    ] == [line.rpartition(" (")[0] for line in lines[-5:]]


def test_wrong_key(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is refused is told with where the right one goes."""
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-key")
    with served(able) as url:
        configure(address("openai", url))
        outcome = lumos("doctor", "--live")
    code, lines = examined(outcome)

    assert 1 == code
    assert "✗ openai/test-model: HTTP 401: Incorrect API key provided." in lines[-2]
    assert lines[-1] == (
        "    export the right key, or name its variable: [providers.openai] api_key_env = ..."
    )
    assert "wrong-key" not in outcome.out


@pytest.mark.usefixtures("keys")
def test_dead_endpoint(lumos: Command) -> None:
    """An address where nothing answers is named, with what to do."""
    configure(address("openai", "http://127.0.0.1:9/v1"))
    code, lines = examined(lumos("doctor", "--live"))

    assert 1 == code
    assert "✗ openai/test-model: nothing answers at http://127.0.0.1:9/v1/" in lines[-2]
    assert (
        "    start the server, or say where it is: [providers.openai] base_url = ..." == lines[-1]
    )


@pytest.mark.usefixtures("keys")
def test_unknown_model(lumos: Command) -> None:
    """A model that the server does not have is told with where its name goes."""
    with served(able) as url:
        configure(address("openai", url).replace("test-model", "nobody"))
        code, lines = examined(lumos("doctor", "--live"))

    assert 1 == code
    assert "The model `nobody` does not exist" in lines[-2]
    assert '    name a model that it has: [models.NAME] use = "openai/..."' == lines[-1]


def test_misspelt_key(lumos: Command) -> None:
    """A key of the file that is misspelt is told with its line and the right spelling."""
    configure('\nmodle = "openai/x"')
    code, lines = examined(lumos("doctor"))

    assert 1 == code
    assert ["✗ lumos.toml:2: unknown key 'modle'", "    did you mean 'model'?"] == lines[-2:]


@pytest.mark.parametrize("whence", ["argument", "environment", "file"])
def test_unknown_alias(lumos: Command, monkeypatch: pytest.MonkeyPatch, whence: str) -> None:
    """A name that the file does not have is told with the nearest, whoever says it."""
    named = 'model = "mian"\n' if whence == "file" else ""
    configure(f'{named}[models.main]\nuse = "openai/x"\n')
    if whence == "environment":
        monkeypatch.setenv("LUMOS_MODEL", "mian")
    code, lines = examined(lumos("doctor", *(["mian"] if whence == "argument" else [])))

    assert 1 == code
    assert "no provider for the model 'mian'" in lines[-2]
    assert "did you mean 'main'?" in lines[-1]


def test_missing_key(lumos: Command) -> None:
    """A missing key is a fault of the model; of one that is not the default, it is only told."""
    configure('model = "openai/x"\n[models.other]\nuse = "groq/y"\n')
    code, lines = examined(lumos("doctor"))
    assert 1 == code
    assert "✗ openai/x (of lumos.toml): no API key" in lines
    assert "✗ other = groq/y: no API key" in lines
    assert "    set GROQ_API_KEY, pass api_key=, or set api_key_env in lumos.toml" in lines

    configure('model = "offline"\n[models.other]\nuse = "groq/y"\n')
    assert 0 == examined(lumos("doctor"))[0]


def test_variable_that_is_not_set(lumos: Command) -> None:
    """The variable that the file names is told where it is not set."""
    configure('model = "mine/x"\n[providers.mine]\nbase_url = "http://h"\napi_key_env = "MY_KEY"\n')
    code, lines = examined(lumos("doctor"))

    assert 1 == code
    assert "    set MY_KEY, pass api_key=, or set api_key_env in lumos.toml" == lines[-1]


def test_litellm(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LiteLLM speaks with is looked at, too: its keys, and whether it knows the provider."""
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    code, lines = examined(lumos("doctor", "cohere/command-r"))
    assert (1, "    export COHERE_API_KEY=...") == (code, lines[-1])

    monkeypatch.setenv("COHERE_API_KEY", "test-key")
    code, lines = examined(lumos("doctor", "cohere/command-r"))
    assert (0, "✓ cohere/command-r: through LiteLLM, tools auto") == (code, lines[-1])

    code, lines = examined(lumos("doctor", "gorq/x"))
    assert (1, "    did you mean 'groq'?") == (code, lines[-1])


def test_litellm_with_a_key_of_the_file(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the file names is one for LiteLLM, too."""
    monkeypatch.setenv("MY_KEY", "test-key")
    configure('[providers.cohere]\napi_key_env = "MY_KEY"\n')

    assert 0 == examined(lumos("doctor", "cohere/command-r"))[0]


def test_installed_package(lumos: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that a package brings is told as such."""
    (tmp_path / "acme_lumos.py").write_text(FACTORY)
    folder = tmp_path / "acme_lumos-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-lumos\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[lumos_agent.providers]\nacme = acme_lumos:provider\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    code, lines = examined(lumos("doctor", "acme/fast"))

    assert (0, "✓ acme/fast: a provider of an installed package") == (code, lines[-1])


def test_proxies(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies are told, without what is secret of them."""
    monkeypatch.setenv("https_proxy", "http://me:test-key@proxy:3128")
    _, lines = examined(lumos("doctor"))

    assert "· proxies: https http://proxy:3128" in lines


def test_project_file(lumos: Command) -> None:
    """pyproject.toml may hold it all."""
    Path("pyproject.toml").write_text('[tool.lumos]\nmodel = "offline"\n')
    code, lines = examined(lumos("doctor"))

    assert 0 == code
    assert "✓ pyproject.toml is right; its models: none" in lines


@pytest.mark.usefixtures("keys")
def test_settings_that_fail_when_opened(lumos: Command) -> None:
    """What is wrong with the default is told once, with --live as without."""
    configure('model = "azure/x"')
    code, lines = examined(lumos("doctor", "--live"))

    assert 1 == code
    assert 1 == sum("Azure needs an address" in line for line in lines)


LIMITED: list[tuple[str, Callable[[dict[str, Any]], Answer], str, int]] = [
    (
        "no tools",
        lambda body: (
            Answer(status=400, error={"message": "m does not support tools"})
            if body.get("tools")
            else able(body)
        ),
        "use a model that takes tools, or [features] function_calling = false",
        1,
    ),
    (
        "words instead of a call",
        lambda body: says("hello"),
        "use a model that takes tools, or [features] function_calling = false",
        1,
    ),
    (
        "no stream",
        lambda body: (
            Answer(status=400, error={"message": "no stream"}) if body.get("stream") else able(body)
        ),
        "[models.NAME] quirks = { stream = false }, or { stream_usage = false }",
        1,
    ),
    ("says nothing", lambda body: says(""), "ask again, or use another model", 1),
    (
        "no usage in a stream",
        lambda body: replace(able(body), usage=(0, 0, 0, 0)),
        "streams, and does not say its usage",
        0,
    ),
    (
        "never forced",
        lambda body: says("hello") if body.get("tool_choice") else able(body),
        "does not call the tool that it must",
        0,
    ),
    (
        "one call at a time",
        lambda body: (
            wants(Call("add", '{"a": 2, "b": 3}')) if "two times" in spoken(body) else able(body)
        ),
        "calls one tool at a time",
        0,
    ),
]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("script", "told", "code"), [one[1:] for one in LIMITED], ids=[one[0] for one in LIMITED]
)
def test_models_that_cannot_all(lumos: Command, script: Script, told: str, code: int) -> None:
    """What a model cannot do is a fault with what mends it, or worth knowing."""
    with served(script) as url:
        configure(address("openai", url))
        found, lines = examined(lumos("doctor", "--live"))

    assert code == found
    assert any(told in line for line in lines), lines
