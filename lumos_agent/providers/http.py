"""Bytes to and from a provider, over aiohttp."""

import asyncio
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

import msgspec

from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    ContextLengthError,
    Kind,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
)
from lumos_agent.options import Timeouts
from lumos_agent.providers.patience import too_slow
from lumos_agent.providers.sse import MOST

if TYPE_CHECKING:
    import aiohttp

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
SLOW = (408, 504)
"""Statuses of a server, or of one before it, that waited too long."""
CODES: dict[str, type[ProviderError]] = {
    "context_length_exceeded": ContextLengthError,
    "content_filter": ContentFilterError,
    "content_policy_violation": ContentFilterError,
    "rate_limit_exceeded": RateLimitError,
    "invalid_api_key": AuthenticationError,
}
"""By OpenAI's `code`."""
BROKE = r"(?:^|_)quota(?:_|$)|^billing_(?:hard_limit_reached|not_active|error)$"
"""Codes and types of an account without money."""
NO_MONEY = "credit balance is too low|insufficient balance|exceeded your current quota"
"""The words of those who have no code for it: Anthropic, DeepSeek, gateways."""
AGAIN = r"(?:retry|try again) in ([0-9]+(?:\.[0-9]+)?) ?(ms|s)\b"
"""When to come back, in words. Who says it of a quota means that of the minute, as Gemini does."""
PER_DAY = "PerDay"
"""What the name of a quota has, of Gemini's, that is not full again in seconds, whatever is said."""
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
TOO_LONG = (
    r"prompt is too long|maximum context length|context (?:length|window|size)|too many (?:input )?tokens"
    r"|input token count .*exceeds|too large for (?:the )?model|input is too long"
    r"|maximum prompt length|reduce the length of the (?:messages|prompt)"
    r"|inputs\W* tokens \+ \W*max_new_tokens"
)
"""How those who have no code for it say that the window is full."""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON, no UTF-8, or too deep."""


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
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeouts: Timeouts
    ) -> AbstractAsyncContextManager[Answer]:
        """Send *body*; the answer is a success. Of *timeouts* it sees to `connect`."""
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
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeouts: Timeouts
    ) -> AsyncGenerator[Answer]:
        """Send *body*; the answer is a success. Raises `ProviderError` for all that goes wrong."""
        import aiohttp

        session = await self._session()
        try:
            async with await _sent(session, url, body, headers, timeouts) as response:
                if response.status >= 300:  # a redirect could lead the key anywhere
                    said = await read_all(response.content.iter_any())
                    raise failure(response.status, response.headers, said)
                yield _Answer(response)
        except aiohttp.ConnectionTimeoutError as error:
            raise too_slow("connect", timeouts.connect) from error
        except aiohttp.ClientConnectorError as error:
            raise ProviderUnavailableError(
                f"nothing answers at {url} ({error.strerror or error}); is the server there, and "
                "base_url right?",
                kind="connection",
            ) from error
        except aiohttp.ClientError as error:
            raise ProviderUnavailableError(
                f"the connection to {url} broke: {error}", kind="connection"
            ) from error

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
    session: "aiohttp.ClientSession",
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeouts: Timeouts,
) -> "aiohttp.ClientResponse":
    import aiohttp

    limits = aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect)
    try:
        return await session.post(
            url, data=body, headers=headers, allow_redirects=False, timeout=limits
        )
    except ValueError as error:  # a password in the address and a key beside it, odd signs in a key
        raise BadRequestError(f"the address or the key cannot be sent: {error}") from error


class _Answer:
    def __init__(self, response: "aiohttp.ClientResponse") -> None:
        self.headers: Mapping[str, str] = response.headers
        self.pieces = response.content.iter_any

    async def read(self) -> bytes:
        """All of the body."""
        return await read_all(self.pieces())


async def read_all(pieces: AsyncIterator[bytes], beginning: bytes = b"") -> bytes:
    """*beginning* and *pieces* joined. Raises `ProviderUnavailableError` before the memory is full."""
    found = [beginning]
    size = len(beginning)
    async for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise ProviderUnavailableError(f"the answer has more than {MOST} bytes")
        found.append(piece)
    return b"".join(found)


async def _keep_session() -> AsyncGenerator["aiohttp.ClientSession"]:
    """A session, open until this generator is closed: by its owner, or by the loop when it ends."""
    from urllib.request import getproxies

    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None),
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
    if status < 400:
        text = f"moved to {headers.get('Location')}; correct base_url"
        return BadRequestError(f"HTTP {status}: {text}", status=status)
    type_, kind = sort_of(error, text, status)
    return type_(
        f"HTTP {status}: {text}",
        kind=kind,
        status=status,
        retry_after=retry_after(headers, text),
        retryable=advice(headers),
    )


def failure_within(error: Mapping[str, Any]) -> ProviderError:
    """The error that a server tells of within an answer that began as a success."""
    text = str(error.get("message") or dict(error))
    type_, kind = sort_of(error, text)
    return type_(f"the answer is an error: {text}", kind=kind, retry_after=retry_after({}, text))


def sort_of(
    error: Mapping[str, Any], text: str, status: int | None = None
) -> tuple[type[ProviderError], Kind | None]:
    """The type, and the kind if it is not the usual one, of an *error* that says *text*.

    What it says of itself goes before the *status* that it comes with: some servers have one for all.
    """
    code, named = str(error.get("code")), str(error.get("type"))
    number = int(code) if re.fullmatch("[45][0-9][0-9]", code) else None
    if 402 in (number, status) or is_broke(error, text):
        return RateLimitError, "quota"
    if is_too_long(text, number or status):
        return ContextLengthError, None
    if (number or status) in SLOW or named == "timeout_error":
        return ProviderUnavailableError, "timeout"
    by_code = CODES.get(code) or STATUSES.get(number or 0)
    found = by_code or KINDS.get(named) or STATUSES.get(status or 0)
    return found or ProviderUnavailableError, None


def is_broke(error: Mapping[str, Any], text: str) -> bool:
    """Whether *error*, which says *text*, is that of an account without money."""
    if any(re.search(BROKE, str(error.get(name))) for name in ("code", "type")):
        return True
    if not _says(text, NO_MONEY):
        return False
    return not _says(text, AGAIN) or PER_DAY in f"{error}{text}"


def is_too_long(text: str, status: int | None) -> bool:
    """Whether *text* says that the window is full; *status* is None where there is none."""
    return status in (None, 400, 413, 422, 500) and _says(text, TOO_LONG)


def advice(headers: Mapping[str, str]) -> bool | None:
    """Whether a server advises to ask again, where it says so."""
    said = headers.get("x-should-retry", "").lower()
    return {"true": True, "false": False}.get(said)


class _Failure(msgspec.Struct):
    error: dict[str, Any] | str | None = None
    message: str | None = None  # some servers leave the envelope out


def _error(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
        failure = msgspec.convert(told[0] if isinstance(told, list) and told else told, _Failure)
    except UNREADABLE:
        return {}
    error = failure.error
    return error if isinstance(error, dict) else {"message": error or failure.message}


def retry_after(
    headers: Mapping[str, str], text: str = "", now: Callable[[], float] = time.time
) -> float | None:
    """Seconds to wait: as *headers* say, in milliseconds, seconds, or up to a date; or as *text* says."""
    later = headers.get("retry-after", "")
    seconds = _seconds(headers.get("retry-after-ms", ""), "ms")
    seconds = _seconds(later, "s") if seconds is None else seconds
    if seconds is None and later and (date := _date(later)) is not None:
        seconds = date - now()
    if seconds is None and (said := re.search(AGAIN, text, re.IGNORECASE)):
        seconds = _seconds(said[1], said[2])
    return None if seconds is None else max(seconds, 0.0)


def _seconds(number: str, unit: str) -> float | None:
    try:
        seconds = float(number) * (0.001 if unit.lower() == "ms" else 1.0)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime  # takes a while to import

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


REFUSED = r"support\w* (?:tool|function)|(?:tool|function)\w* .*support"


def refuses_tools(error: ProviderError) -> bool:
    """Whether *error* seems to be that the model takes no tools."""
    refused = isinstance(error, BadRequestError) and error.status in (400, 404, 422)
    return refused and _says(str(error), REFUSED)


def _says(text: str, pattern: str) -> bool:
    """Whether *text* has the *pattern*, which is compiled when it is first asked for."""
    return re.search(pattern, text, re.IGNORECASE) is not None
