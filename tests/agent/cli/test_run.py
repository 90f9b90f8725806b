"""`lumos run` answers one prompt, or says why not."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.agent.cli.conftest import Command, Outcome

NOTE = (
    "note: the offline stand-in answers, not a model; "
    "set one with --model, LUMOS_MODEL or lumos.toml"
)
WEATHER = ("--tools", "weather.py")
EMPTY = "lumos: the prompt is empty, say what the agent should do (see lumos run --help)\n"


def say(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Put *data* on the standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_offline(lumos: Command) -> None:
    """Without a model the stand-in answers, and a note says so; just the answer is on stdout."""
    code, out, err = lumos("run", "What is the weather in Oslo?", *WEATHER)
    note, call, result, usage = err.splitlines()
    assert (code, out) == (0, "12 °c in Oslo\n(offline stand-in, from get_weather)\n")
    assert (note, call) == (NOTE, '→ get_weather(city="Oslo")')
    assert result.startswith("✓ get_weather: 12 °c in Oslo (")
    assert usage.startswith("lumos/offline · 2 steps · ")


def test_default_tools(lumos: Command) -> None:
    """Without --tools there are the built-in ones."""
    assert lumos("run", "What is 17 * 23?").out.startswith("391\n")


def test_json(lumos: Command) -> None:
    """--json prints the events, whatever the tools print."""
    text = Path("weather.py").read_text(encoding="utf-8")
    loud = text.replace("    return", "    print('hello')\n    return")
    Path("loud.py").write_text(loud, encoding="utf-8")
    code, out, err = lumos("run", "weather in Oslo", "--json", "--tools", "loud.py")
    types = [json.loads(line)["type"] for line in out.splitlines()]
    assert (code, types[0], types[-1]) == (0, "run_start", "generation_complete")
    assert err == f"{NOTE}\nhello\n"


def test_stdin(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """- reads the prompt from the standard input, be it UTF-8 or not."""
    say(monkeypatch, "weather in Tromsø \xff".encode() + b"\xff")
    assert lumos("run", "-", *WEATHER).out.startswith("12 °c in Tromsø")


def test_prompt_that_is_no_text(lumos: Command) -> None:
    """A prompt whose bytes are no UTF-8 does not stop the run."""
    assert lumos("run", "weather in Oslo \udcff", *WEATHER).code == 0


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_empty_prompt(lumos: Command, monkeypatch: pytest.MonkeyPatch, prompt: str) -> None:
    """An empty prompt is wrong usage, before anything is loaded."""
    say(monkeypatch, prompt.encode())
    assert lumos("run", prompt, "--tools", "nosuch.py") == Outcome(2, "", EMPTY)
    assert lumos("run", "-", "--tools", "nosuch.py") == Outcome(2, "", EMPTY)


def test_failing_tool(lumos: Command) -> None:
    """A tool that fails is marked, without a traceback, and the model goes on."""
    Path("bad.py").write_text(
        "from lumos_tools import function_tool\n@function_tool\ndef explode() -> None:\n    1/0\n"
    )
    code, _, err = lumos("run", "explode", "--tools", "bad.py")
    assert code == 0
    assert "✗ explode failed: ZeroDivisionError: division by zero (" in err
    assert "Traceback" not in err


def test_step_limit(lumos: Command) -> None:
    """A run that needs more steps than it may have has failed, and says how many it had."""
    code, out, err = lumos("run", "weather in Oslo", *WEATHER, "--max-steps", "1")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("lumos: still calling tools after 1 step; ")


def test_model_without_provider(lumos: Command) -> None:
    """A model that no provider has is named."""
    code, _, err = lumos("run", "hi", *WEATHER, "--model", "zzzzzz/bar")
    assert (code, err[:68]) == (
        2,
        "lumos: no provider 'zzzzzz', and LiteLLM knows none either; see docs",
    )
    code, _, err = lumos("run", "hi", *WEATHER, "--model", "bar")
    assert (code, err[:41]) == (2, "lumos: no provider for the model 'bar'; u")


def test_no_key(lumos: Command) -> None:
    """A missing key is told with the variable that wants it."""
    code, _, err = lumos("run", "hi", *WEATHER, "--model", "openai/x")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("lumos: openai/x: no API key; set OPENAI_API_KEY")


def test_wrong_configuration(lumos: Command) -> None:
    """A key that lumos.toml does not have is told with its line and the nearest."""
    Path("lumos.toml").write_text('modle = "openai/x"\n')
    message = "lumos: lumos.toml:1: unknown key 'modle'; did you mean 'model'?\n"
    assert lumos("run", "hi", *WEATHER) == Outcome(2, "", message)


def test_dead_server(lumos: Command) -> None:
    """A server that is not there may be there later."""
    address = '[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\n'
    once = "[options]\nretries = 0\n"
    Path("lumos.toml").write_text('model = "openai/x"\n' + address + once)
    code, out, err = lumos("run", "hi", *WEATHER)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith("lumos: openai/x: nothing answers at http://127.0.0.1:9/v1/")
