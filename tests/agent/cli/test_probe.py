"""`lumos doctor --live`: what a model can do, and the line that mends what it cannot."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli import test_doctor
from tests.agent.cli.test_doctor import (
    ADD,
    WIRES,
    Doctor,
    Script,
    able,
    address,
    configure,
    install,
    resulted,
    served,
    spoken,
)
from tests.servers.chat import Answer, Call, ChatServer, says, wants

doctor, keys = test_doctor.doctor, test_doctor.keys
pytestmark = pytest.mark.usefixtures("keys")
ALL = [
    "✓ answers: 'hello'",
    "✓ streams, in 2 pieces",
    "✓ calls a tool, and takes its result: 'It is 5.'",
    "✓ calls the tool that it must",
    "✓ calls two tools at once",
]
NO_TOOLS = (
    'use a model that takes tools, or [models.NAME] tools = "text", and it writes its calls as text'
)
CALL, RESULT, FORCED, BOTH = "call", "result", "forced", "both"


def kind_of(body: dict[str, Any]) -> str:
    """Which of the questions *body* asks."""
    if resulted(body):
        return RESULT
    if body.get("tool_choice"):
        return FORCED
    said = {"hello": "stream" if body.get("stream") else "words", "5": BOTH, "3": CALL}
    return next(kind for word, kind in said.items() if word in spoken(body))


def but(kind: str, answer: Answer) -> Script:
    """A model that can do all, but gives *answer* to one question."""
    return lambda body: answer if kind_of(body) == kind else able(body)


def refuses(message: str, status: int = 400) -> Answer:
    return Answer(status=status, error={"message": message})


def asked(doctor: Doctor, script: Script, more: str = "") -> tuple[int, list[str]]:
    """The exit code, and what was found by asking, without the times."""
    with served(script) as server:
        configure(address(server.base_url) + more)
        code, lines = doctor("--live")
    assert [] == server.refusals
    return code, timeless(lines[4:])


def timeless(lines: list[str]) -> list[str]:
    return [re.sub(r" \(\d+\.\d s\)$", "", line) for line in lines]


@WIRES
def test_all_well(doctor: Doctor, name: str, kind: type[ChatServer]) -> None:
    """A model that can do all is asked five things, and does them, over either wire."""
    with served(able, kind) as server:
        configure(address(server.base_url, name))
        code, lines = doctor("--live")

    assert (0, ALL) == (code, timeless(lines[4:]))
    assert [] == server.refusals


def test_alias_of_a_project(doctor: Doctor) -> None:
    """What mends is said with the tables that the file has: of an alias, and of pyproject.toml."""
    with served(but("stream", refuses("no stream"))) as server:
        configure(
            '[tool.lumos.models."my.model"]\nuse = "openai/test-model"\n'
            f'[tool.lumos.providers.openai]\nbase_url = "{server.base_url}"\n',
            "pyproject.toml",
        )
        code, lines = doctor("my.model", "--live")

    assert 1 == code
    assert '    [tool.lumos.models."my.model"] quirks = { stream = false }' in lines


def test_through_litellm(doctor: Doctor) -> None:
    """What LiteLLM speaks with is asked in the same way."""
    with served(able) as server:
        configure(address(server.base_url) + 'wire = "litellm"\n')
        code, lines = doctor("--live")
        assert (0, "✓ calls two tools at once") == (code, timeless(lines)[-1])

        configure(address(server.base_url) + 'wire = "litellm"\nquirks = { stream = false }\n')
        assert any("is not asked to stream" in line for line in doctor("--live")[1])


PACKAGE = """
from lumos_agent.messages import AssistantMessage
from lumos_agent.providers.base import AlwaysReady, Reply, TextPart


class Acme(AlwaysReady):
    name = "acme"

    def __init__(self, model, **given):
        self.model = model

    async def generate(self, request):
        return Reply(message=AssistantMessage("Hi"))

    async def stream(self, request):
        yield TextPart({"half": "Hi"}[self.model])


provider = Acme
"""


@pytest.mark.parametrize(
    ("model", "told", "mend"),
    [
        ("half", "streams, and says nothing", "tell those who made its package"),
        ("broken", "KeyError: 'broken'", "LUMOS_DEBUG=1 lumos run hello --model acme/broken shows where"),
    ],
)  # fmt: skip
def test_installed_package(
    doctor: Doctor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    told: str,
    mend: str,
) -> None:
    """A package's provider is asked, too; it has no quirks, and what it raises ends nothing."""
    install(tmp_path, monkeypatch, PACKAGE)
    code, lines = doctor(f"acme/{model}", "--live")

    assert (1, f"✓ acme/{model}: a provider of an installed package") == (code, lines[2])
    assert ["✓ answers: 'Hi'", f"✗ {told}", f"    {mend}"] == timeless(lines[3:6])
    assert ["✗ calls no tool: 'Hi'", "    use a model that takes tools"] == timeless(lines[6:])


@pytest.mark.parametrize("named", [True, False])
def test_wrong_key(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    """A key that is refused is told with its variable, and not shown."""
    variable = "MY_KEY" if named else "OPENAI_API_KEY"
    monkeypatch.setenv(variable, "wrong-key")
    more = 'api_key_env = "MY_KEY"\n' if named else ""
    with served(able) as server:
        configure(address(server.base_url) + more)
        code, lines = doctor("--live")

    assert 1 == code
    assert lines[-2].startswith("✗ openai/test-model: HTTP 401: Incorrect API key provided. (")
    told = f"export {variable}=..., or name another variable: [providers.openai] api_key_env = ..."
    assert f"    {told}" == lines[-1]


def test_wrong_key_through_litellm(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which variable LiteLLM took only LiteLLM knows."""
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-key")
    with served(able) as server:
        configure(address(server.base_url) + 'wire = "litellm"\n')
        code, lines = doctor("--live")

    told = "export the right key, or name another variable: [providers.openai] api_key_env = ..."
    assert (1, f"    {told}") == (code, lines[-1])


def test_server_that_repeats_the_key(doctor: Doctor) -> None:
    """Servers repeat keys and break lines; the doctor does neither."""
    code, lines = asked(doctor, lambda body: refuses("no\nsuch key:\r\ntest-key", 401))

    assert (1, "✗ openai/test-model: HTTP 401: no such key: ***") == (code, lines[0])


def test_dead_endpoint(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nothing answers is named, with what to do, be it of the file or not."""
    configure(address("http://127.0.0.1:9/v1"))
    code, lines = doctor("--live")
    start = "    start the server, or say where it is:"

    assert 1 == code
    assert "✗ openai/test-model: nothing answers at http://127.0.0.1:9/v1/" in lines[-2]
    assert f"{start} [providers.openai] base_url = ..." == lines[-1]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v2")
    assert f"{start} OPENAI_BASE_URL = ..." == doctor("--live")[1][-1]


def test_dead_azure(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's variables are Azure's."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    _, lines = doctor("azure/x", "--live")

    assert "    start the server, or say where it is: AZURE_OPENAI_ENDPOINT = ..." == lines[-1]


@pytest.mark.parametrize("alias", [True, False])
def test_unknown_model(doctor: Doctor, alias: bool) -> None:
    """A model that the server does not have is told with where its name goes."""
    with served(able) as server:
        text = address(server.base_url, model="nobody") + '[models.main]\nuse = "openai/nobody"\n'
        configure(text)
        code, lines = doctor(*(["main"] if alias else []), "--live")

    assert 1 == code
    assert "The model `nobody` does not exist" in lines[-2]
    named = '[models.main] use = "openai/..."' if alias else "openai/..."
    assert lines[-1].startswith(
        f"    name a model that it has: {named}, or mend its address: [prov"
    )


WORDS = [
    (says(""), "answers, and says nothing", "ask again, or use another model"),
    (refuses("slow down", 429), "HTTP 429: slow down", "wait and ask again, or see what your "),
    (refuses("oops", 503), "HTTP 503: oops", "ask again; if it stays so, see what the server "),
    (refuses("no; never"), "HTTP 400: no", "correct what it refuses, or name another model: open"),
    (
        refuses("use 'max_completion_tokens' instead"),
        "use 'max_completion_tokens' instead",
        '[providers.openai] quirks = { limit = "max_completion_tokens" }',
    ),
]


@pytest.mark.parametrize(("answer", "told", "mend"), WORDS, ids=[one[1] for one in WORDS])
def test_no_words(doctor: Doctor, answer: Answer, told: str, mend: str) -> None:
    """A model that cannot say hello is asked nothing else."""
    code, lines = asked(doctor, lambda body: answer)

    assert (1, 2) == (code, len(lines))
    assert lines[0].startswith("✗ ")
    assert lines[0].endswith(told)
    assert lines[1].startswith(f"    {mend}")


def test_other_limit(doctor: Doctor) -> None:
    """The name of the limit that is not in use is the one that may help."""
    answer = refuses("unknown field max_completion_tokens")
    _, lines = asked(doctor, lambda _: answer, 'quirks = { limit = "max_completion_tokens" }\n')

    assert '    [providers.openai] quirks = { limit = "max_tokens" }' == lines[1]


STREAMS = [
    (refuses("no stream"), "stream = false"),
    (refuses("unknown field stream_options"), "stream_usage = false"),
    (says("hello", cut_after=1), "stream = false"),
    (says(""), "stream = false"),
]


@pytest.mark.parametrize(
    ("answer", "quirk"), STREAMS, ids=["refused", "stream_options", "broken off", "nothing"]
)
def test_no_stream(doctor: Doctor, answer: Answer, quirk: str) -> None:
    """A model that does not stream can do all else, and the quirk that is told mends it."""
    script = but("stream", answer)
    code, lines = asked(doctor, script)
    assert (1, [ALL[0], *ALL[2:]]) == (code, [lines[0], *lines[3:]])
    assert lines[1].startswith("✗ ")
    assert f"    [providers.openai] quirks = {{ {quirk} }}" == lines[2]

    cured: Script = lambda body: script(body) if body.get("stream_options") else able(body)  # noqa: E731
    code, lines = asked(doctor, cured, f"quirks = {{ {quirk} }}\n")
    assert (0, []) == (code, [line for line in lines if line.startswith("✗")])


def test_one_piece(doctor: Doctor) -> None:
    """One is not a plural."""
    _, lines = asked(doctor, but("stream", says("hello", chunk=9)))

    assert "✓ streams, in 1 piece" == lines[1]


@pytest.mark.parametrize(
    ("script", "more"),
    [
        (able, "quirks = { stream_usage = false }\n"),
        (but("stream", says("hello", usage=(0, 0, 0, 0))), ""),
    ],
)
def test_no_usage(doctor: Doctor, script: Script, more: str) -> None:
    """A stream without its usage is worth knowing, and no fault."""
    code, lines = asked(doctor, script, more)

    assert (0, "· streams, and does not say its usage") == (code, lines[1])


TOOLS = [
    (
        CALL,
        refuses("m does not support tools"),
        "openai/test-model: HTTP 400: m does not support tools",
        NO_TOOLS,
    ),
    (CALL, says("add(2, 3)"), "calls no tool: 'add(2, 3)'", NO_TOOLS),
    (
        CALL,
        wants(Call("sum", "{}")),
        "calls 'sum', which it was not given",
        NO_TOOLS,
    ),
    (
        CALL,
        wants(Call("add", '{"a": "two", "b": 3}')),
        'calls a tool with arguments that do not fit: a: expected an integer, got "two"',
        NO_TOOLS,
    ),
    (
        CALL,
        wants(Call("add", "{broken")),
        "calls a tool with arguments that do not fit: not JSON: Expecting property name enclosed in "
        "double quotes: line 1 column 2 (char 1), in '{broken'",
        NO_TOOLS,
    ),
    (
        RESULT,
        wants(ADD),
        "calls a tool, and says nothing of its result",
        "ask again, or use another model",
    ),
    (
        RESULT,
        refuses("bad tool_call_id"),
        "openai/test-model: HTTP 400: bad tool_call_id",
        "see which quirks [providers.openai] needs: call_ids and echo in "
        "docs/reference/configuration.md",
    ),
]


@pytest.mark.parametrize(
    ("kind", "answer", "told", "mend"), TOOLS, ids=[one[2].rpartition(": ")[2] for one in TOOLS]
)
def test_no_tools(doctor: Doctor, kind: str, answer: Answer, told: str, mend: str) -> None:
    """A model that cannot call a tool is told with why, and is asked no further."""
    code, lines = asked(doctor, but(kind, answer))

    assert (1, [*ALL[:2], f"✗ {told}", f"    {mend}"]) == (code, lines)


def test_tools_switched_off(doctor: Doctor) -> None:
    """What mends a model without tools mends it: it is asked for none, and all is well."""
    script = but(CALL, refuses("m does not support tools"))
    code, lines = asked(doctor, script, "[features]\nfunction_calling = false\n")

    told = "· is not asked to call tools: [features] has function_calling = false"
    assert (0, [*ALL[:2], told]) == (code, lines)


CHOICES = [
    (
        FORCED,
        says("hello"),
        ["· does not call the tool that it must: tool_choice is only a hint to it"],
    ),
    (
        FORCED,
        refuses("this function cannot be asked for"),
        [
            "· refuses tool_choice: openai/test-model: HTTP 400: this function cannot be asked for",
            '    it answers with tool_choice="auto"',
        ],
    ),
    (BOTH, wants(ADD), ["· calls one tool at a time"]),
    (BOTH, says("5 and 9"), ["· asked for two calls, makes none"]),
    (
        BOTH,
        wants(ADD, Call("sum")),
        ["· asked for two calls, it calls 'sum', which it was not given"],
    ),
]


@pytest.mark.parametrize(("kind", "answer", "told"), CHOICES, ids=[one[2][0] for one in CHOICES])
def test_no_choice(doctor: Doctor, kind: str, answer: Answer, told: list[str]) -> None:
    """What an agent can do without is worth knowing, and no fault."""
    expected = [*ALL[:3], *told, ALL[4]] if kind == FORCED else [*ALL[:4], *told]

    assert (0, expected) == asked(doctor, but(kind, answer))


@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        (refuses("oops", 500), "ask again; if it stays so, see what the server logs"),
        (refuses("tool_use_failed"), "ask again, or use another model"),
    ],
)
def test_failing_at_last(doctor: Doctor, answer: Answer, mend: str) -> None:
    """What fails after all else went well is a fault."""
    code, lines = asked(doctor, but(BOTH, answer))

    assert (1, ALL[:4], f"    {mend}") == (code, lines[:4], lines[-1])
