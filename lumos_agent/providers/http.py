"""Bytes to and from a provider, over aiohttp."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec

from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    ContextLengthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
)

if TYPE_CHECKING:
    import aiohttp

CONNECT = 10.0
SILENCE = 300.0
"""Seconds to wait for a connection, and for the next byte."""

STATUSES: dict[int, type[ProviderError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: BadRequestError,
    405: BadRequestError,
    413: ContextLengthError,
    422: BadRequestError,
    429: RateLimitError,
}
CODES: dict[str, type[ProviderError]] = {
    "context_length_exceeded": ContextLengthError,
    "content_filter": ContentFilterError,
    "content_policy_violation": ContentFilterError,
}


class Client:
    """Posts bytes. It has one aiohttp session an event loop, since a session belongs to its loop."""

    def __init__(self) -> None:
        self._keepers: WeakKeyDictionary[
            asyncio.AbstractEventLoop,
            tuple[AsyncGenerator[aiohttp.ClientSession], aiohttp.ClientSession],
        ] = WeakKeyDictionary()

    @asynccontextmanager
    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator["aiohttp.ClientResponse"]:
        """Send *body*; the answer is a success. Raises `ProviderError` for all that goes wrong."""
        import aiohttp

        session = await self._session()
        try:
            async with session.post(url, data=body, headers=headers) as response:
                if response.status >= 400:
                    raise failure(response.status, response.headers, await response.read())
                yield response
        except TimeoutError as error:
            raise ProviderUnavailableError(f"{url} is silent for {SILENCE:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise ProviderUnavailableError(
                f"nothing answers at {url} ({error.strerror or error}); is the server there, and "
                "base_url right?"
            ) from error
        except aiohttp.InvalidURL as error:
            raise BadRequestError(
                f"{url} is no address; base_url must be like https://host/v1"
            ) from error
        except aiohttp.ClientError as error:
            raise ProviderUnavailableError(f"the connection to {url} broke: {error}") from error

    async def aclose(self) -> None:
        """Close the session of this event loop."""
        keeper, _ = self._keepers.pop(asyncio.get_running_loop(), (None, None))
        if keeper is not None:
            await keeper.aclose()

    async def _session(self) -> "aiohttp.ClientSession":
        loop = asyncio.get_running_loop()
        if loop not in self._keepers:
            keeper = _keep_session()
            self._keepers[loop] = keeper, await anext(keeper)
        return self._keepers[loop][1]


async def _keep_session() -> AsyncGenerator["aiohttp.ClientSession"]:
    """A session, open until this generator is closed: by its owner, or by the loop when it ends."""
    from urllib.request import getproxies

    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE),
        trust_env=bool(getproxies()),  # looking for proxies at each request is dear
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    try:
        yield session
    finally:
        await session.close()


def failure(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an HTTP answer is."""
    error = _error(body)
    kind = CODES.get(str(error.get("code"))) or STATUSES.get(status, ProviderUnavailableError)
    text = error.get("message") or body[:300].decode(errors="replace") or "no reason given"
    return kind(f"HTTP {status}: {text}", status=status, retry_after=_retry_after(headers))


class _Failure(msgspec.Struct):
    error: dict[str, Any] | str | None = None
    message: str | None = None  # some servers leave the envelope out


def _error(body: bytes) -> dict[str, Any]:
    try:
        failure = msgspec.json.decode(body, type=_Failure)
    except msgspec.DecodeError:
        return {}
    error = failure.error
    return error if isinstance(error, dict) else {"message": error or failure.message}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, where the header gives seconds; a date is left to whoever retries."""
    try:
        return float(headers.get("retry-after", ""))
    except ValueError:
        return None
