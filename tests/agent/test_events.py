"""The events of a run, version 1, and their JSON."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    AgentEvent,
    AgentStep,
    ApprovalRequest,
    Event,
    GenerateResult,
    GenerationComplete,
    MemoryUpdate,
    Notice,
    Parent,
    PendingCall,
    ProtocolError,
    ReasoningDelta,
    RunFailed,
    RunPaused,
    RunResume,
    RunStart,
    StepComplete,
    StepStart,
    TextDelta,
    ToolCall,
    ToolCallComplete,
    ToolCallDelta,
    ToolCallStart,
    ToolProgress,
    ToolResult,
    UnknownEvent,
    Usage,
    decode_event,
    encode_event,
)
from lumos_agent.events import LAST, TAGS

GOLDEN = Path(__file__).parent / "golden" / "events.v1.jsonl"
FIRST = Path(__file__).parent / "golden" / "events.v1.first.jsonl"
"""Before `Usage.cache_write_tokens`."""
SCHEMA = Path(__file__).parent / "golden" / "events.v1.schema.json"

CALL = ToolCall("call_1", "get_weather", {"city": "Oslo"})
PENDING = PendingCall(id="call_2", name="refund", arguments={"amount": "12.50"}, digest="9f2c")
STEP = AgentStep(
    step=1,
    attempt=1,
    provider="openai",
    model="openai/gpt-5",
    text="Let me look.",
    calls=(CALL, ToolCall("call_3", "get_weather", '{"city": ')),
    results=(
        ToolResult("call_1", "get_weather", "12 °c in Oslo"),
        ToolResult("call_3", "get_weather", "not JSON", is_error=True),
    ),
    usage=Usage(120, 15, 64, 3),
    finish_reason="tool_calls",
    request_id="req_1",
    first_token=0.25,
    duration=1.5,
)
RESULT = GenerateResult(
    text="Wear a coat.",
    output=None,
    status="complete",
    usage=Usage(300, 40, 64, 3),
    steps=2,
    cost=0.0015,
    trace_id="0af7651916cd43dd8448eb211c80319c",
)
EVENTS: list[AgentEvent] = [
    RunStart(
        agent="wardrobe",
        model="openai/gpt-5",
        thread="ada",
        resource="user-1",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        parent=Parent("run_0", "call_0"),
    ),
    RunResume(reason="approval", decisions={"call_2": True}),
    StepStart(step=1, attempt=2, model="openai/gpt-5"),
    TextDelta(step=1, delta="Let me "),
    ReasoningDelta(step=1, delta="The user wants…"),
    ToolCallDelta(step=1, call_id="call_1", name="get_weather", delta='{"ci'),
    ToolCallStart(step=1, call=CALL),
    ToolProgress(step=1, call_id="call_1", data={"percent": 50}),
    ToolCallComplete(
        step=1, call_id="call_1", name="get_weather", result="12 °c", is_error=False, duration=0.2
    ),
    ApprovalRequest(step=1, calls=(PENDING,)),
    MemoryUpdate(operation="append", thread="ada", messages=1, duration=0.001),
    Notice(code="retry", message="asked again after 1 s", data={"attempt": 2}),
    StepComplete(agent_step=STEP),
    GenerationComplete(result=RESULT),
    RunPaused(state={"v": 1}, calls=(PENDING,)),
    RunFailed(code="rate_limit", message="too many requests", retryable=True, step=2),
]


def stamped(event: AgentEvent, seq: int) -> AgentEvent:
    return msgspec.structs.replace(event, run_id="run_1", seq=seq, time=1795392000.25)


def test_golden():
    """The JSON of version 1 is what it was on its first day: it is read by later versions."""
    lines = [encode_event(stamped(event, seq)).decode() for seq, event in enumerate(EVENTS, 1)]

    assert GOLDEN.read_text(encoding="utf-8").splitlines() == lines


def test_golden_is_read():
    """The golden lines decode to the events that they were; those of the first day, too."""
    for golden in (GOLDEN, FIRST):
        lines = golden.read_bytes().splitlines()

        assert [stamped(event, seq) for seq, event in enumerate(EVENTS, 1)] == [
            *map(decode_event, lines)
        ]


def test_golden_schema():
    """The JSON Schema of the events is what it was; the JavaScript types are made from it."""
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(AgentEvent)))

    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema


def test_every_type():
    """Every event of the union stands in the golden file, under a tag of its own."""
    assert {*get_args(AgentEvent)} == {type(event) for event in EVENTS}
    assert 16 == len(TAGS)
    assert "run_error" in TAGS
    assert {type(event) for event in EVENTS if isinstance(event, LAST)} == {*LAST}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


@given(st.data(), st.sampled_from(EVENTS), st.integers(1, 2**31), st.floats(0, 2**32), json_values)
def test_round_trip(data: st.DataObject, event: AgentEvent, seq: int, time: float, value: Any):
    """The JSON of every event decodes to an equal event, whatever texts and data it carries."""
    changes: dict[str, Any] = {"run_id": data.draw(texts), "seq": seq, "time": time}
    for name in event.__struct_fields__:
        if isinstance(getattr(event, name), str):
            changes[name] = data.draw(st.text(max_size=10))
        elif name in ("data", "state"):
            changes[name] = value
    if isinstance(event, RunResume | MemoryUpdate):
        changes = {"seq": seq}
    event = msgspec.structs.replace(event, **changes)

    assert event == decode_event(encode_event(event))


def test_unknown_key():
    """A key that this version does not know is ignored."""
    line = b'{"type":"text_delta","run_id":"r","seq":1,"time":0,"step":1,"delta":"x","new":[1]}'

    assert TextDelta(run_id="r", seq=1, time=0.0, step=1, delta="x") == decode_event(line)


def test_unknown_type():
    """An event of a later version is passed through as it came."""
    line = b'{"type":"from_the_future","seq":7,"half":"\\udc80"}'
    event = decode_event(line)

    assert UnknownEvent({"type": "from_the_future", "seq": 7, "half": "\udc80"}) == event
    assert line == encode_event(event)


@pytest.mark.parametrize(
    "data", ["", "[]", "{", '{"type": 3}', '{"seq": 1}', '{"type": "text_delta"}', b"\xff"]
)
def test_no_event(data: str | bytes):
    """What is no event is a ProtocolError."""
    with pytest.raises(ProtocolError, match="no event"):
        decode_event(data)


def test_common_fields():
    """Every event has run, number and time."""
    for event in get_args(AgentEvent):
        assert issubclass(event, Event)
        assert ("run_id", "seq", "time") == event.__struct_fields__[:3]
