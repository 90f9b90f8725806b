"""LiteLLM's own proxy as a server that we did not write, in an environment of its own."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from lumos_agent import (
    Agent,
    BadRequestError,
    Provider,
    ProviderError,
    RateLimitError,
    UserMessage,
)
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.litellm import LiteLLMProvider
from lumos_agent.testing.provider_contract import request
from tests.environments import made

HERE = Path(__file__).parent
FOLDER = Path(sys.prefix) / "proxy"
KEY = "sk-test"
WHOLE = "Messages"
"""What the proxy mocks of this wire: whole answers in words, neither streams nor calls."""
WAYS: dict[str, Callable[[str, str, str], Provider]] = {
    "Chat Completions, direct": lambda url, model, key: DirectProvider(
        model, base_url=f"{url}/v1", api_key=key
    ),
    "Messages, direct": lambda url, model, key: DirectProvider(
        model, name="anthropic", base_url=url, api_key=key
    ),
    "Chat Completions, LiteLLM": lambda url, model, key: LiteLLMProvider(
        model, name="openai", base_url=f"{url}/v1", api_key=key
    ),
    "Messages, LiteLLM": lambda url, model, key: LiteLLMProvider(
        model, name="anthropic", base_url=url, api_key=key
    ),
}


@asynccontextmanager
async def served() -> AsyncGenerator[str]:
    """The address of the proxy, which listens on loopback alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    options = ["--config", str(HERE / "config.yaml"), "--host", "127.0.0.1", "--port", port]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(FOLDER),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": KEY,
    }
    process = await asyncio.create_subprocess_exec(
        str(FOLDER / "bin" / "litellm"),
        *options,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.wait_for(_until_it_answers(url), 120)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _until_it_answers(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):  # until it listens
                async with session.get(f"{url}/health/liveliness") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.5)


async def ask(url: str) -> int:
    """Ask in every way, whole and streaming; how many answers were right."""
    right = 0
    for name, make in WAYS.items():
        mocked = not name.startswith(WHOLE)
        for stream in (False, True) if mocked else (False,):
            async with Agent(make(url, "says", KEY)) as agent:
                assert "It is 5." == await _text(agent, stream)
                right += 1
        if mocked:
            reply = await make(url, "calls", KEY).generate(request(UserMessage("2 + 3?")))
            assert [{"a": 2, "b": 3}] == [call.arguments for call in reply.message.calls]
            right += 1
    return right


async def _text(agent: Agent, stream: bool) -> str:
    if not stream:
        return (await agent.generate("2 + 3?")).text
    async with agent.stream("2 + 3?") as events:
        await events.finish()
    return events.result.text


async def fail(url: str) -> int:
    """Fail in every way; how many failures were told as what they are."""
    cases: list[tuple[str, type[ProviderError]]] = [
        ("limited", RateLimitError),
        ("nobody", BadRequestError),
    ]
    for make in WAYS.values():
        for model, kind in cases:
            with pytest.raises(kind):
                await make(url, model, KEY).generate(request(UserMessage("?")))
    return len(WAYS) * len(cases)


async def proxy() -> list[tuple[str, str]]:
    """LiteLLM's proxy, with mock answers: our providers understand what it says, and how it fails."""
    made("proxy", HERE / "requirements.txt")
    async with served() as url:
        answers, failures = await ask(url), await fail(url)
    return [
        (
            f"LiteLLM's proxy, asked in {len(WAYS)} ways",
            f"{answers} answers and {failures} failures understood",
        )
    ]
