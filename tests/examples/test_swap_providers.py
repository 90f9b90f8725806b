"""Claims about the example that swaps providers in one thread."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from lumos_agent.config import load_config
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "swap_providers.py"
CALL = Call("rainfall", '{"year": 2012, "month": 11}')


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        *arguments,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_offline():
    """Without arguments it needs no key and no network, and answers through tools."""
    code, out, err = await run()

    assert (0, "") == (code, err)
    assert "lumos/offline: 2014-08-11: 17.8 to 35.6 °C" in out
    assert "210.5 mm of rain fell in 2012-11" in out
    assert "One thread: 12 messages, 6 replies, 3 calls." in out


def answer(body: dict[str, object]) -> Answer:
    """A call where the user spoke last, else words."""
    messages = body["messages"]
    assert isinstance(messages, list)
    last = str(messages[-1])
    said = says("It rained.") if "tool_call_id" in last or "tool_result" in last else wants(CALL)
    return Answer(
        text=said.text,
        calls=said.calls,
        reasoning=f"Thought {len(messages)}." if "thinking" in body else "",
    )


async def test_three_providers(tmp_path: Path):
    """Chat Completions, Messages with thinking, and LiteLLM take turns in one thread, over sockets."""
    async with ChatServer(answer) as chat, MessagesServer(answer) as messages:
        path = tmp_path / "lumos.toml"
        path.write_text(
            f"""
            [models]
            gpt = {{ use = "openai/test-model" }}
            foreign = {{ use = "litellm/openai/test-model" }}
            claude = {{ use = "anthropic/test-model", options = {{ max_tokens = 4096, extra = {{ thinking = {{ type = "enabled", budget_tokens = 2048 }} }} }} }}
            [providers]
            openai = {{ base_url = "{chat.base_url}" }}
            anthropic = {{ base_url = "{messages.base_url}" }}
            litellm = {{ base_url = "{chat.base_url}" }}
            """
        )
        keys = {"OPENAI_API_KEY": "test-key", "ANTHROPIC_API_KEY": "test-key"}
        code, out, err = await run("claude", "gpt", "foreign", "--config", str(path), **keys)

        assert (0, "") == (code, err)
        assert ["anthropic/test-model: It rained.", "openai/test-model: It rained."] == [
            line for line in out.splitlines() if "test-model" in line
        ][:2]
        assert "litellm/openai/test-model: It rained." in out
        assert "Some of it only anthropic understands" in out
        assert [] == chat.refusals + messages.refusals


async def test_missing_key():
    """What is missing is said in one sentence."""
    code, _, err = await run("claude")

    assert (1, 1) == (code, err.count("\n"))
    assert "swap_providers: anthropic/claude-sonnet-5: no API key; set ANTHROPIC_API_KEY" in err


def test_its_file():
    """The file beside it is right."""
    config = load_config(SCRIPT.with_suffix(".toml"))

    assert {"stand_in", "gpt", "claude", "command", "local"} == {*config.models}


@pytest.mark.parametrize("name", ["stand-in", "nobody"])
async def test_unknown_name(name: str):
    """A name that the file does not have is told with those that it has."""
    code, _, err = await run(name)

    assert 1 == code
    assert "swap_providers.toml has stand_in, gpt, claude, command, local" in err
