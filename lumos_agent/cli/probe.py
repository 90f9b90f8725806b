"""What a model can do, found out by asking it."""

import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from lumos_agent.config import PROJECT, Config, ProviderConfig, Quirks
from lumos_agent.errors import (
    AuthenticationError,
    BadRequestError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
)
from lumos_agent.messages import Message, ToolCall, ToolResult, UserMessage
from lumos_agent.options import GenerateOptions, ToolChoice
from lumos_agent.providers.base import Provider, Reply, Request
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.endpoints import variable
from lumos_agent.providers.litellm import LiteLLMProvider
from lumos_agent.providers.text_mode import unwrapped
from lumos_tools import InvalidArgumentsError, ToolRegistry, function_tool

Verdict = tuple[bool | None, str, str]
"""Whether it is as it should be, or just worth knowing; what was found; what mends it."""
Question = Callable[[], Awaitable[Verdict]]


@function_tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


SAY = "Say: hello"
ONE = "Call add with a=2 and b=3."
TWO = "Call add two times at once: with a=2 and b=3, and with a=4 and b=5."
ANOTHER = "ask again, or use another model"


async def probe(provider: Provider, name: str, config: Config) -> AsyncIterator[Verdict]:
    """Ask *provider* one thing after the other; *name* is what *config* calls it."""
    asked = _Asked(provider, _Mends(provider, name, config))
    tools = config.features.function_calling
    calling = (asked.call, asked.forced, asked.both) if tools else ()
    for question in (asked.words, asked.stream, *calling):
        began = time.perf_counter()
        try:
            good, text, mend = await question()
        except ProviderError as error:
            good, text, mend = asked.failed(error, question)
        except Exception as error:  # noqa: BLE001  # of an installed package
            good, text = False, f"{type(error).__name__}: {error}"
            mend = f"LUMOS_DEBUG=1 lumos run hello --model {name} shows where"
        yield good, f"{text} ({time.perf_counter() - began:.1f} s)", mend
        if good is False and question in (asked.words, asked.call):
            return  # what cannot say hello, or call a tool, cannot do what follows either
    if not tools:
        yield None, "is not asked to call tools: [features] has function_calling = false", ""


class _Asked:
    """The questions, each with what mends it where the answer is not right."""

    def __init__(self, provider: Provider, mends: "_Mends") -> None:
        self._provider = provider
        self._mends = mends
        self._called = False

    async def words(self) -> Verdict:
        reply = await self._provider.generate(_request(SAY, tools=False))
        if not reply.message.text:
            return False, "answers, and says nothing", ANOTHER
        return True, f"answers: {reply.message.text[:40]!r}", ""

    async def stream(self) -> Verdict:
        quirks = quirks_of(self._provider)
        if quirks and not quirks.stream:
            return None, "is not asked to stream, as the configuration has it", ""
        *parts, last = [one async for one in self._provider.stream(_request(SAY, tools=False))]
        if not (isinstance(last, Reply) and last.message.text):
            return False, "streams, and says nothing", self._mends.quirk("stream = false")
        if last.usage.output_tokens:
            return True, f"streams, in {len(parts)} piece{'s' if len(parts) != 1 else ''}", ""
        return None, "streams, and does not say its usage", ""

    async def call(self) -> Verdict:
        asked = _request(ONE)
        reply = await self._provider.generate(asked)
        calls = reply.message.calls
        if not calls:
            return False, f"calls no tool: {reply.message.text[:40]!r}", self._mends.no_tools
        if fault := _fault(calls):
            return False, f"calls {fault}", self._mends.no_tools
        results = [ToolResult(one.id, one.name, await add.call(one.arguments)) for one in calls]
        self._called = True
        last = await self._provider.generate(
            _request("", before=[*asked.messages, reply.message, *results])
        )
        if not last.message.text:
            return False, "calls a tool, and says nothing of its result", ANOTHER
        return True, f"calls a tool, and takes its result: {last.message.text[:40]!r}", ""

    async def forced(self) -> Verdict:
        reply = await self._provider.generate(_request(SAY, choice="add"))
        if reply.message.calls:
            return True, "calls the tool that it must", ""
        return None, "does not call the tool that it must: tool_choice is only a hint to it", ""

    async def both(self) -> Verdict:
        calls = (await self._provider.generate(_request(TWO))).message.calls
        if fault := _fault(calls):
            return None, f"asked for two calls, it calls {fault}", ""
        if len(calls) > 1:
            return True, "calls two tools at once", ""
        return None, "calls one tool at a time" if calls else "asked for two calls, makes none", ""

    def failed(self, error: ProviderError, question: Question) -> Verdict:
        """What *error* comes to, as an answer to *question*."""
        if question == self.forced and isinstance(error, BadRequestError):
            return None, f"refuses tool_choice: {error}", 'it answers with tool_choice="auto"'
        return False, str(error).partition("; ")[0], self._mend(error, question)

    def _mend(self, error: ProviderError, question: Question) -> str:
        mends = self._mends
        if isinstance(error, AuthenticationError):
            return mends.key
        if isinstance(error, RateLimitError):
            return "wait and ask again, or see what your account may spend"
        if isinstance(error, ProviderUnavailableError) and question != self.stream:
            gone = question == self.words and error.status is None
            return mends.address if gone else "ask again; if it stays so, see what the server logs"
        if "max_completion_tokens" in str(error):
            return mends.limit
        if question == self.words:
            return mends.model(missing=error.status == 404)
        if question == self.stream:
            usage = "stream_options" in str(error)
            return mends.quirk("stream_usage = false" if usage else "stream = false")
        if question == self.call:
            return mends.result if self._called else mends.no_tools
        return ANOTHER


class _Mends:
    """The lines that mend, with the names that the user's configuration has."""

    def __init__(self, provider: Provider, name: str, config: Config) -> None:
        root = "tool.lumos." if Path(config.path).name == PROJECT else ""
        self._root = root
        self._provider = provider
        self._at = f"[{root}providers.{provider.name}]"
        self._alias = f"[{root}models.{_key(name)}]" if name in config.models else ""
        self._variable = key_variable(provider, config)

    @property
    def no_tools(self) -> str:
        other = "use a model that takes tools"
        if quirks_of(self._provider) is None:
            return other
        table = self._alias or f"[{self._root}models.NAME]"
        return f'{other}, or {table} tools = "text", and it writes its calls as text'

    @property
    def key(self) -> str:
        export = f"export {self._variable}=..." if self._variable else "export the right key"
        return f"{export}, or name another variable: {self._at} api_key_env = ..."

    @property
    def address(self) -> str:
        name = "AZURE_OPENAI_ENDPOINT"
        if self._provider.name != "azure":
            name = variable(self._provider.name, "BASE_URL")
        where = name if os.environ.get(name) else f"{self._at} base_url"
        return f"start the server, or say where it is: {where} = ..."

    @property
    def limit(self) -> str:
        quirks = quirks_of(self._provider) or Quirks()
        other = "max_tokens" if quirks.limit != "max_tokens" else "max_completion_tokens"
        return self.quirk(f'limit = "{other}"')

    @property
    def result(self) -> str:
        table = self._alias or self._at
        return (
            f"see which quirks {table} needs: call_ids and echo in docs/reference/configuration.md"
        )

    def model(self, *, missing: bool) -> str:
        named = f"{self._provider.name}/..."
        named = f'{self._alias} use = "{named}"' if self._alias else named
        if missing:
            return (
                f"name a model that it has: {named}, or mend its address: {self._at} base_url = ..."
            )
        return f"correct what it refuses, or name another model: {named}"

    def quirk(self, text: str) -> str:
        if quirks_of(self._provider) is None:
            return "tell those who made its package"
        return f"{self._alias or self._at} quirks = {{ {text} }}"


def key_variable(provider: Provider, config: Config) -> str:
    """The variable with the key of *provider*; nothing if only LiteLLM or a package knows it."""
    settings = config.providers.get(provider.name, ProviderConfig())
    if settings.api_key_env or not isinstance(unwrapped(provider), DirectProvider):
        return settings.api_key_env or ""
    name = provider.name
    return "AZURE_OPENAI_API_KEY" if name == "azure" else variable(name, "API_KEY")


def quirks_of(provider: Provider) -> Quirks | None:
    """The quirks of *provider*; None if it is of an installed package."""
    match unwrapped(provider):
        case DirectProvider() as provider:
            return provider.endpoint.quirks
        case LiteLLMProvider() as provider:
            return provider.quirks
        case _:
            return None


def _key(name: str) -> str:
    """*name* as a key of TOML."""
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else f'"{name}"'


def _request(
    text: str,
    *,
    tools: bool = True,
    choice: ToolChoice = "auto",
    before: Sequence[Message] = (),
) -> Request:
    return Request(
        messages=[*before, *([UserMessage(text)] if text else [])],
        tools=ToolRegistry(*([add] if tools else [])),
        tool_choice=choice,
        options=GenerateOptions(max_tokens=2_000),
    )


def _fault(calls: Sequence[ToolCall]) -> str:
    """What is wrong with one of *calls*, if anything is."""
    for call in calls:
        if call.name != add.name:
            return f"{call.name!r}, which it was not given"
        try:
            add.check(call.arguments)
        except InvalidArgumentsError as error:
            return f"a tool with arguments that do not fit: {error}"
    return ""
