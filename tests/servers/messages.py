"""The suite's own Anthropic server: real sockets, real server-sent events, strict rules."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

from aiohttp import web

from tests.servers.anthropic_rules import THOUGHTS, fault
from tests.servers.chat import Answer, Call, ChatServer, cut

VERSION = "2023-06-01"
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}

_ids = count(1)

Block = dict[str, Any]


class MessagesServer(ChatServer):
    """`POST /v1/messages` on a port of its own, for as long as `async with` lasts."""

    root = ""
    path = "/v1/messages"
    identity = {"request-id": "req_1"}
    first_piece = 3
    end = b""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.given: list[Block] = []
        """Every thinking block that was given out: no other is taken back."""
        self._thoughts: dict[str, list[list[Block]]] = {}

    def _app(self) -> web.Application:
        app = super()._app()
        app.on_response_prepare.append(self._identify)
        return app

    async def _identify(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in self.identity.items():
            response.headers.setdefault(name, value)

    def _header_fault(self, request: web.Request) -> tuple[int, str, str | None] | None:
        if request.headers.get("x-api-key") != self._key:
            return 401, "invalid x-api-key", None
        version = request.headers.get("anthropic-version")
        if version is None:
            return 400, "anthropic-version: header is required", None
        if version != VERSION:
            return 400, f'anthropic-version: "{version}" is not a valid version', None
        return None

    def _fault(self, body: Any) -> str | None:
        return fault(body) or self._forged(body["messages"]) or self._modified(body)

    def _forged(self, messages: list[dict[str, Any]]) -> str | None:
        for number, message in enumerate(messages):
            for index, block in enumerate(_listed(message)):
                if block["type"] in THOUGHTS and block not in self.given:
                    key = "data" if "data" in block else "signature"
                    place = f"messages.{number}.content.{index}"
                    return f"{place}: Invalid `{key}` in `{block['type']}` block"
        return None

    def _modified(self, body: dict[str, Any]) -> str | None:
        """Thinking with calls comes back whole while the assistant's turn lasts."""
        if body.get("thinking", {}).get("type") not in ("enabled", "adaptive"):
            return None
        said = [message for message in body["messages"] if message["role"] == "assistant"]
        for message in said[-1:]:
            for block in _listed(message):
                known = self._thoughts.get(block.get("id", ""))
                if known and _thoughts(_listed(message)) not in known:
                    return (
                        "messages: `thinking` or `redacted_thinking` blocks in the latest "
                        "assistant message cannot be modified. These blocks must remain as they "
                        "were in the original response."
                    )
        return None

    def _no_model(self, model: str) -> tuple[int, str, str | None]:
        return 404, f"model: {model}", None

    def _refusal(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        return self._error(status, {"message": message})

    def _error(self, status: int, error: dict[str, Any] | None) -> dict[str, Any]:
        problem = {"type": KINDS.get(status, "api_error"), **(error or {})}
        return {"type": "error", "error": problem, "request_id": "req_1"}

    def _body(self, body: dict[str, Any], answer: Answer) -> dict[str, Any]:
        blocks = [block for block, _ in self._told(answer)]
        usage = _usage(answer, answer.usage[1])
        return {**_message(body), "content": blocks, "stop_reason": _reason(answer), "usage": usage}

    def _events(self, body: dict[str, Any], answer: Answer) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": {**_message(body), "usage": _usage(answer, 1)}}
        yield {"type": "ping"}
        for index, (block, arguments) in enumerate(self._told(answer)):
            start, deltas = _pieces(block, arguments, answer)
            yield {"type": "content_block_start", "index": index, "content_block": start}
            for delta in deltas:
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        delta = {"stop_reason": _reason(answer), "stop_sequence": None}
        usage = {"output_tokens": answer.usage[1]}
        yield {"type": "message_delta", "delta": delta, "usage": usage}
        yield {"type": "message_stop"}

    def _frame(self, event: dict[str, Any]) -> bytes:
        return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

    def _told(self, answer: Answer) -> list[tuple[Block, str | None]]:
        told = content(answer)
        thoughts = _thoughts([block for block, _ in told])
        self.given += [block for block in thoughts if block not in self.given]
        for block, arguments in told:
            if arguments is not None:
                self._thoughts.setdefault(block["id"], []).append(thoughts)
        return told


def content(answer: Answer) -> list[tuple[Block, str | None]]:
    """The blocks of an answer, those of its calls with the arguments as they were written."""
    told: list[tuple[Block, str | None]] = []
    if answer.reasoning:
        told.append((thought(answer.reasoning), None))
    told += [(block, None) for block in answer.blocks]
    if answer.text:
        told.append(({"type": "text", "text": answer.text}, None))
    return told + [(_tool_use(call), call.arguments) for call in answer.calls]


def thought(text: str) -> Block:
    """The thinking block of a text, with the only signature that fits it."""
    digest = hashlib.shake_256(f"the suite's own key: {text}".encode()).digest(256)
    signature = base64.b64encode(digest).decode()
    return {"type": "thinking", "thinking": text, "signature": signature}


def _tool_use(call: Call) -> Block:
    arguments = {}
    with suppress(ValueError):  # max_tokens may have cut them off
        arguments = json.loads(call.arguments)
    name = call.id or f"toolu_{next(_ids)}"
    return {"type": "tool_use", "id": name, "name": call.name, "input": arguments}


def _pieces(block: Block, arguments: str | None, answer: Answer) -> tuple[Block, list[Block]]:
    """A block as it starts, and the deltas that complete it."""
    if block in answer.blocks:
        return block, []
    if arguments is not None:
        pieces = ["", *([] if arguments == "{}" else cut(arguments, answer.chunk))]
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        return {**block, "input": {}}, deltas
    kind = block["type"]
    deltas = [{"type": f"{kind}_delta", kind: piece} for piece in cut(block[kind], answer.chunk)]
    if kind == "text":
        return {**block, "text": ""}, deltas
    signed = {"type": "signature_delta", "signature": block["signature"]}
    return {**block, "thinking": "", "signature": ""}, [*deltas, signed]


def _listed(message: dict[str, Any]) -> list[Block]:
    return message["content"] if isinstance(message["content"], list) else []


def _thoughts(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block["type"] in THOUGHTS]


def _message(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{next(_ids)}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _reason(answer: Answer) -> str:
    return answer.finish_reason or ("tool_use" if answer.calls else "end_turn")


def _usage(answer: Answer, output: int) -> dict[str, int]:
    prompt, _, cached, _ = answer.usage
    return {
        "input_tokens": prompt - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": output,
    }
