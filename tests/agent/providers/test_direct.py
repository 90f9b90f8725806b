"""Any OpenAI-compatible server, over real sockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import openai
import pytest
from msgspec.structs import replace

from lumos_agent import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    GenerateOptions,
    Provider,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    RefusalError,
    Reply,
    Timeouts,
    Usage,
    UserMessage,
)
from lumos_agent.config import Quirks
from lumos_agent.providers import direct, http, sse
from lumos_agent.providers.base import ReasoningPart, TextPart
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.endpoints import Endpoint
from lumos_agent.providers.patience import Patience, whole
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


async def ask(
    *script: Answer, stream: bool = False, timeouts: Timeouts = Timeouts(), **more: Any
) -> Reply:
    asked = replace(request(UserMessage("?")), options=GenerateOptions(timeout=timeouts))
    async with ChatServer(list(script)) as server:
        settings = {"base_url": server.base_url, "api_key": "test-key", **more}
        provider = DirectProvider(settings.pop("model", "test-model"), **settings)
        try:
            if not stream:
                return await provider.generate(asked)
            *_, last = [item async for item in provider.stream(asked)]
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


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
async def test_retry_after(headers: dict[str, str], seconds: float | None):
    """The error says when to come back, if the server does."""
    with pytest.raises(RateLimitError) as caught:
        await ask(Answer(status=429, error={"message": "slow"}, headers=headers))

    assert (429, seconds, True) == (
        caught.value.status,
        caught.value.retry_after,
        caught.value.retryable,
    )


def test_retry_after_a_date():
    """A date is as many seconds away as there are."""
    date = {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}

    assert 40.0 == http.retry_after(date, now=lambda: 60.0)


@pytest.mark.parametrize(("said", "retryable"), [("true", True), ("false", False), ("?", None)])
async def test_should_retry(said: str, retryable: bool | None):
    """Whether to come back at all is the server's to say."""
    for status, usual in ((400, False), (503, True)):
        headers = {"x-should-retry": said}
        with pytest.raises(ProviderError) as caught:
            await ask(Answer(status=status, error={"message": "no"}, headers=headers))

        assert (usual if retryable is None else retryable) == caught.value.retryable


KINDS: list[tuple[Answer, str]] = [
    (Answer(status=429, error={"message": "slow"}), "rate_limit"),
    (Answer(status=429, error={"message": "no", "code": "insufficient_quota"}), "quota"),
    (Answer(status=429, error={"message": "You exceeded your current quota"}), "quota"),
    (Answer(status=400, error={"message": "Your credit balance is too low"}), "quota"),
    (Answer(status=403, error={"message": "no", "type": "billing_error"}), "quota"),
    (Answer(status=402, error={"message": "pay"}), "quota"),
    (Answer(status=408, error={"message": "slow"}), "timeout"),
    (Answer(status=504, raw=b"<html>"), "timeout"),
    (Answer(status=500, error={"message": "oops"}), "server"),
    (Answer(status=529, error={"message": "overloaded"}), "server"),
    (Answer(status=409, error={"message": "conflict"}), "server"),
    (Answer(status=401, error={"message": "no"}), "auth"),
    (Answer(status=404, error={"message": "no"}), "request"),
    (Answer(status=400, error={"message": "This model's maximum context length is 9"}), "context"),
    (Answer(status=400, error={"message": "the request exceeds the available context size"}), "context"),
    (Answer(status=413, error={"message": "big"}), "context"),
    (Answer(status=400, raw=b'[{"error": {"message": "input token count (9) exceeds"}}]'), "context"),
    (Answer(raw=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}, chunk=0), "server"),
    (Answer(raw=b'{"object": "error", "message": "too many requests", "code": 429}', chunk=0), "rate_limit"),
    (Answer(raw=b'{"message": "broken"}', chunk=0), "server"),
    (Answer(raw=b'{"choices": [{"error": {"message": "down"}, "finish_reason": "error"}]}', chunk=0), "server"),
    (says("Hi", finish_reason="error"), "server"),
    (says("Hi", finish_reason="content_filter"), "filter"),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("answer", "kind"), KINDS, ids=map(str, range(len(KINDS))))
async def test_kinds(answer: Answer, kind: str, stream: bool):
    """How a server failed is told in the words of `fallback_on`."""
    with pytest.raises(ProviderError) as caught:
        await ask(answer, stream=stream)

    assert kind == caught.value.kind


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_said_before(stream: bool):
    """A refusal and an answer that the filter cut off have the words that came."""
    with pytest.raises(RefusalError, match="the model refuses: I won't") as refused:
        await ask(says("", refusal="I won't"), stream=stream)
    with pytest.raises(ContentFilterError) as filtered:
        await ask(says("It is", finish_reason="content_filter"), stream=stream)

    assert ("I won't", "It is") == (refused.value.text, filtered.value.text)


async def test_cut_is_a_broken_connection():
    """A stream that ends before it is complete is a connection that broke."""
    with pytest.raises(ProviderUnavailableError) as caught:
        await ask(says("Hello", cut_after=2), stream=True)

    assert "connection" == caught.value.kind


async def test_an_endless_event(monkeypatch: pytest.MonkeyPatch):
    """An event that does not end is a failure before the memory is full."""
    monkeypatch.setattr(sse, "MOST", 50)
    with pytest.raises(
        ProviderUnavailableError, match="no stream of events: .* more than 50 bytes"
    ):
        await ask(Answer(raw=b"data: " + b"x" * 99), stream=True)


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


@pytest.mark.parametrize("stream", [False, True])
async def test_silent_server(stream: bool):
    """A server that says nothing is left after a while; the error names the time that ran out."""
    timeout = Timeouts(first_token=0.05, total=0.06)
    name = "first_token" if stream else "total"
    with pytest.raises(
        ProviderUnavailableError, match=rf"within .* s; allow more timeout\.{name}"
    ) as caught:
        await ask(says("", hang=True), stream=stream, timeouts=timeout)

    assert "timeout" == caught.value.kind


async def test_slow_piece():
    """So is one that stops in the middle; and one that goes on for longer than a reply may take."""
    for timeout, name in ((Timeouts(idle=0.05), "idle"), (Timeouts(total=0.05), "total")):
        with pytest.raises(ProviderUnavailableError, match=f"allow more timeout.{name}"):
            await ask(says("Hello, world", hang=True), stream=True, timeouts=timeout)


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


@pytest.mark.parametrize("stream", [False, True])
async def test_an_endless_body(stream: bool, monkeypatch: pytest.MonkeyPatch):
    """So is a whole answer that does not end, and what a server says of a failure."""
    monkeypatch.setattr(http, "MOST", 50)
    for status in (200, 500):
        answer = Answer(status=status, raw=b" " * 1_000_000, chunk=0)
        with pytest.raises(ProviderUnavailableError, match="the answer has more than 50 bytes"):
            await ask(answer, stream=stream)


HI = b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
EVENTS = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize("raw", [HI, b"\n " + HI, EVENTS, b": ping\n\n" + EVENTS])
@pytest.mark.parametrize("kind", ["text/plain", "Application/JSON", "application/octet-stream"])
async def test_called_otherwise(kind: str, raw: bytes):
    """What comes under a wrong name is told by how it begins, whole or a stream."""
    answer = Answer(raw=raw, chunk=0, headers={"Content-Type": kind})

    assert "Hi" == (await ask(answer, stream=True)).message.text


@pytest.mark.parametrize("kind", ["text/plain", "Text/HTML; charset=utf-8"])
async def test_a_page_for_a_stream(kind: str):
    """A page instead of a stream is the server's failure, and shown."""
    answer = Answer(raw=b"Sign in, please", chunk=0, headers={"Content-Type": kind})
    with pytest.raises(ProviderUnavailableError, match="Sign in, please") as caught:
        await ask(answer, stream=True)

    assert "server" == caught.value.kind


async def test_slow_key():
    """A client that does not come up with its key is not waited for longer than the rest."""

    async def key() -> str:
        await asyncio.Event().wait()
        return "never"

    client = openai.AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key=key)
    provider = DirectProvider("test-model", client=client)
    options = GenerateOptions(timeout=Timeouts(total=0.05))
    asked = replace(request(UserMessage("?")), options=options)
    with pytest.raises(ProviderUnavailableError, match=r"allow more timeout\.total"):
        await provider.generate(asked)
    with pytest.raises(ProviderUnavailableError, match=r"allow more timeout\.total"):
        await anext(provider.stream(asked))
    await provider.aclose()


async def test_no_hint_about_a_key():
    """Who has no money left is not told to look at the key."""
    with pytest.raises(RateLimitError, match="HTTP 403: no$"):
        await ask(Answer(status=403, error={"message": "no", "type": "billing_error"}))


async def test_slow_to_connect(monkeypatch: pytest.MonkeyPatch):
    """A connection that is not there in time is a time-out of its own."""

    async def sent(*given: Any) -> None:
        raise aiohttp.ConnectionTimeoutError

    monkeypatch.setattr(http, "_sent", sent)
    with pytest.raises(ProviderUnavailableError, match=r"within 10 s; allow more timeout\.connect"):
        await ask(says("Hi"))


async def test_time_outs_of_others():
    """A time-out that is none of ours passes as it is."""

    async def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await whole(late(), Timeouts())
    with pytest.raises(TimeoutError):
        await Patience(Timeouts()).wait(late())
