"""A server that is reached directly: bytes over its wire, and nothing between.

The `openai` package's typed layer costs more than the rest of a call together, so where that package
knows more than an address and a key, it is asked for the final URL and headers. It carries the bytes
only where somebody gave it an http client of his own.
"""

import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from lumos_agent.config import Quirks
from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ProviderError,
    ProviderUnavailableError,
)
from lumos_agent.providers.anthropic import AnthropicWire
from lumos_agent.providers.base import Part, Reply, Request, pieces
from lumos_agent.providers.chat import ChatWire
from lumos_agent.providers.endpoints import KNOWN, Endpoint, endpoint_for, variable
from lumos_agent.providers.http import Answer, Carrier, Client, read_all
from lumos_agent.providers.mending import Mending
from lumos_agent.providers.offered import Offers
from lumos_agent.providers.patience import Patience, whole
from lumos_agent.providers.sdk import SdkClient, ask_sdk, has_own_http_client
from lumos_agent.providers.sse import Events

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from lumos_agent.prices import Price

FRESH = 60.0
"""Seconds for which what a client said holds."""
BROKE_OFF = "the stream broke off before it was complete"
FIELDS = (b"d", b"e", b"i", b"r", b":", b"\xef")
"""How the first line of a stream of events begins: data, event, id, retry, a comment; after a BOM."""
HINTS = {
    401: "; is the key right?",
    403: "; is the key right?",
    404: "; is the model's name right?",
}


class Exchange(Protocol):
    """One request, and its reply as it comes. No I/O."""

    body: bytes | None
    """What is to be sent next; None if nothing is."""

    @property
    def complete(self) -> bool:
        """Whether the stream says that it is whole."""
        ...

    def feed(self, event: bytes) -> Iterable[Part]:
        """Take an event of the stream in; what it adds comes out."""
        ...

    def read(self, answer: bytes) -> None:
        """Take a whole answer in."""
        ...

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply."""
        ...


class Wire(Protocol):
    """What is spoken with a server."""

    path: str
    request_id: str
    """The header with the server's id of a request."""

    offers: Offers
    """How tools are shown."""

    def headers(self, key: str | None) -> dict[str, str]:
        """What shows who asks."""
        ...

    def begin(self, model: str, request: Request, *, stream: bool) -> Exchange:
        """Ask *model*."""
        ...


class DirectProvider:
    """A `Provider` over a server's own wire: Chat Completions, or Anthropic's Messages.

    *name* is a known endpoint's (`openai`, `anthropic`, `groq` ...), or one of your own with an
    *endpoint* or a *base_url*. The address is *base_url*, else the variable `NAME_BASE_URL`, else the
    endpoint's; the key is *api_key*, else the variable `NAME_API_KEY`.

    With *client*, an `AsyncOpenAI` of your own, its address, credentials and headers are used; what it
    does to answers (retries, hooks) is not, unless it has an http client that you gave it.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str = "openai",
        base_url: str | None = None,
        api_key: str | None = None,
        client: "AsyncOpenAI | None" = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        if client and (base_url or api_key):
            raise ConfigError("base_url= and api_key= go with a name; a client has its own")
        asked = str(client.base_url) if client else base_url
        self.endpoint = endpoint or endpoint_for(name, base_url=asked)
        self.name = name
        self.model = model
        self.base_url = (asked or self.endpoint.base_url).rstrip("/")
        if not self.base_url:
            raise ConfigError(
                f"no address for the provider {name!r}; set {variable(name, 'BASE_URL')}, or base_url="
            )
        if not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{self.base_url} is no address; base_url must be like https://host/v1"
            )
        quirks = replace(self.endpoint.quirks, dialect=self.endpoint.dialect(model))
        self.wire: Wire = WIRES[self.endpoint.wire](name, quirks)
        self._api_key = api_key
        self._client = client
        self._mending = Mending(f"{name}/{model}", self.wire.offers)
        own = client if client and has_own_http_client(client) else None
        self._carrier: Carrier = SdkClient(own) if own else Client()
        self._target: tuple[str, Mapping[str, str]] | None = None
        self._asked = -FRESH

    @property
    def price(self) -> "Price | None":
        """What its model costs, where it is asked at its maker's own address."""
        from lumos_agent.prices import price_of

        known = KNOWN.get(self.name)
        own = self.name == "azure" or (known is not None and known.base_url == self.base_url)
        return price_of(self.name, self.model) if own else None

    async def generate(self, request: Request) -> Reply:
        """Answer *request*, whole."""
        try:
            return await whole(self._mended(request), request.options.timeout)
        except ProviderError as error:
            self._name(error)
            raise

    async def _mended(self, request: Request) -> Reply:
        """The reply, to the request as it is, or without what the provider does not take."""
        mended = self._mending.of(request)
        while True:
            try:
                return await self._generate(mended.request)
            except BadRequestError as error:
                mended.after(error)

    async def _generate(self, request: Request) -> Reply:
        url, headers = await self.target()
        exchange = self.wire.begin(self.model, request, stream=False)
        request_id: str | None = None
        while exchange.body is not None:
            async with self._post(url, exchange.body, headers, request) as answer:
                request_id = answer.headers.get(self.wire.request_id)
                exchange.body = None
                exchange.read(await answer.read())
        return exchange.reply(request_id)

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """Answer *request* in pieces; the stream is whole only if it says so."""
        if not self.endpoint.quirks.stream:
            for part in pieces(await self.generate(request)):
                yield part
            return
        mended, told = self._mending.of(request), False
        try:
            while True:
                try:
                    async with aclosing(self._stream(mended.request)) as parts:
                        async for part in parts:
                            told = True
                            yield part
                    return
                except BadRequestError as error:
                    if told:
                        raise
                    mended.after(error)
        except ProviderError as error:
            self._name(error)
            raise

    async def _stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        patience = Patience(request.options.timeout)
        target = self.target()  # a client of somebody's may take its time
        url, headers = await (patience.wait(target) if self._client else target)
        exchange = self.wire.begin(self.model, request, stream=True)
        request_id, is_whole = None, False
        part: Part | Reply
        while exchange.body is not None:
            async with AsyncExitStack() as stack:
                post = self._post(url, exchange.body, headers, request)
                answer = await patience.wait(stack.enter_async_context(post))
                request_id = answer.headers.get(self.wire.request_id)
                events, sent, exchange.body = Events(), answer.pieces(), None
                data = await patience.wait(anext(sent, b""))
                if is_whole := _is_whole(answer, data):
                    exchange.read(await patience.wait(read_all(sent, data)))
                    continue
                while data:
                    for part in _parts(exchange, _events(events, data), patience):
                        yield part
                    data = await patience.wait(anext(sent, b""))
                for part in _parts(exchange, events.finish(), patience):
                    yield part  # the last line may have no end
            if not exchange.complete:
                raise ProviderUnavailableError(BROKE_OFF, kind="connection")
        reply = exchange.reply(request_id)
        for part in pieces(reply) if is_whole else (reply,):
            yield part

    def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], request: Request
    ) -> AbstractAsyncContextManager[Answer]:
        timeout = request.options.timeout
        return self._carrier.post(url, body=body, headers=headers, timeouts=timeout)

    async def aopen(self) -> None:
        """Nothing has to be made ready."""

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        await self._carrier.aclose()

    async def target(self) -> tuple[str, Mapping[str, str]]:
        """The URL and headers of a request. Raises `AuthenticationError` if there is no key.

        A client is asked again now and then, since its key may change.
        """
        if self._client is not None and time.monotonic() > self._asked + FRESH:
            self._target = await ask_sdk(self._client, self.wire.path, self.model)
            self._asked = time.monotonic()
        if self._target is None:
            self._target = self.base_url + self.wire.path, self._headers()
        return self._target

    def key(self) -> str | None:
        """The key. Raises `AuthenticationError` if there is none, and one is wanted."""
        named = self.endpoint.api_key_env or variable(self.name, "API_KEY")
        key = (self._api_key or os.environ.get(named, "")).strip()
        if not key and (self.endpoint.needs_key or self.endpoint.api_key_env):
            raise AuthenticationError(
                f"no API key; set {named}, pass api_key=, or set api_key_env in lumos.toml"
            )
        return key or None

    def _headers(self) -> dict[str, str]:
        key = self.key()
        plain = {"Content-Type": "application/json", "User-Agent": "lumos"}
        return plain | self.wire.headers(key) | self.endpoint.headers

    def _name(self, error: ProviderError) -> None:
        """Say in *error* which model failed, and what to look at where the reason is known."""
        error.model = f"{self.name}/{self.model}"
        hint = HINTS.get(error.status or 0, "") if error.kind in ("auth", "request") else ""
        error.args = (f"{error.model}: {error}{hint}",)


WIRES: dict[str, Callable[[str, Quirks], Wire]] = {"openai": ChatWire, "anthropic": AnthropicWire}


def _parts(exchange: Exchange, events: list[bytes], patience: Patience) -> Iterator[Part]:
    """What *events* add to the reply; whoever says something has more time."""
    moved = False
    for event in events:
        for part in exchange.feed(event):
            moved = True
            yield part
    if moved:
        patience.moved()


def _events(events: Events, data: bytes) -> list[bytes]:
    try:
        return events.feed(data)
    except ValueError as error:
        raise ProviderUnavailableError(f"the answer is no stream of events: {error}") from error


def _is_whole(answer: Answer, beginning: bytes) -> bool:
    """Whether a server answers whole although it was asked for a stream, as some do.

    Few are wrong about a stream of events; what is called otherwise is told by its *beginning*.
    """
    if answer.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
        return False
    return not beginning.lstrip().startswith(FIELDS)
