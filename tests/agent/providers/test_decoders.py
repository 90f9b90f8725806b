"""Both decoders of streams: any message, in any of the ways that servers write it, cut anywhere."""

import json
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import AssistantMessage, ProviderUnavailableError, Reply, Usage, UserMessage
from lumos_agent.providers.anthropic import AnthropicWire
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, Request, TextPart
from lumos_agent.providers.chat import ChatWire
from lumos_agent.providers.sse import Events
from lumos_tools import ToolRegistry, function_tool


@function_tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@function_tool
def ad() -> None:
    """Advertise."""


@function_tool
def get_weather_now(city: str) -> str:
    """Report the weather."""
    return city


TOOLS = ToolRegistry(add, ad, get_weather_now)
ASKED = Request(messages=[UserMessage("?")], tools=TOOLS)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


class Said(NamedTuple):
    """A message, and what the server counted."""

    text: str
    reasoning: str
    calls: list[tuple[str, dict[str, Any]]]
    usage: tuple[int, int]


messages = st.builds(
    Said,
    texts,
    texts,
    st.lists(
        st.tuples(
            st.sampled_from(["add", "get_weather_now"]), st.dictionaries(texts, values, max_size=3)
        ),
        max_size=4,
    ),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
DEFECTS = (
    "no index",
    "zero index",
    "string index",
    "no ids",
    "ids everywhere",
    "other ids",
    "late ids",
    "names everywhere",
    "split names",
    "object arguments",
    "interleaved",
    "unknown fields",
    "no reason",
)


def pieces_of(text: str, data: st.DataObject) -> list[str]:
    """*text* in pieces, some of them empty."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def call_deltas(said: Said, defects: set[str], data: st.DataObject) -> list[dict[str, Any]]:
    """The pieces of the calls, with *defects*."""
    if defects >= {"no index", "names everywhere"}:
        defects = defects - {"late ids"}  # an id with a name, and no number, is another call's
    lanes: list[list[dict[str, Any]]] = []
    for place, (name, arguments) in enumerate(said.calls):
        text = json.dumps(arguments)
        parts: list[Any] = [arguments] if "object arguments" in defects else pieces_of(text, data)
        lane: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            function: dict[str, Any] = {"arguments": part}
            piece: dict[str, Any] = {"index": place, "function": function}
            first = number == 0
            if first or "names everywhere" in defects:
                function["name"] = name
            if "ids everywhere" in defects or (first and "late ids" not in defects):
                piece["id"] = f"id_{place}"
            if "late ids" in defects and number == len(parts) - 1:
                piece["id"] = f"id_{place}"
            if "other ids" in defects and not first and "names everywhere" not in defects:
                piece["id"] = f"other_{place}_{number}"
            if "no ids" in defects:
                piece.pop("id", None)
            lane.append(piece)
        if "split names" in defects and "names everywhere" not in defects:
            half = len(name) - 1
            lane[0]["function"]["name"] = name[:half]
            lane.insert(1, {"index": place, "function": {"name": name[half:]}})
            if "object arguments" in defects:
                lane[1]["function"]["arguments"] = lane[0]["function"].pop("arguments")
        lanes.append(lane)
    return _numbered(lanes, defects, data)


def _numbered(
    lanes: list[list[dict[str, Any]]], defects: set[str], data: st.DataObject
) -> list[dict[str, Any]]:
    """The pieces one after the other, or mixed where their numbers tell them apart."""
    plain = not defects & {"no index", "zero index"}
    if plain and "interleaved" in defects:
        order = data.draw(st.permutations([n for n, lane in enumerate(lanes) for _ in lane]))
        pieces = [lanes[number].pop(0) for number in order]
    else:
        pieces = [piece for lane in lanes for piece in lane]
    for piece in pieces:
        if "no index" in defects:
            del piece["index"]
        elif "zero index" in defects:
            piece["index"] = 0
        elif "string index" in defects:
            piece["index"] = str(piece["index"])
    return pieces


def chat_events(said: Said, defects: set[str], data: st.DataObject) -> list[bytes]:
    """*said* as a stream of Chat Completions; the last event or the one before it says that it is whole."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in pieces_of(said.reasoning, data)]
    deltas += [{"content": piece} for piece in pieces_of(said.text, data)]
    deltas += [{"tool_calls": [piece]} for piece in call_deltas(said, defects, data)]
    if "unknown fields" in defects:
        deltas = [{**delta, "citations": [place]} for place, delta in enumerate(deltas)]
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    usage = {"prompt_tokens": said.usage[0], "completion_tokens": said.usage[1]}
    last: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    where = data.draw(st.sampled_from(["last", "own", "each"]))
    if where == "each":
        chunks = [{**chunk, "usage": usage} for chunk in chunks]
    if where == "own":
        chunks.append({"choices": [], "usage": usage})
    if where == "last":
        last["usage"] = usage
    if "no reason" in defects:
        if where == "last":
            chunks.append({"choices": [], "usage": usage})
        return [*map(_json, chunks), b"[DONE]"]
    return [*map(_json, chunks), _json(last)]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def anthropic_events(said: Said, defects: set[str], data: st.DataObject) -> list[bytes]:
    """*said* as a stream of Messages; the last event says that it is whole."""
    blocks: list[tuple[dict[str, Any], str, list[Any]]] = []
    if said.reasoning:
        shown = pieces_of(said.reasoning, data)
        blocks.append(({"type": "thinking", "thinking": ""}, "thinking", shown))
    if said.text:
        blocks.append(({"type": "text", "text": ""}, "text", pieces_of(said.text, data)))
    for place, (name, arguments) in enumerate(said.calls):
        block: dict[str, Any] = {"type": "tool_use", "id": f"id_{place}", "name": name, "input": {}}
        parts = pieces_of(json.dumps(arguments), data)
        if "no ids" in defects:
            del block["id"]
        if "object arguments" in defects:
            block["input"], parts = arguments, []
        blocks.append((block, "partial_json", parts))
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": {"input_tokens": said.usage[0]}}}
    ]
    for index, (block, key, parts) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [
            {"type": "content_block_delta", "index": index, "delta": {"type": "x", key: part}}
            for part in parts
        ]
        events.append({"type": "content_block_stop", "index": index})
    if "unknown fields" in defects:
        events = [one for event in events for one in (event | {"new": 1}, {"type": "news"})]
    if "no index" in defects:
        for event in events:
            event.pop("index", None)
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    counted = {**end, "usage": {"output_tokens": said.usage[1]}}
    return [*map(_json, [*events, counted]), b'{"type": "message_stop"}']


FRAMES = (
    b"data: %s\n\n",
    b"data:%s\r\n\r\n",
    b"event: x\ndata: %s\n\n",
    b": ping\n\ndata: %s\n\n",
    b"data: %s\r\r",
)


def framed(events: list[bytes], data: st.DataObject) -> bytes:
    frame = data.draw(st.sampled_from(FRAMES))
    return b"".join(frame % event for event in events)


def read(wire: Any, stream: bytes, data: st.DataObject) -> tuple[list[Part], Any]:
    """What *wire* makes of *stream*, cut anywhere."""
    exchange = wire.begin("m", ASKED, stream=True)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    events, parts = Events(), list[Part]()
    for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for event in events.feed(stream[a:b]):
            parts += exchange.feed(event)
    for event in events.finish():
        parts += exchange.feed(event)
    return parts, exchange


def check(said: Said, parts: list[Part], reply: Reply) -> None:
    message: AssistantMessage = reply.message
    assert said.calls == [(call.name, call.arguments) for call in message.calls]
    assert (said.text, said.reasoning) == (message.text, message.reasoning)
    assert len(message.calls) == len({call.id for call in message.calls})
    assert Usage(*said.usage) == reply.usage
    assert said.text == "".join(one.text for one in parts if isinstance(one, TextPart))
    assert said.reasoning == "".join(one.text for one in parts if isinstance(one, ReasoningPart))
    assert {call.id for call in message.calls} == {
        one.call_id for one in parts if isinstance(one, CallPart)
    }


@given(messages, st.sets(st.sampled_from(DEFECTS)), st.data())
def test_chat(said: Said, defects: set[str], data: st.DataObject):
    """Chat Completions, with any of the defects that servers have, is the message that it was."""
    stream = framed(chat_events(said, defects, data), data)
    parts, exchange = read(ChatWire("x"), stream, data)

    assert exchange.complete
    check(said, parts, exchange.reply(None))


@given(messages, st.sets(st.sampled_from(DEFECTS)), st.data())
def test_anthropic(said: Said, defects: set[str], data: st.DataObject):
    """So is Anthropic's."""
    stream = framed(anthropic_events(said, defects, data), data)
    parts, exchange = read(AnthropicWire("x"), stream, data)

    assert exchange.complete
    check(said, parts, exchange.reply(None))


@given(messages, st.data())
def test_cut_off(said: Said, data: st.DataObject):
    """A stream that is cut anywhere before it says that it is whole is never taken for whole."""
    for wire, events in (
        (ChatWire("x"), chat_events(said, set(), data)),
        (AnthropicWire("x"), anthropic_events(said, set(), data)),
    ):
        whole = framed(events, data)
        end = whole.rindex(events[-1])
        cut = whole[: data.draw(st.integers(0, end + len(events[-1]) - 1))]
        try:
            _, exchange = read(wire, cut, data)
        except ProviderUnavailableError:  # what is left of its last event is none
            continue

        assert not exchange.complete


@given(messages, st.data())
def test_unknown_fields_are_kept(said: Said, data: st.DataObject):
    """What nobody knows of a message is on it, under its maker's name; it is not sent back."""
    wire = ChatWire("x")
    events = chat_events(said, {"unknown fields"}, data)
    _, exchange = read(wire, framed(events, data), data)
    message = exchange.reply(None).message

    kept = message.native["x"]["citations"]
    assert [*range(len(kept))] == kept
    assert "citations" not in wire.plain(message)
