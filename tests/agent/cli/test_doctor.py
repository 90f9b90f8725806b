"""`lumos doctor`: what is wrong, and the line that mends it."""

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.conftest import Command
from tests.agent.providers.test_providers import FACTORY
from tests.agent.providers.test_sdk import AzureServer
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

Script = Callable[[dict[str, Any]], Answer]
Doctor = Callable[..., tuple[int, list[str]]]
SECRETS = ("test-key", "wrong-key", "a-password")
"""What no output may say."""
ADD = Call("add", '{"a": 2, "b": 3}')
WIRES = pytest.mark.parametrize(
    ("name", "kind"), [("openai", ChatServer), ("anthropic", MessagesServer)]
)


@pytest.fixture
def doctor(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """The exit code and the lines of `lumos doctor`. Whatever it finds, it tells no secret, and below
    each fault there is a line that mends it.
    """
    for name in [one for one in os.environ if one.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    def examined(*arguments: str) -> tuple[int, list[str]]:
        code, out, err = lumos("doctor", *arguments)
        lines = out.splitlines()
        assert ("", []) == (err, [one for one in SECRETS if one in out])
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            assert line.startswith(("✓ ", "· ", "✗ ", "    ")), out
            assert not line.startswith("✗") or re.match(r"    \S", below), out
        assert code == 0 or any(line.startswith("✗") for line in lines)
        return code, lines

    return examined


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's own servers are known to take these keys."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "test-key")


@contextmanager
def served(script: Script, kind: type[ChatServer] = ChatServer) -> Iterator[ChatServer]:
    """A server in a thread of its own, for commands have an event loop of their own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    server, over = kind(script), asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield server
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
    if resulted(body):
        return says("It is 5.")
    if body.get("tool_choice") or "Call add with" in spoken(body):
        return wants(ADD)
    return wants(ADD, ADD) if "two times" in spoken(body) else says("hello")


def resulted(body: dict[str, Any]) -> bool:
    """Whether the last message is a tool's result."""
    last = body["messages"][-1]
    return last["role"] == "tool" or "tool_result" in str(last["content"])


def configure(text: str, name: str = "lumos.toml") -> None:
    Path(name).write_text(text)


def address(url: str, name: str = "openai", model: str = "test-model") -> str:
    return f'model = "{name}/{model}"\n[providers.{name}]\nbase_url = "{url}"\n'


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = FACTORY) -> None:
    """A package that brings the provider `acme`, by *text*."""
    monkeypatch.delitem(sys.modules, "acme_lumos", raising=False)
    (folder / "acme_lumos.py").write_text(text)
    about = folder / "acme_lumos-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-lumos\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[lumos_agent.providers]\nacme = acme_lumos:provider\n")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_nothing_configured(doctor: Doctor, live: tuple[str, ...]) -> None:
    """Without anything the stand-in answers, and how to set a model is told; it is not probed."""
    code, lines = doctor(*live)

    assert 0 == code
    assert [
        "· no lumos.toml here; lumos init writes one",
        "· offline (nobody names a model): the stand-in answers, which is no model",
        '    set LUMOS_MODEL, or model = "openai/gpt-5" in lumos.toml',
    ] == lines[-3:]


def test_fallbacks(doctor: Doctor) -> None:
    """Who is asked next is named, and looked at like all others; its faults are no reason to fail."""
    configure('model = "main"\n[models.main]\nuse = "offline"\nfallback = ["mistral/x"]\n')
    code, lines = doctor()

    assert 0 == code
    assert (
        "· main = offline, then mistral/x (of lumos.toml): the stand-in answers, which is no model"
        in lines
    )
    assert lines[-2].startswith("✗ mistral/x: no API key")


def test_versions(doctor: Doctor) -> None:
    """It begins with what a report of a fault needs: the versions."""
    _, lines = doctor()

    assert lines[0].startswith(f"· Python {sys.version.split()[0]}, lumos-agent 0.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lumos.toml", 'model = "offline"\n[models.main]\nuse = "offline"\n'),
        ("pyproject.toml", '[tool.lumos]\nmodel = "offline"\n[tool.lumos.models.main]\nuse = "offline"\n'),
    ],
)  # fmt: skip
def test_right_file(doctor: Doctor, name: str, text: str) -> None:
    """A file that is right is named with its models, pyproject.toml as well."""
    configure(text, name)
    code, lines = doctor()

    assert (0, f"✓ {name} is right; its models: main") == (code, lines[1])
    assert f"· offline (of {name}): the stand-in answers, which is no model" == lines[2]


def test_empty_file(doctor: Doctor) -> None:
    """A file that says nothing is there, and right."""
    configure("")

    assert "✓ lumos.toml is right; its models: none" == doctor()[1][1]


@pytest.mark.parametrize(
    ("text", "fault", "mend"),
    [
        ('\nmodle = "openai/x"', "lumos.toml:2: unknown key 'modle'", "did you mean 'model'?"),
        ("[models.main]", "lumos.toml:1: models.main needs use = ...", "correct it there; docs/"),
        (
            "model = ",
            "lumos.toml: cannot be read as TOML: Invalid value (at",
            "correct it there; d",
        ),
        ('api_key = "test-key"', "lumos.toml:1: a key does not belong in a file", "name its varia"),
    ],
)
def test_wrong_file(doctor: Doctor, text: str, fault: str, mend: str) -> None:
    """What is wrong with the file is told with its line, and what would be right."""
    configure(text)
    code, lines = doctor()

    assert 1 == code
    assert (True, True) == (
        lines[-2].startswith(f"✗ {fault}"),
        lines[-1].startswith(f"    {mend}"),
    )


def test_misspelt_key_of_a_project(doctor: Doctor) -> None:
    """The line is that of pyproject.toml, if that has the configuration."""
    configure('[project]\nname = "x"\n[tool.lumos]\nmodle = "openai/x"\n', "pyproject.toml")

    code, lines = doctor()
    assert 1 == code
    assert ["✗ pyproject.toml:4: unknown key 'modle'", "    did you mean 'model'?"] == lines[-2:]


@pytest.mark.parametrize(
    ("whence", "told"),
    [("argument", "✗ no pro"), ("LUMOS_MODEL", "✗ LUMOS_MODEL: no pro"), ("file", "✗ lumos.toml:1: no pro")],
)  # fmt: skip
def test_unknown_alias(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, whence: str, told: str
) -> None:
    """A name that the file does not have is told with the nearest, and with who says it."""
    named = 'model = "mian"\n' if whence == "file" else ""
    configure(f'{named}[models.main]\nuse = "openai/x"\n')
    if whence == "LUMOS_MODEL":
        monkeypatch.setenv("LUMOS_MODEL", "mian")
    code, lines = doctor(*(["mian"] if whence == "argument" else []))

    assert (1, f"{told}vider for the model 'mian'") == (code, lines[-2])
    assert lines[-1].startswith("    did you mean 'main'?")


@pytest.mark.usefixtures("keys")
def test_who_names_the_model(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument goes before the environment, and that before the file; it is told who it was."""
    configure('model = "main"\n[models.main]\nuse = "openai/file"\n')
    assert doctor()[1][2].startswith("✓ main = openai/file (of lumos.toml): https://api.openai.com")
    monkeypatch.setenv("LUMOS_MODEL", "openai/environment")
    assert doctor()[1][2].startswith("✓ openai/environment (of LUMOS_MODEL): https://")
    assert doctor()[1][4].startswith("✓ main = openai/file: https://")
    _, lines = doctor("openai/argument")
    assert lines[2].startswith("✓ openai/argument: https://")
    assert 4 == len(lines)


@pytest.mark.usefixtures("keys")
@WIRES
def test_what_is_sent(doctor: Doctor, name: str, kind: type[ChatServer]) -> None:
    """The address, the length of the key and the names of the headers are told, of either wire."""
    _, lines = doctor(f"{name}/x")

    assert "/v1/" in lines[-2]
    assert lines[-2].endswith(", a key of 8 characters, tools auto")
    header = {"openai": "Authorization", "anthropic": "x-api-key"}[name]
    assert header in lines[-1].removeprefix("·     sends ").split(", ")


def test_no_key_needed(doctor: Doctor) -> None:
    """A server of one's own needs none."""
    code, lines = doctor("ollama/x")

    assert (0, "·     sends Content-Type, User-Agent") == (code, lines[-1])
    assert lines[-2].endswith("http://localhost:11434/v1/chat/completions, no key, tools auto")


@pytest.mark.parametrize(("default", "expected"), [("openai/x", 1), ("offline", 0)])
def test_missing_key(doctor: Doctor, default: str, expected: int) -> None:
    """A missing key is a fault; of a model that is not the default, it is only told."""
    configure(f'model = "{default}"\n[models.other]\nuse = "groq/y"\n')
    code, lines = doctor()

    assert expected == code
    assert [
        "✗ other = groq/y: no API key",
        "    set GROQ_API_KEY, pass api_key=, or set api_key_env in lumos.toml",
    ] == lines[-2:]
    assert bool(expected) == ("✗ openai/x (of lumos.toml): no API key" in lines)


def test_missing_key_of_the_model_that_is_asked(doctor: Doctor) -> None:
    """The model that is named counts, whatever the default; and it is not asked."""
    configure('model = "offline"\n[models.other]\nuse = "groq/y"\n')
    code, lines = doctor("other", "--live")

    assert (1, "✗ other = groq/y: no API key") == (code, lines[-2])


@pytest.mark.parametrize("name", ["mine", "cohere", "acme"])
def test_variable_that_is_not_set(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The variable that the file names is told where it is not set, whoever speaks with the model."""
    install(tmp_path, monkeypatch)
    base = 'base_url = "http://h"\n' if name == "mine" else ""
    configure(f'model = "{name}/x"\n[providers.{name}]\n{base}api_key_env = "MY_KEY"\n')
    code, lines = doctor()

    assert (1, "    export MY_KEY=...") == (code, lines[-1])
    assert lines[-2].endswith("lumos.toml names MY_KEY for its key, and that is not set")


@pytest.mark.parametrize("key", ["test\rkey", "test key", "test-k…y"])
def test_impossible_key(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A key that was copied with more, or less, than it has is told before anything is sent."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    code, lines = doctor("openai/x", "--live")

    assert (1, "✗ openai/x: its key has spaces or signs that no key has") == (code, lines[-2])
    assert "    export OPENAI_API_KEY=... anew" == lines[-1]


def test_no_address(doctor: Doctor) -> None:
    """A provider of one's own needs an address."""
    configure('model = "mine/x"\n[providers.mine]\nwire = "openai"\n')
    code, lines = doctor("--live")

    assert (1, "✗ mine/x (of lumos.toml): no address for the provider 'mine'") == (code, lines[-2])


def test_litellm(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LiteLLM speaks with is looked at, too: its keys, and whether it knows the provider."""
    code, lines = doctor("cohere/command-r", "--live")
    assert (1, "✗ cohere/command-r: LiteLLM finds no COHERE_API_KEY") == (code, lines[-2])
    assert "    export COHERE_API_KEY=..." == lines[-1]

    monkeypatch.setenv("COHERE_API_KEY", "test-key")
    code, lines = doctor("cohere/command-r")
    assert (0, "✓ cohere/command-r: through LiteLLM, tools auto") == (code, lines[-1])

    code, lines = doctor("gorq/x")
    assert (1, "    did you mean 'groq'?") == (code, lines[-1])
    assert "✗ gorq/x: no provider 'gorq', and LiteLLM knows none either" == lines[-2]


def test_litellm_with_a_key_of_the_file(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the file names is one for LiteLLM, too."""
    monkeypatch.setenv("MY_KEY", "test-key")
    configure('[providers.cohere]\napi_key_env = "MY_KEY"\n')

    assert 0 == doctor("cohere/command-r")[0]


def test_installed_package(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that a package brings is told as such."""
    install(tmp_path, monkeypatch)

    code, lines = doctor("acme/fast")
    assert (0, "✓ acme/fast: a provider of an installed package") == (code, lines[-1])


def test_broken_package(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a package raises is told in a line."""
    install(tmp_path, monkeypatch, "import nosuch")

    code, lines = doctor("acme/fast")
    told = "✗ acme/fast: the provider 'acme' of an installed package fails: acme_lumos:provider: "
    assert (1, f"{told}ModuleNotFoundError: No module named 'nosuch'") == (code, lines[-2])
    assert "    mend or remove that package" == lines[-1]


def test_azure(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's key goes in a header of its own, and is told all the same."""
    code, lines = doctor("azure/x", "--live")
    assert (1, 1) == (code, sum("Azure needs an address" in line for line in lines))

    with served(able, AzureServer) as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.base_url.partition("/openai")[0])
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "test-key")
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
        code, lines = doctor("azure/test-model", "--live")
    assert (0, "✓ calls two tools at once") == (code, lines[-1].rpartition(" (")[0])
    assert lines[2].endswith(", a key of 8 characters, tools auto")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://me:a-password@proxy:3128", "http://proxy:3128"),
        ("http://me:a-password/@a-password@proxy:3128", "http://proxy:3128"),
        ("me:a-password@proxy:3128", "proxy:3128"),
        ("http://proxy:3128", "http://proxy:3128"),
    ],
)
def test_proxies(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, url: str, told: str) -> None:
    """Proxies are told, without the user and the password of them, however they are written."""
    monkeypatch.setenv("https_proxy", url)

    assert f"· proxies: https {told}" == doctor()[1][1]


def test_password_in_an_address(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of the environment may have a password, which is not told."""
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://me:a-password@127.0.0.1:9/v1")
    _, lines = doctor("ollama/x", "--live")

    assert "✓ ollama/x: http://127.0.0.1:9/v1/chat/completions, no key, tools auto" == lines[2]
    assert lines[-2].startswith("✗ ollama/x: nothing answers at http://127.0.0.1:9/v1/chat/")
