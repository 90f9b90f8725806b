"""Any OpenAI-compatible server, over real sockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import openai
import pytest

from lumos_agent import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    Provider,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    Reply,
    Usage,
    UserMessage,
)
from lumos_agent.config import Quirks
from lumos_agent.providers import direct, http
from lumos_agent.providers.base import ReasoningPart, TextPart
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.endpoints import Endpoint
from lumos_agent.testing.provider_contract import ProviderContract, request
from tests.servers.chat import Answer, Call, ChatServer, says, turns

ADD = Call("add", '{"a": 2, "b": 3}')


class TestDirectProvider(ProviderContract):
    """It does what every provider must, over HTTP."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served()


class TestDirectProviderOfAClient(ProviderContract):
    """The same with an SDK client of one's own."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served(sdk=True)


@asynccontextmanager
async def served(*, sdk: bool = False) -> AsyncGenerator[Provider]:
    async with ChatServer(turns(1, ADD, "It is 5.")) as server:
        if sdk:
            client = openai.AsyncOpenAI(base_url=server.base_url, api_key="test-key")
            provider = DirectProvider("test-model", client=client)
        else:
            provider = DirectProvider("test-model", base_url=server.base_url, api_key="test-key")
        yield provider
        await provider.aclose()
    assert [] == server.refusals


async def ask(*script: Answer, stream: bool = False, **more: Any) -> Reply:
    async with ChatServer(list(script)) as server:
        settings = {"base_url": server.base_url, "api_key": "test-key", **more}
        provider = DirectProvider(settings.pop("model", "test-model"), **settings)
        try:
            if not stream:
                return await provider.generate(request(UserMessage("?")))
            *_, last = [item async for item in provider.stream(request(UserMessage("?")))]
            assert isinstance(last, Reply)
            return last
        finally:
            await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_reply(stream: bool):
    """Whole and streaming, the reply has all that the server says."""
    reply = await ask(
        Answer(text="Hi", calls=(ADD,), reasoning="Hm…", usage=(9, 4, 3, 2)), stream=stream
    )

    assert ("Hi", "Hm…", "add") == (
        reply.message.text,
        reply.message.reasoning,
        reply.message.calls[0].name,
    )
    assert (Usage(9, 4, 3, 2), "tool_calls", "req_1") == (
        reply.usage,
        reply.finish_reason,
        reply.request_id,
    )


async def test_pieces_as_they_come():
    """Pieces are there before the reply is complete; leaving the stream hangs up."""
    async with ChatServer([says("Hello, world", hang=True, chunk=3)]) as server:
        provider = DirectProvider("test-model", base_url=server.base_url, api_key="test-key")
        stream = provider.stream(request(UserMessage("?")))
        first = await asyncio.wait_for(anext(stream), 5)
        await stream.aclose()
        while not server.left:
            await asyncio.sleep(0.001)
        await provider.aclose()

    assert TextPart("Hel") == first


FAILURES: list[tuple[Answer, type[ProviderError], str]] = [
    (
        Answer(status=401, error={"message": "no"}),
        AuthenticationError,
        "HTTP 401: no; is the key right?",
    ),
    (
        Answer(status=403, error={"message": "no"}),
        AuthenticationError,
        "HTTP 403: no; is the key right?",
    ),
    (
        Answer(status=404, error={"message": "no such model"}),
        BadRequestError,
        "HTTP 404: no such model; is the model's name right?",
    ),
    (Answer(status=429, error={"message": "slow"}), RateLimitError, "HTTP 429: slow"),
    (Answer(status=400, error={"message": "bad"}), BadRequestError, "HTTP 400: bad"),
    (
        Answer(status=400, error={"message": "long", "code": "context_length_exceeded"}),
        ContextLengthError,
        "HTTP 400: long",
    ),
    (
        Answer(status=400, error={"message": "evil", "code": "content_filter"}),
        ContentFilterError,
        "HTTP 400: evil",
    ),
    (Answer(status=500, error={"message": "oops"}), ProviderUnavailableError, "HTTP 500: oops"),
    (
        Answer(status=502, raw=b"<html>bad gateway"),
        ProviderUnavailableError,
        "HTTP 502: <html>bad gateway",
    ),
    (Answer(status=503, raw=b""), ProviderUnavailableError, "HTTP 503: no reason given"),
    (Answer(status=400, raw=b'{"error": "flat"}'), BadRequestError, "HTTP 400: flat"),
    (Answer(status=400, raw=b'{"message": "bare"}'), BadRequestError, "HTTP 400: bare"),
    (says("", refusal="I won't"), ContentFilterError, "the model refuses: I won't"),
    (says("", finish_reason="content_filter"), ContentFilterError, "content filter"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("answer", "kind", "message"), FAILURES, ids=lambda one: str(one)[:40])
async def test_failures(answer: Answer, kind: type[ProviderError], message: str, stream: bool):
    """What the server refuses is a typed error that names the model, and says what the server said."""
    with pytest.raises(kind) as caught:
        await ask(answer, stream=stream)

    assert str(caught.value).startswith("openai/test-model: ")
    assert message in str(caught.value)
    assert "openai/test-model" == caught.value.model


async def test_retry_after():
    """The error says when to come back, if the server does in seconds."""
    answer = Answer(status=429, error={"message": "slow"}, headers={"retry-after": "1.5"})
    with pytest.raises(RateLimitError) as caught:
        await ask(answer)
    later = Answer(status=429, error={}, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    with pytest.raises(RateLimitError) as dated:
        await ask(later)

    assert (429, 1.5, True) == (
        caught.value.status,
        caught.value.retry_after,
        caught.value.retryable,
    )
    assert dated.value.retry_after is None


async def test_cut_stream():
    """A stream that ends politely in mid-word is no success."""
    with pytest.raises(ProviderUnavailableError, match="broke off before it was complete"):
        await ask(says("Hello, world", cut_after=3), stream=True)


@pytest.mark.parametrize(
    "raw",
    [
        b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n',
        b'data:\n\ndata: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]',
        b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}',
        b': ping\r\n\r\ndata: {"choices":[{"delta":{"content":"Hi"}}]}\r\n\r\ndata: [DONE]\r\n\r\n',
        b'event: x\nid: 1\ndata:{"choices":[{"delta":{"content":"Hi"}}]}\n\ndata:[DONE]\n\ndata: junk\n\n',
    ],
)
async def test_wire_variants(raw: bytes):
    """Comments, CRLF, missing blanks, a missing [DONE] or finish reason: the reply is whole."""
    assert "Hi" == (await ask(Answer(raw=raw), stream=True)).message.text


async def test_error_in_stream():
    """An error inside a stream that began well is the provider's failure."""
    raw = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"error":{"message":"overloaded"}}\n\n'

    with pytest.raises(ProviderUnavailableError, match="the answer is an error: overloaded"):
        await ask(Answer(raw=raw), stream=True)


async def test_dead_server():
    """Where nothing answers, the address is named."""
    provider = DirectProvider("x", base_url="http://127.0.0.1:9/v1")

    with pytest.raises(
        ProviderUnavailableError, match=r"nothing answers at http://127\.0\.0\.1:9/v1"
    ):
        await provider.generate(request(UserMessage("?")))
    await provider.aclose()


async def test_no_address():
    """An address that is none is named."""
    for address in ("nonsense", "localhost:8000/v1", "ftp://host"):
        with pytest.raises(ConfigError, match="is no address; base_url must be like"):
            DirectProvider("x", base_url=address)
    provider = DirectProvider("x", base_url="http://[::1", api_key="k")
    with pytest.raises(BadRequestError, match="the address or the key cannot be sent"):
        await provider.generate(request(UserMessage("?")))
    await provider.aclose()


@pytest.mark.parametrize("status", [302, 307])
async def test_redirect(status: int):
    """Nobody is followed: the key would go along."""
    moved = Answer(status=status, error={}, headers={"Location": "http://127.0.0.1:9/v1"})
    with pytest.raises(
        BadRequestError, match=f"HTTP {status}: moved to http://127.0.0.1:9/v1; correct"
    ):
        await ask(moved)


def test_settings_beside_a_client():
    """A client has its own address and key; others beside it would be ignored."""
    client = openai.AsyncOpenAI(api_key="k")
    for more in ({"base_url": "http://h/v1"}, {"api_key": "other"}):
        with pytest.raises(ConfigError, match="a client has its own"):
            DirectProvider("x", client=client, **more)


async def test_ended_loops_are_forgotten():
    """A provider that lives longer than event loops keeps none of those that ended."""
    provider = DirectProvider("test-model", base_url="http://127.0.0.1:9/v1", api_key="k")
    ended = asyncio.new_event_loop()
    ended.close()
    provider._carrier._keepers[ended] = None
    with pytest.raises(ProviderUnavailableError):
        await provider.generate(request(UserMessage("?")))
    await provider.aclose()

    assert ended not in provider._carrier._keepers


async def test_password_in_the_address():
    """A password in the address cannot go with a key, and is not told."""
    provider = DirectProvider("x", base_url="http://me:secret@127.0.0.1:9/v1", api_key="k")
    with pytest.raises(BadRequestError, match="the address or the key cannot be sent") as caught:
        await provider.generate(request(UserMessage("?")))
    await provider.aclose()

    assert "secret" not in str(caught.value)


async def test_broken_connection():
    """A connection that breaks in the middle is the provider's failure."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    async with await asyncio.start_server(rude, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider = DirectProvider("x", base_url=f"http://127.0.0.1:{port}/v1")
        with pytest.raises(ProviderUnavailableError, match="the connection to .* broke"):
            await provider.generate(request(UserMessage("?")))
        await provider.aclose()


async def test_silent_server(monkeypatch: pytest.MonkeyPatch):
    """A server that says nothing is left after a while."""
    monkeypatch.setattr(http, "SILENCE", 0.05)

    with pytest.raises(ProviderUnavailableError, match=r"is silent for 0\.05 s"):
        await ask(says("", hang=True))


async def test_no_key():
    """OpenAI wants a key; the message says where it can stand."""
    with pytest.raises(
        AuthenticationError, match="openai/gpt: no API key; set OPENAI_API_KEY, pass api_key="
    ):
        await DirectProvider("gpt").generate(request(UserMessage("?")))


async def test_environment(monkeypatch: pytest.MonkeyPatch):
    """Address and key come from OpenAI's own variables where they are not given."""
    async with ChatServer([says("Hi")]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url + "/")
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
        provider = DirectProvider("test-model")
        reply = await provider.generate(request(UserMessage("?")))
        await provider.aclose()

    assert "Hi" == reply.message.text


async def test_local_server_needs_no_key():
    """A server that is not OpenAI's is asked without a key."""
    with pytest.raises(AuthenticationError, match="Incorrect API key") as caught:
        await ask(says("Hi"), api_key=None)

    assert 401 == caught.value.status


@pytest.mark.parametrize(
    ("base_url", "limit"), [(None, "max_completion_tokens"), ("http://h/v1", "max_tokens")]
)
def test_limit(base_url: str | None, limit: str):
    """OpenAI has a new name for the token limit; everybody else knows the old one."""
    assert limit == DirectProvider("x", base_url=base_url).endpoint.quirks.limit


NO_TOOLS = Answer(status=400, error={"message": "m does not support tools"})


async def test_a_model_without_tools():
    """Where the server says that the model takes none, so does the error; not for a native one."""
    native = Endpoint(quirks=Quirks(tools="native"))
    with pytest.raises(BadRequestError, match="takes no tools: use one that does"):
        await ask(NO_TOOLS)
    with pytest.raises(BadRequestError) as caught:
        await ask(NO_TOOLS, endpoint=native)

    assert str(caught.value).endswith("HTTP 400: m does not support tools")


async def test_a_model_that_cannot_stream():
    """It is asked whole, and its answer comes word by word."""
    async with ChatServer([says("Hello you")]) as server:
        endpoint = Endpoint(base_url=server.base_url, quirks=Quirks(stream=False))
        provider = DirectProvider("test-model", name="x", api_key="test-key", endpoint=endpoint)
        items = [item async for item in provider.stream(request(UserMessage("?")))]
        await provider.aclose()

    assert [TextPart("Hello"), TextPart(" you")] == items[:2]
    assert "stream" not in server.requests[0]


async def test_whole_answer_to_a_stream():
    """A server that answers whole although it was asked for a stream is understood."""
    async with ChatServer([says("Hello you")]) as whole:
        provider = DirectProvider("test-model", base_url=whole.base_url, api_key="test-key")
        body = {"model": "test-model", "messages": [{"role": "user", "content": "?"}]}
        url, headers = await provider.target()
        async with aiohttp.ClientSession() as session:
            async with session.post(url, json=body, headers=headers) as response:
                raw = await response.read()
        await provider.aclose()
    answer = Answer(raw=raw, chunk=0, headers={"Content-Type": "application/json"})
    async with ChatServer([answer]) as server:
        provider = DirectProvider("test-model", base_url=server.base_url, api_key="test-key")
        items = [item async for item in provider.stream(request(UserMessage("?")))]
        await provider.aclose()

    assert [TextPart("Hello"), TextPart(" you")] == items[:2]
    assert isinstance(items[2], Reply)


async def test_client_settings():
    """What only the SDK knows, headers and a key from a callable, is sent as it would send it."""
    async with ChatServer([says("Hi")]) as server:
        client = openai.AsyncOpenAI(
            base_url=server.base_url,
            api_key="test-key",
            organization="org",
            default_headers={"X-Team": "a"},
        )
        provider = DirectProvider("test-model", client=client)
        url, headers = await provider.target()
        reply = await provider.generate(request(UserMessage("?")))
        await provider.aclose()

    assert "Hi" == reply.message.text
    assert f"{server.base_url}/chat/completions" == url
    assert ("a", "org", "Bearer test-key") == (
        headers["x-team"],
        headers["openai-organization"],
        headers["authorization"],
    )


async def test_client_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    """A client's key may change while a provider lives: after a while it is asked again."""
    keys = iter(["old", "test-key"])

    async def key() -> str:
        return next(keys)

    async with ChatServer([says("Hi")]) as server:
        client = openai.AsyncOpenAI(base_url=server.base_url, api_key=key)
        provider = DirectProvider("test-model", client=client)
        with pytest.raises(AuthenticationError):
            await provider.generate(request(UserMessage("?")))
        monkeypatch.setattr(direct, "FRESH", -1.0)
        reply = await provider.generate(request(UserMessage("?")))
        await provider.aclose()

    assert "Hi" == reply.message.text
    assert server.base_url == provider.base_url


def test_session_closes_with_its_loop():
    """A provider that nobody closes leaves nothing open behind its event loop, nor in the next one."""

    async def once() -> str:
        async with ChatServer([says("Hi", calls=())]) as server:
            provider.base_url, provider._target = server.base_url, None
            return (await provider.generate(request(UserMessage("?")))).message.text

    provider = DirectProvider("test-model", base_url="http://h/v1", api_key="test-key")

    assert ["Hi", "Hi"] == [asyncio.run(once()), asyncio.run(once())]


async def test_stream_pieces():
    """Text and reasoning come apart."""
    async with ChatServer([says("Hello", reasoning="Well", chunk=2)]) as server:
        provider = DirectProvider("test-model", base_url=server.base_url, api_key="test-key")
        items = [item async for item in provider.stream(request(UserMessage("?")))]
        await provider.aclose()

    assert [
        ReasoningPart("We"),
        ReasoningPart("ll"),
        TextPart("He"),
        TextPart("ll"),
        TextPart("o"),
    ] == (items[:-1])
