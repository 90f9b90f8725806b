"""Any server that speaks OpenAI's Chat Completions, over bytes.

The SDK's typed layer costs more than the rest of a call together, so where the SDK knows more than
an address and a key, it is asked once for the final URL and headers, and takes no part after.
"""

import os
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import TYPE_CHECKING

from lumos_agent.errors import AuthenticationError, ProviderError, ProviderUnavailableError
from lumos_agent.providers.base import Part, Reply, Request
from lumos_agent.providers.chat import Assembler, decode_answer, decode_reply, encode_request
from lumos_agent.providers.http import Client
from lumos_agent.providers.sdk import ask_sdk

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI = "https://api.openai.com/v1"
PATH = "/chat/completions"
FRESH = 60.0
"""Seconds for which what a client said holds."""
HINTS = {
    401: "; is the key right?",
    403: "; is the key right?",
    404: "; is the model's name right?",
}


class DirectProvider:
    """A `Provider` over Chat Completions.

    *base_url* is `OPENAI_BASE_URL` or OpenAI if not given, *api_key* `OPENAI_API_KEY`; a server that
    is not OpenAI's needs no key. With *client*, an `AsyncOpenAI` of your own, its address,
    credentials and headers are used; what it does to answers (retries, hooks) is not.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str = "openai",
        base_url: str | None = None,
        api_key: str | None = None,
        client: "AsyncOpenAI | None" = None,
    ) -> None:
        self.name = name
        self.model = model
        base_url = str(client.base_url) if client else base_url or os.environ.get("OPENAI_BASE_URL")
        self.base_url = (base_url or OPENAI).rstrip("/")
        self._api_key = api_key
        self._client = client
        self._http = Client()
        self._target: tuple[str, Mapping[str, str]] | None = None
        self._asked = -FRESH

    async def generate(self, request: Request) -> Reply:
        """Answer *request*, whole."""
        try:
            url, headers = await self._where()
            body = encode_request(self.model, request, stream=False, limit=self._limit)
            async with self._http.post(url, body=body, headers=headers) as response:
                return decode_reply(await response.read(), response.headers.get("x-request-id"))
        except ProviderError as error:
            self._name(error)
            raise

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """Answer *request* in pieces; the stream is whole only if it says so."""
        try:
            url, headers = await self._where()
            body = encode_request(self.model, request, stream=True, limit=self._limit)
            async with self._http.post(url, body=body, headers=headers) as response:
                assembler = Assembler()
                buffer = b""
                async for data in response.content.iter_any():
                    *lines, buffer = (buffer + data).split(b"\n")
                    for line in lines:
                        if line.startswith(b"data:") and not assembler.done:
                            for part in _take(line[5:].strip(), assembler):
                                yield part
                if not (assembler.done or assembler.finish_reason):
                    raise ProviderUnavailableError("the stream broke off before it was complete")
                yield assembler.reply(response.headers.get("x-request-id"))
        except ProviderError as error:
            self._name(error)
            raise

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        await self._http.aclose()

    async def _where(self) -> tuple[str, Mapping[str, str]]:
        """The URL and headers; a client is asked again now and then, since its key may change."""
        if self._client is not None and time.monotonic() > self._asked + FRESH:
            self._target = await ask_sdk(self._client, PATH, self.model)
            self._asked = time.monotonic()
        if self._target is None:
            self._target = self._plain()
        return self._target

    def _plain(self) -> tuple[str, Mapping[str, str]]:
        headers = {"Content-Type": "application/json", "User-Agent": "lumos"}
        key = self._api_key or os.environ.get("OPENAI_API_KEY")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        elif self.base_url == OPENAI:
            raise AuthenticationError(
                "no API key; set OPENAI_API_KEY, pass api_key=, or set api_key_env in lumos.toml"
            )
        return self.base_url + PATH, headers

    @property
    def _limit(self) -> str:
        return "max_completion_tokens" if self.base_url == OPENAI else "max_tokens"

    def _name(self, error: ProviderError) -> None:
        """Say in *error* which model failed, and what to look at where the key is refused."""
        error.model = f"{self.name}/{self.model}"
        hint = HINTS.get(error.status or 0, "")
        error.args = (f"{error.model}: {error}{hint}",)


def _take(data: bytes, assembler: Assembler) -> Iterable[Part]:
    if data == b"[DONE]":
        assembler.done = True
        return ()
    return assembler.feed(decode_answer(data))
