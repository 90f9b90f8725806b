"""The Anthropic test server, as a client sees it that knows nothing but HTTP."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.servers.chat import Answer, Call, says, turns, wants
from tests.servers.messages import MessagesServer, thought

HEADERS = {"x-api-key": "test-key", "anthropic-version": "2023-06-01"}
TOOLS = [{"name": "add", "input_schema": {"type": "object"}}]
USER = {"role": "user", "content": "?"}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "?"}}
HIDDEN = {"type": "redacted_thinking", "data": "abc"}


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    asked = [*messages] or [USER]
    return {"model": "test-model", "max_tokens": 9, "messages": asked, "tools": TOOLS, **more}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [*blocks]}


def results(*names: str) -> dict[str, Any]:
    content = [{"type": "tool_result", "tool_use_id": name} for name in names]
    return {"role": "user", "content": content}


async def post(
    server: MessagesServer, sent: Any, headers: dict[str, str] = HEADERS
) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        url = f"{server.base_url}/v1/messages"
        async with session.post(url, json=sent, headers=headers) as response:
            assert "req_1" == response.headers["request-id"]
            return response.status, await response.text()


async def whole(server: MessagesServer, sent: Any) -> dict[str, Any]:
    status, text = await post(server, sent)
    assert 200 == status, text
    reply: dict[str, Any] = json.loads(text)
    return reply


async def stream(server: MessagesServer, **more: Any) -> list[dict[str, Any]]:
    """The events, each of which has the name of its type."""
    _, text = await post(server, body(stream=True, **more))
    events = []
    for framed in text.split("\n\n")[:-1]:
        name, data = framed.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert f"event: {events[-1]['type']}" == name
    return events


def start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, key: str, text: str) -> dict[str, Any]:
    return {
        "type": "content_block_delta",
        "index": index,
        "delta": {"type": f"{kind}_delta", key: text},
    }


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


async def test_whole():
    """A whole answer has its blocks in the API's order: thinking, given ones, text, calls."""
    answer = Answer(
        reasoning="Add.",
        blocks=(SEARCH,),
        text="Let me add.",
        calls=(Call("add", '{"a": 1}', "x"),),
        usage=(9, 4, 3, 2),
    )
    async with MessagesServer([answer]) as server:
        reply = await whole(server, body())

    assert reply.pop("id").startswith("msg_")
    assert {
        "type": "message",
        "role": "assistant",
        "model": "test-model",
        "content": [
            thought("Add."),
            SEARCH,
            {"type": "text", "text": "Let me add."},
            {"type": "tool_use", "id": "x", "name": "add", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 6,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 3,
            "output_tokens": 4,
        },
    } == reply
    assert [thought("Add.")] == server.given
    assert [] == server.refusals


async def test_stream_text():
    """A stream opens with the message and a ping, and ends with the reason and the usage."""
    async with MessagesServer([says("Hello, world", chunk=5, usage=(9, 4, 3, 0))]) as server:
        first, *events = await stream(server)

    assert ("message_start", [], None) == (
        first["type"],
        first["message"]["content"],
        first["message"]["stop_reason"],
    )
    assert {
        "input_tokens": 6,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 3,
        "output_tokens": 1,
    } == first["message"]["usage"]
    assert [
        {"type": "ping"},
        start(0, {"type": "text", "text": ""}),
        delta(0, "text", "text", "Hello"),
        delta(0, "text", "text", ", wor"),
        delta(0, "text", "text", "ld"),
        stop(0),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 4},
        },
        {"type": "message_stop"},
    ] == events


async def test_stream_blocks():
    """The index counts blocks; a given block is whole at its start; arguments begin empty."""
    answer = Answer(
        reasoning="Add.",
        blocks=(HIDDEN,),
        calls=(Call("add", '{"a": 1}', "x"), Call("add", "{}", "y")),
    )
    async with MessagesServer([answer]) as server:
        events = await stream(server)

    asked = {"type": "tool_use", "name": "add", "input": {}}
    assert [
        start(0, {"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, "thinking", "thinking", "Add."),
        delta(0, "signature", "signature", thought("Add.")["signature"]),
        stop(0),
        start(1, HIDDEN),
        stop(1),
        start(2, {**asked, "id": "x"}),
        delta(2, "input_json", "partial_json", ""),
        delta(2, "input_json", "partial_json", '{"a"'),
        delta(2, "input_json", "partial_json", ": 1}"),
        stop(2),
        start(3, {**asked, "id": "y"}),
        delta(3, "input_json", "partial_json", ""),
        stop(3),
    ] == events[2:-2]
    assert "tool_use" == events[-2]["delta"]["stop_reason"]
    assert [thought("Add."), HIDDEN] == server.given


async def test_reasons():
    """A reason that the script gives is told as it is, and arguments may be cut off."""
    cut_off = wants(Call("add", '{"a'), finish_reason="max_tokens")
    async with MessagesServer([says("Wait", finish_reason="pause_turn"), cut_off]) as server:
        paused = await whole(server, body())
        cut = await whole(server, body())

    assert "pause_turn" == paused["stop_reason"]
    assert ("max_tokens", {}) == (cut["stop_reason"], cut["content"][0]["input"])
    assert cut["content"][0]["id"].startswith("toolu_")


@pytest.mark.parametrize(
    ("sent", "headers", "status", "kind", "message"),
    [
        (body(), {"x-api-key": "no"}, 401, "authentication_error", "invalid x-api-key"),
        (
            body(),
            {"x-api-key": "test-key"},
            400,
            "invalid_request_error",
            "anthropic-version: header is required",
        ),
        (
            body(),
            {**HEADERS, "anthropic-version": "1"},
            400,
            "invalid_request_error",
            'anthropic-version: "1" is not a valid version',
        ),
        (body(model="x"), HEADERS, 404, "not_found_error", "model: x"),
        (
            body(n=1),
            HEADERS,
            400,
            "invalid_request_error",
            "n: Extra inputs are not permitted",
        ),
        (body(), HEADERS, 500, "api_error", "the script is over"),
    ],
)
async def test_refusals(sent: Any, headers: dict[str, str], status: int, kind: str, message: str):
    """A wrong key, version, model or rule is refused in Anthropic's envelope."""
    async with MessagesServer([]) as server:
        got, text = await post(server, sent, headers)

    error = {"type": kind, "message": message}
    assert (status, {"type": "error", "error": error, "request_id": "req_1"}) == (
        got,
        json.loads(text),
    )
    assert [message] == server.refusals


async def test_no_json():
    """A body that is no JSON is refused."""
    async with MessagesServer([]) as server, aiohttp.ClientSession() as session:
        url = f"{server.base_url}/v1/messages"
        async with session.post(url, data=b"{", headers=HEADERS) as response:
            reply = await response.json()

    assert (400, "invalid_request_error") == (response.status, reply["error"]["type"])


async def test_scripted_errors():
    """An error of the script has the type that goes with its status, or its own."""
    slow = Answer(status=429, error={"message": "slow"}, headers={"retry-after": "1"})
    full = Answer(status=529, error={"type": "full", "message": "full"})
    async with MessagesServer([slow, full]) as server:
        first = await post(server, body(stream=True))
        second = await post(server, body())

    assert (429, "rate_limit_error") == (first[0], json.loads(first[1])["error"]["type"])
    assert (529, "full") == (second[0], json.loads(second[1])["error"]["type"])


async def test_replay():
    """A turn goes on if its blocks come back as they were given."""
    answer = wants(Call("add", "{}", "x"), reasoning="Add.", blocks=(HIDDEN,))
    async with MessagesServer([answer, says("5")]) as server:
        first = await whole(server, body(**THINKING))
        messages = [USER, assistant(*first["content"]), results("x")]
        last = await whole(server, body(*messages, **THINKING))

    assert [{"type": "text", "text": "5"}] == last["content"]
    assert [] == server.refusals


FORGED = {**thought("Add."), "thinking": "Subtract."}


@pytest.mark.parametrize(
    ("blocks", "why"),
    [
        ([FORGED], "messages.1.content.0: Invalid `signature` in `thinking` block"),
        (
            [thought("Subtract.")],
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
        (
            [thought("Add."), {**HIDDEN, "data": "b"}],
            "messages.1.content.1: Invalid `data` in `redacted_thinking` block",
        ),
        ([], "Expected `thinking` or `redacted_thinking`, but found `tool_use`"),
        ([thought("Add.")], "in the latest assistant message cannot be modified"),
        ([HIDDEN, thought("Add.")], "in the latest assistant message cannot be modified"),
    ],
)
async def test_bad_replay(blocks: list[Any], why: str):
    """Thinking that was not given, or that comes back in part or in another order, is refused."""
    answer = wants(Call("add", "{}", "x"), reasoning="Add.", blocks=(HIDDEN,))
    async with MessagesServer([answer]) as server:
        first = await whole(server, body(**THINKING))
        messages = [USER, assistant(*blocks, first["content"][-1]), results("x")]
        status, text = await post(server, body(*messages, **THINKING))

    assert 400 == status
    assert why in json.loads(text)["error"]["message"]
    assert 1 == len(server.requests)


async def test_thinking_off():
    """Without thinking, a turn may leave its thinking out."""
    answer = wants(Call("add", "{}", "x"), reasoning="Add.")
    async with MessagesServer([answer, says("5")]) as server:
        first = await whole(server, body())
        await whole(server, body(USER, assistant(first["content"][-1]), results("x")))

    assert [] == server.refusals


async def test_cut_and_raw():
    """A stream can end early, and a body can be anything."""
    async with MessagesServer([says("Hello", cut_after=3), Answer(raw=b"{")]) as server:
        events = await stream(server)
        raw = await post(server, body())

    assert ["message_start", "ping", "content_block_start"] == [one["type"] for one in events]
    assert (200, "{") == raw


async def test_hang():
    """A stream can hang after its first piece, and the server sees when the client leaves."""
    async with MessagesServer([says("Hello, world", hang=True, chunk=5)]) as server:
        async with aiohttp.ClientSession() as session:
            url = f"{server.base_url}/v1/messages"
            async with session.post(url, json=body(stream=True), headers=HEADERS) as response:
                heard = await response.content.readuntil(b'"Hello"}}\n\n')
        async with asyncio.timeout(5):
            while not server.left:
                await asyncio.sleep(0.01)

    assert heard.endswith(b'"text": "Hello"}}\n\n')
    assert 1 == server.left


async def test_turns():
    """A script of turns counts the results in the request, so it serves any number of runs."""
    async with MessagesServer(turns(2, Call("add"), "done")) as server:
        sent = [USER]
        for _ in range(2):
            reply = await whole(server, body(*sent))
            sent += [assistant(*reply["content"]), results(reply["content"][0]["id"])]
        last = await whole(server, body(*sent))

    assert ["call_0", "call_1"] == [message["content"][0]["id"] for message in sent[1::2]]
    assert "done" == last["content"][0]["text"]
    assert [] == server.refusals
