"""The `openai` package as a way to a server: asked for settings, or as the carrier of bytes."""

import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lumos_agent.errors import ProviderUnavailableError
from lumos_agent.options import Timeouts
from lumos_agent.providers.http import failure, read_all

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEFAULT = "AsyncHttpxClientWrapper"
"""What the package calls the http client that it makes when it is given none; the same in 2 and 3."""


def has_own_http_client(client: "AsyncOpenAI") -> bool:
    """Whether somebody gave *client* an http client: for a proxy, certificates, or hooks."""
    return type(getattr(client, "_client", None)).__name__ != DEFAULT


async def ask_sdk(client: "AsyncOpenAI", path: str, model: str) -> tuple[str, Mapping[str, str]]:
    """The final URL and headers of a post to *path*, as *client* settles them for *model*.

    The client makes a request which a transport of ours keeps, so nothing is sent. This is right for
    what it alone knows: organization, default headers, Azure's paths, keys from a callable.
    """
    httpx = _httpx()
    kept: list[Any] = []

    def keep(request: Any) -> Any:
        kept.append(request)
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(keep)) as silent:
        asking = client.with_options(http_client=silent, max_retries=0)
        await asking.post(path, cast_to=httpx.Response, body={"model": model})
    left_out = ("content-length", "host", "accept-encoding", "connection")
    headers = {name: value for name, value in kept[0].headers.items() if name not in left_out}
    return str(kept[0].url), headers


class SdkClient:
    """Posts bytes through an `AsyncOpenAI`, with all that its http client does on the way.

    The package's typed layer, which costs more than the rest of a call, is left out on both ways.
    """

    def __init__(self, client: "AsyncOpenAI") -> None:
        self._client = client.with_options(max_retries=0)  # who retries is said elsewhere, once

    @asynccontextmanager
    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeouts: Timeouts
    ) -> AsyncGenerator["SdkAnswer"]:
        """Send *body*; the answer is a success. Raises `ProviderError` for all that goes wrong.

        How long connecting may take is the client's own affair.
        """
        import openai

        httpx = _httpx()
        try:
            response: Any = await self._client.post(
                url.partition("?")[0],  # the client adds its query by itself
                cast_to=httpx.Response,
                content=body,
                stream=True,
                stream_cls=openai.AsyncStream[Any],
            )
            try:
                yield SdkAnswer(response)
            finally:
                await response.aclose()
        except openai.APIStatusError as error:
            answer = error.response
            raise failure(answer.status_code, answer.headers, answer.content) from error
        except (openai.APITimeoutError, httpx.TimeoutException) as error:
            raise ProviderUnavailableError(
                f"{url} is silent; the client's time is over", kind="timeout"
            ) from error
        except openai.APIConnectionError as error:
            raise ProviderUnavailableError(
                f"no connection to {url} ({error.__cause__ or error}); is the server there, and "
                "base_url right?",
                kind="connection",
            ) from error
        except httpx.HTTPError as error:
            raise ProviderUnavailableError(
                f"the connection to {url} broke: {error}", kind="connection"
            ) from error

    async def aclose(self) -> None:
        """Whoever made the client closes it."""


class SdkAnswer:
    """An httpx answer, read as one of aiohttp's is."""

    def __init__(self, response: Any) -> None:
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    async def read(self) -> bytes:
        """All of the body."""
        return await read_all(self.pieces())

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        pieces: AsyncIterator[bytes] = self._response.aiter_bytes()
        return pieces


def _httpx() -> Any:
    """The http package of the installed `openai`: 2 stands on httpx, 3 on httpx2."""
    import openai

    return importlib.import_module(
        openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0]
    )
