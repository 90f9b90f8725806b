"""Who is measured: two bare loops, as one writes them by hand, and Lumos.

The bare loops do the calls and check nothing: no schema, no typed events, no handling of what goes
wrong. All three send the same tools and the whole history, and call the same functions.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol, Self

import aiohttp
import httpx

from lumos_agent import Agent, TextDelta
from tests.benchmarks.tools import ONE, TWENTY, wire

PROMPT = "What is 2 + 3?"
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer test-key"}
TOOLS = {"typ20": TWENTY}


class Contestant(Protocol):
    """One way to do the same work."""

    name: str

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *error: object) -> None: ...
    async def run(self, model: str) -> str:
        """Answer the prompt, calling tools on the way."""
        ...

    async def stream(self, model: str) -> int:
        """Read a streamed answer; how many pieces it had."""
        ...


class Bare:
    """The bare loop; how bytes are sent is its subclasses'."""

    name = ""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/chat/completions"
        self.offered = {
            model: wire(TOOLS.get(model, ONE)) for model in ("tool1", "typ20", "seq10", "wait100")
        }
        self.functions = {tool.name: tool.function for tool in TWENTY}

    async def run(self, model: str) -> str:
        messages: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
        while True:
            body = {"model": model, "messages": messages, "tools": self.offered[model]}
            reply = json.loads(await self.post(json.dumps(body).encode()))
            message = reply["choices"][0]["message"]
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message["content"])
            for call in message["tool_calls"]:
                function = self.functions[call["function"]["name"]]
                result = await function(**json.loads(call["function"]["arguments"]))
                messages.append(
                    {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}
                )

    async def stream(self, model: str) -> int:
        body = {"model": model, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
        pieces = 0
        async for line in self.lines(json.dumps(body).encode()):
            if line.startswith("data: ") and line != "data: [DONE]":
                chunk = json.loads(line[6:])
                if chunk["choices"] and chunk["choices"][0]["delta"].get("content"):
                    pieces += 1
        return pieces

    async def post(self, body: bytes) -> bytes:
        raise NotImplementedError

    def lines(self, body: bytes) -> AsyncIterator[str]:
        raise NotImplementedError


class RawHttpx(Bare):
    """The bare loop over httpx."""

    name = "raw httpx"

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self.client = httpx.AsyncClient(limits=limits, timeout=None, headers=HEADERS)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.aclose()

    async def post(self, body: bytes) -> bytes:
        return (await self.client.post(self.url, content=body)).content

    async def lines(self, body: bytes) -> AsyncIterator[str]:
        async with self.client.stream("POST", self.url, content=body) as response:
            async for line in response.aiter_lines():
                yield line


class RawAiohttp(Bare):
    """The bare loop over aiohttp."""

    name = "raw aiohttp"

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers=HEADERS,
            timeout=aiohttp.ClientTimeout(),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.session.close()

    async def post(self, body: bytes) -> bytes:
        async with self.session.post(self.url, data=body) as response:
            return await response.read()

    async def lines(self, body: bytes) -> AsyncIterator[str]:
        async with self.session.post(self.url, data=body) as response:
            rest = ""
            async for data in response.content.iter_any():
                *lines, rest = (rest + data.decode()).split("\n")
                for line in lines:
                    yield line


class Lumos:
    """A whole run: checked arguments, typed events, usage, failures answered."""

    name = "lumos"

    def __init__(self, url: str) -> None:
        make: Callable[[str], Agent] = lambda model: Agent(  # noqa: E731
            f"openai/{model}", base_url=url, api_key="test-key", tools=TOOLS.get(model, ONE)
        )
        self.agents = {model: make(model) for model in ("tool1", "typ20", "seq10", "wait100")}
        self.talker = Agent("openai/burst", base_url=url, api_key="test-key")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        for agent in (*self.agents.values(), self.talker):
            await agent.aclose()

    async def run(self, model: str) -> str:
        return (await self.agents[model].generate(PROMPT)).text

    async def stream(self, model: str) -> int:
        async with self.talker.stream(PROMPT) as stream:
            return sum([isinstance(event, TextDelta) async for event in stream])


class One(Lumos):
    """Lumos with one provider, under a name of its own."""

    model = ""

    def __init__(self, url: str) -> None:
        make: Callable[[str], Agent] = lambda model: Agent(  # noqa: E731
            f"{self.model}/{model}",
            base_url=self.address(url),
            api_key="test-key",
            tools=ONE if model == "tool1" else (),
        )
        self.agents = {model: make(model) for model in ("plain", "tool1")}
        self.talker = self.agents["plain"]

    def address(self, url: str) -> str:
        return url

    async def __aenter__(self) -> Self:
        await self.talker.aopen()
        return self


class Anthropic(One):
    """Anthropic's wire, direct."""

    name = "lumos, Anthropic"
    model = "anthropic"

    def address(self, url: str) -> str:
        return url.removesuffix("/v1")


class LiteLLM(One):
    """A run through LiteLLM."""

    name = "lumos, LiteLLM"
    model = "litellm/openai"


class BareLiteLLM:
    """The bare call that such a run makes."""

    name = "bare LiteLLM"

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Self:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for prices
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def run(self, model: str) -> str:
        import litellm

        messages = [{"role": "user", "content": PROMPT}]
        reply: Any = await litellm.acompletion(
            model=f"openai/{model}", api_base=self.url, api_key="test-key", messages=messages
        )
        return str(reply.choices[0].message.content)


BARE = """
import asyncio, os
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

async def main():
    messages = [{"role": "user", "content": PROMPT}]
    reply = await litellm.acompletion(
        model="openai/plain", api_base=URL, api_key="test-key", messages=messages
    )
    print(reply.choices[0].message.content)

asyncio.run(main())
"""
OURS = """
import asyncio
from lumos_agent import Agent

async def main():
    async with Agent("litellm/openai/plain", base_url=URL, api_key="test-key") as agent:
        print((await agent.generate(PROMPT)).text)

asyncio.run(main())
"""


class Fresh:
    """A script that gets one answer, in a process of its own."""

    script = ""

    def __init__(self, url: str) -> None:
        self.code = self.script.replace("URL", repr(url)).replace("PROMPT", repr(PROMPT))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def run(self, model: str) -> str:
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-c", self.code, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await done.communicate()
        return out.decode().strip()


class FreshBareLiteLLM(Fresh):
    name = "bare LiteLLM script"
    script = BARE


class FreshLiteLLM(Fresh):
    name = "lumos script"
    script = OURS
