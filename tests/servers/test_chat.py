"""The test server, as an independent client sees it."""

from typing import Any

import openai
import pytest

from tests.servers.chat import Call, ChatServer, says, turns, wants

TOOLS: Any = [
    {
        "type": "function",
        "function": {"name": "add", "parameters": {"type": "object", "properties": {}}},
    }
]
USER: Any = {"role": "user", "content": "?"}


def client(server: ChatServer, key: str = "test-key") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.base_url, api_key=key, max_retries=0)


async def test_whole():
    """OpenAI's own client understands a whole answer."""
    async with ChatServer([wants(Call("add", '{"a": 1}', "x"), usage=(9, 4, 3, 2))]) as server:
        async with client(server) as sdk:
            reply = await sdk.chat.completions.create(
                model="test-model", messages=[USER], tools=TOOLS
            )

    (call,) = reply.choices[0].message.tool_calls or ()
    assert ("x", "tool_calls") == (call.id, reply.choices[0].finish_reason)
    assert reply.usage is not None
    assert reply.usage.prompt_tokens_details is not None
    assert (9, 3) == (reply.usage.prompt_tokens, reply.usage.prompt_tokens_details.cached_tokens)
    assert [] == server.refusals


async def test_stream():
    """OpenAI's own client understands a stream."""
    async with ChatServer([says("Hello, world", chunk=5)]) as server, client(server) as sdk:
        stream = await sdk.chat.completions.create(
            model="test-model", messages=[USER], stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]

    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert ["", "Hello", ", wor", "ld", None] == texts
    assert chunks[-1].usage is not None
    assert 15 == chunks[-1].usage.total_tokens


async def test_refusals():
    """A wrong key, an unknown model and a broken rule are refused as OpenAI refuses them."""
    async with ChatServer([]) as server:
        async with client(server, "wrong") as sdk:
            with pytest.raises(openai.AuthenticationError):
                await sdk.chat.completions.create(model="test-model", messages=[USER])
        async with client(server) as sdk:
            with pytest.raises(openai.NotFoundError):
                await sdk.chat.completions.create(model="x", messages=[USER])
            with pytest.raises(openai.BadRequestError):
                await sdk.chat.completions.create(model="test-model", messages=[])
            with pytest.raises(openai.InternalServerError, match="the script is over"):
                await sdk.chat.completions.create(model="test-model", messages=[USER])

    assert 4 == len(server.refusals)


def test_turns():
    """A script of turns counts the results in the request, so it serves any number of runs."""
    script = turns(2, Call("add"), "done")
    results = [{"role": "tool"}, {"role": "tool"}]

    assert "call_0" == script({"messages": []}).calls[0].id
    assert "call_1" == script({"messages": results[:1]}).calls[0].id
    assert "done" == script({"messages": results}).text
