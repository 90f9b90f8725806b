"""The `openai` package as a way to a server; these tests run on its versions 2 and 3."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import openai
import pytest

from lumos_agent import (
    AuthenticationError,
    Provider,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    Reply,
    UserMessage,
)
from lumos_agent.providers.base import TextPart
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.sdk import has_own_http_client
from lumos_agent.testing.provider_contract import ProviderContract, request
from tests.servers.chat import Answer, Call, ChatServer, says, turns

ADD = Call("add", '{"a": 2, "b": 3}')


class AzureServer(ChatServer):
    """The same server, as Azure has it."""

    root = "/openai/deployments/test-model"

    def _header_fault(self, request: Any) -> tuple[int, str, str | None] | None:
        if request.query.get("api-version") != "2024-10-21":
            return 404, "Resource not found", "404"
        if request.headers.get("api-key") != self._key:
            return 401, "Access denied due to invalid subscription key.", "401"
        return None


def own_http_client() -> Any:
    return openai.DefaultAsyncHttpxClient(timeout=5)


def client(server: ChatServer, **more: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.base_url, api_key="test-key", **more)


def azure(server: ChatServer, **more: Any) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=server.base_url.partition("/openai")[0],
        api_version="2024-10-21",
        api_key="test-key",
        **more,
    )


class TestThroughTheClient(ProviderContract):
    """It does what every provider must, through a client with its own http client."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served(ChatServer, client)


class TestThroughAzure(ProviderContract):
    """The same for Azure's client."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served(AzureServer, azure)


class TestAzureDirect(ProviderContract):
    """The same where Azure's client is asked, and carries nothing."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served(AzureServer, azure, own=False)


@asynccontextmanager
async def served(
    kind: type[ChatServer], make: Any, *, own: bool = True
) -> AsyncGenerator[Provider]:
    async with kind(turns(1, ADD, "It is 5.")) as server:
        settings = {"http_client": own_http_client()} if own else {}
        async with make(server, **settings) as sdk:
            provider = DirectProvider("test-model", client=sdk)
            yield provider
            await provider.aclose()
    assert [] == server.refusals


async def test_own_http_client_is_used():
    """What somebody's http client does on the way is done: a hook of it sees the request."""
    seen: list[str] = []

    async def hook(sent: Any) -> None:
        seen.append(sent.headers["x-team"])

    http_client = openai.DefaultAsyncHttpxClient(event_hooks={"request": [hook]})
    async with ChatServer([says("Hi")]) as server:
        async with client(server, http_client=http_client, default_headers={"X-Team": "a"}) as sdk:
            reply = await DirectProvider("test-model", client=sdk).generate(
                request(UserMessage("?"))
            )

    assert ("Hi", ["a"]) == (reply.message.text, seen)


def test_which_clients_have_one():
    """A client that was given an http client is told from one that made its own."""
    assert not has_own_http_client(openai.AsyncOpenAI(api_key="k"))
    assert has_own_http_client(openai.AsyncOpenAI(api_key="k", http_client=own_http_client()))


async def ask(answer: Answer, *, stream: bool, seconds: float = 5.0) -> Reply:
    async with ChatServer([answer]) as server:
        http_client = openai.DefaultAsyncHttpxClient()
        async with client(server, http_client=http_client, timeout=seconds) as sdk:
            provider = DirectProvider("test-model", client=sdk)
            if not stream:
                return await provider.generate(request(UserMessage("?")))
            *_, last = [item async for item in provider.stream(request(UserMessage("?")))]
            assert isinstance(last, Reply)
            return last


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (429, RateLimitError), (500, ProviderUnavailableError)],
)
async def test_failures(status: int, kind: type[ProviderError], stream: bool):
    """What the server refuses is the same error as without the package, and nothing is tried twice."""
    answer = Answer(status=status, error={"message": "no"}, headers={"retry-after": "1.5"})
    with pytest.raises(kind, match=f"openai/test-model: HTTP {status}: no") as caught:
        await ask(answer, stream=stream)

    assert (status, 1.5) == (caught.value.status, caught.value.retry_after)


async def test_silent_server():
    """The time of somebody's client holds."""
    for stream in (False, True):
        with pytest.raises(ProviderUnavailableError, match="the client's time is over") as caught:
            await ask(says("Hello", hang=True), stream=stream, seconds=0.05)
        assert "timeout" == caught.value.kind


async def test_broken_stream():
    """A stream that is reset in the middle is a connection that broke."""
    with pytest.raises(ProviderUnavailableError, match="the connection to .* broke") as caught:
        await ask(says("Hello", cut_after=2, reset=True), stream=True)

    assert "connection" == caught.value.kind


async def test_dead_server():
    """Where nothing answers, the address is named."""
    http_client = own_http_client()
    async with openai.AsyncOpenAI(
        base_url="http://127.0.0.1:9/v1", api_key="k", http_client=http_client
    ) as sdk:
        with pytest.raises(
            ProviderUnavailableError, match=r"no connection to http://127\.0\.0\.1:9/v1"
        ):
            await DirectProvider("x", client=sdk).generate(request(UserMessage("?")))


async def test_cut_stream():
    """A stream that ends politely in mid-word is no success."""
    with pytest.raises(ProviderUnavailableError, match="broke off before it was complete"):
        await ask(says("Hello, world", cut_after=3), stream=True)


async def test_leaving_a_stream():
    """Leaving a stream hangs up."""
    async with ChatServer([says("Hello, world", hang=True, chunk=3)]) as server:
        async with client(server, http_client=own_http_client()) as sdk:
            stream = DirectProvider("test-model", client=sdk).stream(request(UserMessage("?")))
            assert TextPart("Hel") == await anext(stream)
            await stream.aclose()
