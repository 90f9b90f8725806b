"""Whatever LiteLLM speaks with: the only file that knows it.

It is imported once, when an agent that needs it is opened: that takes seconds. What it makes of answers
is read with care; `docs/reference/litellm.md` lists what it cannot do, and the tests hold the list.
"""

import gc
import os
import re
import threading
import warnings
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import aclosing
from functools import cache
from typing import Any

import msgspec

from lumos_agent.config import Quirks, nearest
from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    Kind,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
)
from lumos_agent.messages import AssistantMessage, Message
from lumos_agent.prices import Price, price_of
from lumos_agent.providers.anthropic import cannot_think
from lumos_agent.providers.base import Part, Reply, Request, pieces
from lumos_agent.providers.chat import ChatWire, legal_name
from lumos_agent.providers.chat_replies import Answer, Assembler
from lumos_agent.providers.endpoints import KNOWN, Endpoint
from lumos_agent.providers.http import (
    CODES,
    STATUSES,
    advice,
    is_broke,
    is_too_long,
    retry_after,
)
from lumos_agent.providers.mending import Mending
from lumos_agent.providers.patience import Patience, whole

NAME = "litellm"
ERRORS: dict[str, type[ProviderError]] = {
    "ContextWindowExceededError": ContextLengthError,
    "ContentPolicyViolationError": ContentFilterError,
    "AuthenticationError": AuthenticationError,
    "PermissionDeniedError": AuthenticationError,
    "RateLimitError": RateLimitError,
    "PaymentRequiredError": RateLimitError,
    "BadRequestError": BadRequestError,
    "NotFoundError": BadRequestError,
    "UnprocessableEntityError": BadRequestError,
    "APIConnectionError": ProviderUnavailableError,
    "Timeout": ProviderUnavailableError,
}
"""By the names of LiteLLM's errors, the narrower ones first."""

_lock = threading.Lock()


class LiteLLMProvider:
    """A `Provider` through LiteLLM, for all of its models.

    *name* is LiteLLM's name of the provider and *model* the model's name there; with the name
    `litellm`, *model* has both.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str = NAME,
        base_url: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        quirks: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self._asked = model if name == NAME else f"{name}/{model}"
        provider = self._asked.partition("/")[0]
        self.quirks = _quirks(provider, quirks or {})
        self._maker = f"{NAME}/{provider}"
        self._wire = ChatWire(self._maker, self.quirks)
        self._mending = Mending(f"{name}/{model}", self._wire.offers)
        given = {"api_base": base_url, "api_key": api_key, "extra_headers": dict(headers or {})}
        self._settings = {key: value for key, value in given.items() if value}

    @property
    def price(self) -> Price | None:
        """What its model costs, where it is asked at its maker's own address."""
        return None if "api_base" in self._settings else price_of(NAME, self._asked)

    async def generate(self, request: Request) -> Reply:
        """Answer *request*, whole."""
        await self.aopen()
        mended = self._mending.of(request)
        while True:
            try:
                return await self._generate(mended.request)
            except BadRequestError as error:
                mended.after(error)

    async def _generate(self, request: Request) -> Reply:
        timeout = request.options.timeout
        try:
            answer = await whole(load().acompletion(**self._arguments(request)), timeout)
            assembler = self._assembler(request)
            assembler.read(plain_answer(answer))
            return assembler.reply(_request_id(answer))
        except ProviderError as error:
            self._name(error)
            raise
        except Exception as error:
            raise self._failure(error) from error

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """Answer *request* in pieces; the stream is whole only if its provider said so."""
        if not self.quirks.stream:
            for part in pieces(await self.generate(request)):
                yield part
            return
        await self.aopen()
        mended, told = self._mending.of(request), False
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

    async def _stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        patience = Patience(request.options.timeout)
        try:
            streaming = STREAMING if self.quirks.stream_usage else {"stream": True}
            asked = load().acompletion(**self._arguments(request), **streaming)
            chunks = await patience.wait(asked)
            assembler = self._assembler(request)
            try:
                while (chunk := await patience.wait(anext(chunks, None))) is not None:
                    moved = False
                    for part in assembler.feed(plain_answer(chunk)):
                        moved = True
                        yield part
                    if moved:  # what the reader took is not the provider's time
                        patience.moved()
            finally:
                await chunks.aclose()
            assembler.finish_reason = _said_reason(chunks)
            assembler.usage = _said_usage(chunks)
            yield assembler.reply(_request_id(chunks))
        except ProviderError as error:
            self._name(error)
            raise
        except Exception as error:
            raise self._failure(error) from error

    async def aopen(self) -> None:
        """Import LiteLLM, if nobody has yet. Raises `ConfigError` for a provider it does not know."""
        load()
        _check_provider(self._asked)

    async def aclose(self) -> None:
        """LiteLLM keeps its connections for all who use it, and closes them when the program ends."""

    def missing_keys(self) -> list[str]:
        """The environment variables without which LiteLLM cannot ask this model, as far as it knows."""
        if "api_key" in self._settings:
            return []
        return list(load().validate_environment(self._asked)["missing_keys"])

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments = {
            **NO_EXTRAS,
            "timeout": request.options.timeout.total,
            **self._settings,
            **self._wire.head(request),
            "model": self._asked,
            "messages": [self._wire.plain(message) for message in request.messages],
        }
        extra = dict(request.options.extra)
        tools = [*extra.pop("tools", ()), *self._wire.offers.of(request.tools).entries]
        if not tools and (tools := _stubs(request.messages)):
            arguments["tool_choice"] = "none"
        if tools:
            arguments["tools"] = tools
        if cannot_think(request, extra, self._thought):
            del extra["thinking"]
        if extra:  # goes as it is, whether LiteLLM thinks that the model knows it or not
            arguments |= {"allowed_openai_params": [*extra], **extra}
        return arguments

    def _thought(self, message: AssistantMessage) -> bool:
        return bool(message.native.get(self._maker, {}).get("thinking_blocks"))

    def _assembler(self, request: Request) -> Assembler:
        raised = self._wire.offers.of(request.tools).raised
        return Assembler(
            request.messages,
            maker=self._maker,
            echo=self.quirks.echo,
            raised=raised,
            names=request.tools,
        )

    def _name(self, error: ProviderError) -> None:
        error.model = f"{self.name}/{self.model}"
        error.args = (f"{error.model}: {error}",)

    def _failure(self, error: Exception) -> ProviderError:
        """What LiteLLM's *error* means to a run."""
        model = f"{self.name}/{self.model}"
        status = getattr(error, "status_code", None)
        names = [kind.__name__ for kind in type(error).__mro__]
        if missing := next((one for one in _causes(error) if isinstance(one, ImportError)), None):
            return BadRequestError(
                f"{model}: {missing}; install the package that LiteLLM needs for it", model=model
            )
        told, headers = _told(error), _headers(error)
        broke = status == 402 or any(is_broke(vars(one), told) for one in _causes(error))
        kinds = [RateLimitError if broke else None, CODES.get(_first(error, "code"))]
        kinds += [ContextLengthError] if status and is_too_long(told, status) else []
        kinds += [kind for name, kind in ERRORS.items() if name in names]
        kind = next(filter(None, [*kinds, STATUSES.get(status or 0)]), ProviderUnavailableError)
        return kind(
            f"{model}: {told}",
            kind="quota" if broke else _kind(error),
            model=model,
            status=status if isinstance(status, int) else None,
            retry_after=retry_after(headers, told),
            retryable=advice(headers),
        )


def _kind(error: Exception) -> Kind | None:
    """How it failed, where LiteLLM's error, or one below it, says more than ours."""
    own, *below = ({kind.__name__ for kind in type(one).__mro__} for one in _causes(error))
    if "Timeout" in own:
        return "timeout"
    broke = "APIConnectionError" in own or any("NetworkError" in names for names in below)
    return "connection" if broke else None


NO_EXTRAS = {
    "num_retries": 0,
    "max_retries": 0,
    "drop_params": False,  # an option that a provider lacks is refused, not dropped
    "_skip_mcp_handler": True,  # with tools it wants the `mcp` package, which it does not install
}
STREAMING = {"stream": True, "stream_options": {"include_usage": True}}


def load() -> Any:
    """LiteLLM, imported without a look at the network, and made silent."""
    with _lock:
        return _imported()


@cache
def _imported() -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it fetches the price list
    collects = gc.isenabled()
    gc.disable()  # a quarter of the time would go into looking for garbage
    try:
        import litellm
    finally:
        if collects:
            gc.enable()
    # Its types warn as they are built, at each provider's first answer.
    warnings.filterwarnings(
        "ignore", message=".*using the `ReadOnly` qualifier", category=UserWarning
    )
    loaded: Any = litellm
    loaded.telemetry = False
    loaded.suppress_debug_info = True
    return loaded


@cache
def _check_provider(model: str) -> None:
    litellm = load()
    try:
        litellm.get_llm_provider(model)
    except litellm.BadRequestError as error:
        name = model.partition("/")[0]
        known = [*KNOWN, *map(str, (one.value for one in litellm.provider_list))]
        raise ConfigError(
            f"no provider {name!r}, and LiteLLM knows none either; "
            f"{nearest(name, known) or 'see docs/guides/providers.md for those there are'}"
        ) from error


def _quirks(provider: str, given: Mapping[str, Any]) -> Quirks:
    """How LiteLLM's *provider* is spoken to; Gemini's ids go back as they came, for LiteLLM hides its
    signatures in them.
    """
    known = KNOWN["gemini"] if provider.startswith("vertex_ai") else KNOWN.get(provider, Endpoint())
    usual: dict[str, Any] = {"call_ids": known.quirks.call_ids, "echo": ("thinking_blocks",)}
    return Quirks(**{**usual, **given})


def _stubs(messages: Collection[Message]) -> list[dict[str, Any]]:
    """Tools that were called and are not offered any more: LiteLLM wants those of the history."""
    calls = [call for one in messages if isinstance(one, AssistantMessage) for call in one.calls]
    return [
        {"type": "function", "function": {"name": name, "description": "Not available any more."}}
        for name in dict.fromkeys(legal_name(call.name) for call in calls)
    ]


def plain_answer(answer: Any) -> Answer:
    """LiteLLM's object in the shape that the decoder of the wire has."""
    return msgspec.convert(answer, Answer, from_attributes=True)


def _said_reason(chunks: Any) -> str:
    """Why the provider stopped; LiteLLM makes `stop` up where a stream breaks off in the middle."""
    said = chunks.received_finish_reason or chunks.intermittent_finish_reason
    if not said:
        raise ProviderUnavailableError(
            "the stream broke off before it was complete", kind="connection"
        )
    return str(said)


def _said_usage(chunks: Any) -> dict[str, Any]:
    """What the provider counted; LiteLLM's sum at the end may be its own estimate."""
    total: dict[str, Any] = {}
    for chunk in chunks.chunks:
        usage = getattr(chunk, "usage", None)
        for name in COUNTED:
            total[name] = getattr(usage, name, None) or total.get(name)
    return total


COUNTED = (
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
)


def _request_id(answer: Any) -> str | None:
    hidden: dict[str, Any] = getattr(answer, "_hidden_params", None) or {}
    headers: dict[str, Any] = hidden.get("additional_headers") or {}
    for name in ("x-request-id", "request-id"):
        if found := headers.get(f"llm_provider-{name}"):
            return str(found)
    return None


def _told(error: Exception) -> str:
    """What *error* says, without LiteLLM's own names before it, and its pages after it."""
    text = (str(getattr(error, "message", "")) or str(error)).partition("\n")[0]
    if found := SAID.search(text):
        return found[1].replace('\\"', '"')
    return FRAME.sub("", text)


SAID = re.compile(r'"message": ?"((?:[^"\\]|\\.)*)"')
"""What a server said, where LiteLLM gives its whole answer for a message."""
FRAME = re.compile(
    r"^(?:[\w. ]*(?:Error|Exception|Timeout)(?::| -) )+|\W{0,9}Handle with `litellm\.\w+`\.?"
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """*error*, and what it was raised for: LiteLLM's own errors know less than those below."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first(error: BaseException, name: str) -> str:
    found = (getattr(one, name, None) for one in _causes(error))
    return next((str(one) for one in found if one), "")


def _headers(error: BaseException) -> Mapping[str, str]:
    """What the server's answer had beside its body; LiteLLM's own errors have answers that it made up."""
    found: dict[str, str] = {}
    for one in _causes(error):
        said = getattr(getattr(one, "response", None), "headers", None)
        found.update(said or {})
    return found
