"""The suite's own OpenAI-compatible server: real sockets, real server-sent events, strict rules."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Self

from aiohttp import web

from tests.servers.openai_rules import Fault, decode, fault

_ids = count(1)


@dataclass(frozen=True)
class Call:
    """A call that an answer asks for; without an id it gets one."""

    name: str
    arguments: str = "{}"
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, and how it goes over the wire."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    """Content blocks before the text, as they are; only `MessagesServer` has any."""
    refusal: str = ""
    usage: tuple[int, int, int, int] = (10, 5, 0, 0)
    """Prompt, completion, cached and reasoning tokens."""
    finish_reason: str | None = None
    status: int = 200
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    chunk: int = 4
    """Characters of text or arguments in one event."""
    cut_after: int | None = None
    """Close the connection politely after so many events."""
    hang: bool = False
    """Begin to answer, and then wait until the client has gone."""
    raw: bytes | Sequence[bytes] | None = None
    """The body, as it is; of a stream perhaps in several pieces."""
    pause: float = 0.0
    """Seconds between the pieces of `raw`."""
    reset: bool = False
    """Break the connection after `raw`, or after `cut_after` events; without them before the head."""


Script = Sequence[Answer] | Callable[[dict[str, Any]], Answer]


def says(text: str, **more: Any) -> Answer:
    """An answer in words."""
    return Answer(text=text, **more)


def wants(*calls: Call, **more: Any) -> Answer:
    """An answer that calls tools."""
    return Answer(calls=calls, **more)


def turns(number: int, call: Call, text: str) -> Callable[[dict[str, Any]], Answer]:
    """A script for any number of runs at once: *call* in so many turns of each, and then *text*."""

    def answer(body: dict[str, Any]) -> Answer:
        done = sum(map(_results, body["messages"]))
        return says(text) if done >= number else wants(replace(call, id=f"call_{done}"))

    return answer


def _results(message: dict[str, Any]) -> int:
    content = message.get("content")
    blocks = content if isinstance(content, list) else ()
    return (message["role"] == "tool") + sum(block["type"] == "tool_result" for block in blocks)


class ChatServer:
    """`POST /v1/chat/completions` on a port of its own, for as long as `async with` lasts."""

    root = "/v1"
    path = "/chat/completions"
    identity = {"x-request-id": "req_1"}
    first_piece = 1
    """Where in a stream the first piece of the answer is."""
    end = b"data: [DONE]\n\n"

    def __init__(
        self, script: Script, *, key: str = "test-key", models: Sequence[str] = ("test-model",)
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.refusals: list[str] = []
        self.left = 0
        self.base_url = ""
        self._script = script
        self._key = key
        self._models = models

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{self.root}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(self.root + self.path, self._post)
        return app

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._header_fault(request):
            return self._refuse(*refusal)
        try:
            body = decode(await request.read())
        except Fault as error:
            return self._refuse(400, str(error))
        if message := self._fault(body):
            return self._refuse(400, message)
        if body["model"] not in self._models:
            return self._refuse(*self._no_model(body["model"]))
        self.requests.append(body)
        answer = self._next(body)
        await asyncio.sleep(answer.delay)
        if answer.reset and answer.raw is None and answer.cut_after is None:
            await self._reset(request)
        if body.get("stream"):
            return await self._stream(request, body, answer)
        if answer.reset or (answer.hang and answer.raw is not None):
            return await self._half(request, answer)
        return await self._whole(body, answer)

    def _next(self, body: dict[str, Any]) -> Answer:
        if callable(self._script):
            return self._script(body)
        if len(self.requests) > len(self._script):
            self.refusals.append("the script is over")
            return Answer(status=500, error={"message": "the script is over"})
        return self._script[len(self.requests) - 1]

    def _refuse(self, status: int, message: str, code: str | None = None) -> web.Response:
        self.refusals.append(message)
        return web.json_response(self._refusal(status, message, code), status=status)

    async def _whole(self, body: dict[str, Any], answer: Answer) -> web.Response:
        if answer.hang:
            await self._wait()
        if answer.raw is not None:
            raw = b"".join(_listed(answer.raw))
            return web.Response(body=raw, headers=answer.headers, status=answer.status)
        if answer.status != 200:
            error = self._error(answer.status, answer.error)
            return web.json_response(error, status=answer.status, headers=answer.headers)
        return web.json_response(self._body(body, answer), headers=self.identity)

    async def _wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1

    async def _reset(self, request: web.Request) -> None:
        """Break the connection, and wait to be cancelled for it."""
        transport = request.transport
        assert transport is not None
        await asyncio.sleep(0.01)  # the client reads what there is: a reset takes the rest away
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await asyncio.Event().wait()

    async def _half(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        """The beginning of a whole answer, and no end."""
        raw = b"".join(_listed(answer.raw or b""))
        length = str(2 * len(raw) + 1)
        response = web.StreamResponse(headers={**self.identity, "Content-Length": length})
        await response.prepare(request)
        await response.write(raw)
        if answer.hang:
            await self._wait()
        await self._reset(request)
        return response

    async def _stream(
        self, request: web.Request, body: dict[str, Any], answer: Answer
    ) -> web.StreamResponse:
        if answer.status != 200 or (answer.raw is not None and answer.chunk == 0):
            return await self._whole(body, answer)
        headers = {"Content-Type": "text/event-stream", **self.identity, **answer.headers}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        raw = answer.raw is not None
        events = (
            _listed(answer.raw)
            if answer.raw is not None
            else [self._frame(event) for event in self._events(body, answer)]
        )
        for place, event in enumerate(events[: answer.cut_after]):
            await response.write(event)
            if answer.hang and not raw and place == self.first_piece:
                await self._wait()
            await asyncio.sleep(answer.pause)
        if answer.hang and raw:
            await self._wait()
        if answer.reset:
            await self._reset(request)
        if answer.cut_after is None and answer.raw is None:
            await response.write(self.end)
        await response.write_eof()
        return response

    # What is OpenAI's own, for a server of another API to override.

    def _header_fault(self, request: web.Request) -> tuple[int, str, str | None] | None:
        if request.headers.get("Authorization") == f"Bearer {self._key}":
            return None
        return 401, "Incorrect API key provided.", "invalid_api_key"

    def _fault(self, body: Any) -> str | None:
        return fault(body)

    def _no_model(self, model: str) -> tuple[int, str, str | None]:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return 404, message, "model_not_found"

    def _refusal(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        kind = "invalid_request_error"
        error = {"message": message, "type": kind, "param": None, "code": code}
        return self._error(status, error)

    def _error(self, status: int, error: dict[str, Any] | None) -> dict[str, Any]:
        return {"error": error}

    def _body(self, body: dict[str, Any], answer: Answer) -> dict[str, Any]:
        return completion(answer)

    def _events(self, body: dict[str, Any], answer: Answer) -> Iterator[dict[str, Any]]:
        return chunks(answer, bool(body.get("stream_options", {}).get("include_usage")))

    def _frame(self, event: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps(event).encode() + b"\n\n"


def _listed(raw: bytes | Sequence[bytes]) -> list[bytes]:
    return [raw] if isinstance(raw, bytes) else list(raw)


def completion(answer: Answer) -> dict[str, Any]:
    """A whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.refusal:
        message["refusal"] = answer.refusal
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["tool_calls"] = [_call(call) for call in answer.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answer)}
    return {**_envelope("chat.completion"), "choices": [choice], "usage": _usage(answer)}


def chunks(answer: Answer, with_usage: bool) -> Iterator[dict[str, Any]]:
    """The same in pieces, as OpenAI sends them."""
    envelope = _envelope("chat.completion.chunk")

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**envelope, "choices": [choice]}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for name, text in (
        ("reasoning_content", answer.reasoning),
        ("content", answer.text),
        ("refusal", answer.refusal),
    ):
        for piece in cut(text, answer.chunk):
            yield chunk({name: piece})
    for index, call in enumerate(answer.calls):
        first = _call(replace(call, arguments=""))
        yield chunk({"tool_calls": [{"index": index, **first}]})
        for piece in cut(call.arguments, answer.chunk):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _reason(answer))
    if with_usage:
        yield {**envelope, "choices": [], "usage": _usage(answer)}


def cut(text: str, size: int) -> list[str]:
    """The text in pieces of so many characters."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def _call(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id or f"call_{next(_ids)}", "type": "function", "function": function}


def _reason(answer: Answer) -> str:
    return answer.finish_reason or ("tool_calls" if answer.calls else "stop")


def _usage(answer: Answer) -> dict[str, Any]:
    prompt, output, cached, reasoning = answer.usage
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def _envelope(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{next(_ids)}",
        "object": kind,
        "created": int(time.time()),
        "model": "test-model",
        "system_fingerprint": "fp_test",
    }
