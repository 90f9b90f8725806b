"""What is said, and its JSON."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.messages import decode, encode

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
tool_calls = st.builds(
    ToolCall, texts, texts, st.dictionaries(texts, json_values, max_size=3) | texts
)
messages = st.one_of(
    st.builds(SystemMessage, texts),
    st.builds(UserMessage, texts),
    st.builds(AssistantMessage, texts, st.lists(tool_calls, max_size=2).map(tuple), texts),
    st.builds(ToolResult, texts, texts, texts, st.booleans()),
)


@given(messages)
def test_round_trip(message: Message):
    """The JSON of every message, half surrogates and all, decodes to an equal message."""
    assert message == decode(encode(message), Message)
    json.loads(encode(message))


def test_half_surrogate():
    """A file name that is no UTF-8 is kept as an escape, and comes back."""
    message = ToolResult("1", "list", "a\udc80b")

    assert b"\\udc80" in encode(message)
    assert message == decode(encode(message), Message)


@pytest.mark.parametrize("data", [b"{", b'{"role": "nobody"}', b"3", b'{"role": "user"}'])
def test_no_message(data: bytes):
    """What is no message is refused."""
    with pytest.raises(msgspec.ValidationError):
        decode(data, Message)


def test_usage_adds():
    """Usage of several steps adds up."""
    assert Usage(3, 5, 7, 9) == Usage(1, 2, 3, 4) + Usage(2, 3, 4, 5)


def test_frozen():
    """A message cannot be changed."""
    with pytest.raises(AttributeError):
        UserMessage("x").text = "y"  # type: ignore[misc]
