"""Bytes to and from a provider, over aiohttp."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol
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
    402: RateLimitError,
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
"""By OpenAI's `code`."""
KINDS: dict[str, type[ProviderError]] = {
    "invalid_request_error": BadRequestError,
    "authentication_error": AuthenticationError,
    "permission_error": AuthenticationError,
    "billing_error": RateLimitError,
    "not_found_error": BadRequestError,
    "request_too_large": ContextLengthError,
    "rate_limit_error": RateLimitError,
}
"""By Anthropic's `type`, which is all that an error within a stream has."""
TOO_LONG = "prompt is too long"
"""How Anthropic begins to say that the window is full; it has no code for it."""


class Answer(Protocol):
    """What comes back for a request."""

    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """All of the body."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        ...


class Carrier(Protocol):
    """Posts bytes and brings the answer; a failure is a `ProviderError`."""

    def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Answer]:
        """Send *body*; the answer is a success."""
        ...

    async def aclose(self) -> None:
        """Let go of connections; a later request opens new ones."""
        ...


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
    ) -> AsyncGenerator[Answer]:
        """Send *body*; the answer is a success. Raises `ProviderError` for all that goes wrong."""
        import aiohttp

        session = await self._session()
        try:
            async with await _sent(session, url, body, headers) as response:
                if response.status >= 300:  # a redirect could lead the key anywhere
                    raise failure(response.status, response.headers, await response.read())
                yield _Answer(response)
        except TimeoutError as error:
            waited = CONNECT if isinstance(error, aiohttp.ConnectionTimeoutError) else SILENCE
            raise ProviderUnavailableError(f"{url} is silent for {waited:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise ProviderUnavailableError(
                f"nothing answers at {url} ({error.strerror or error}); is the server there, and "
                "base_url right?"
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
            for ended in [one for one in self._keepers if one.is_closed()]:
                del self._keepers[ended]
            keeper = _keep_session()
            self._keepers[loop] = keeper, await anext(keeper)
        return self._keepers[loop][1]


async def _sent(
    session: "aiohttp.ClientSession", url: str, body: bytes, headers: Mapping[str, str]
) -> "aiohttp.ClientResponse":
    try:
        return await session.post(url, data=body, headers=headers, allow_redirects=False)
    except ValueError as error:  # a password in the address and a key beside it, odd signs in a key
        raise BadRequestError(f"the address or the key cannot be sent: {error}") from error


class _Answer:
    def __init__(self, response: "aiohttp.ClientResponse") -> None:
        self.headers: Mapping[str, str] = response.headers
        self.read = response.read
        self.pieces = response.content.iter_any


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
    text = str(error.get("message") or body[:300].decode(errors="replace") or "no reason given")
    kind = kind_of(error) or STATUSES.get(status, ProviderUnavailableError)
    if status == 400 and text.startswith(TOO_LONG):
        kind = ContextLengthError
    if status < 400:
        kind, text = BadRequestError, f"moved to {headers.get('Location')}; correct base_url"
    return kind(f"HTTP {status}: {text}", status=status, retry_after=retry_after(headers))


def kind_of(error: Mapping[str, Any]) -> type[ProviderError] | None:
    """What an error says that it is, by its code or its type; some servers say it within a success."""
    code = error.get("code")
    by_code = STATUSES.get(code) if isinstance(code, int) else CODES.get(str(code))
    return by_code


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


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, where the header gives seconds; a date is left to whoever retries."""
    try:
        return float(headers.get("retry-after", ""))
    except ValueError:
        return None


REFUSED = re.compile(r"support\w* (?:tool|function)|(?:tool|function)\w* .*support", re.IGNORECASE)


def refuses_tools(error: ProviderError) -> str:
    """What to say where *error* seems to be that the model takes no tools; else nothing."""
    refused = isinstance(error, BadRequestError) and error.status in (400, 404, 422)
    if not (refused and REFUSED.search(str(error))):
        return ""
    return "; this seems to say that the model takes no tools: use one that does, or give it none"
