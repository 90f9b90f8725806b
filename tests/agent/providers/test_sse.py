"""Server-sent events out of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent.providers import sse
from lumos_agent.providers.sse import Events

ONE, TWO = b'{"a":1}', b'{"b":"\xc3\xbc"}'

STREAMS = [
    b"data: %s\n\ndata: %s\n\n",
    b"data:%s\n\ndata:%s\n\n",
    b"data: %s\r\n\r\ndata: %s\r\n\r\n",
    b"data: %s\r\rdata: %s\r\r",
    b"data: %s\ndata: %s\n",
    b"data: %s\n\ndata: %s",
    b"\xef\xbb\xbfdata: %s\n\ndata: %s\n\n",
    b": hello\n\nevent: x\nid: 1\nretry: 5\ndata: %s\n\n: ping\n\ndata: %s\n\n\n\n",
    b"%s\n\ndata: %s\n\n",
    b"data: %s\n\n\n: x\ndata: %s\r\n",
]


def read(pieces: list[bytes]) -> list[bytes]:
    events = Events()
    return [event for piece in pieces for event in events.feed(piece)] + events.finish()


@pytest.mark.parametrize("stream", STREAMS)
def test_any_way(stream: bytes):
    """However lines end and events are set apart, they are the same, cut at any byte."""
    data = stream % (ONE, TWO)

    assert [ONE, TWO] == read([data])
    assert [ONE, TWO] == read([data[place : place + 1] for place in range(len(data))])
    for place in range(len(data)):
        assert [ONE, TWO] == read([data[:place], data[place:]])


def test_several_lines():
    """An event of several lines of data is one; the end of one and all that is not data is none."""
    assert [b'{"a":\n1}'] == read([b'data: {"a":\ndata: 1}\n\n'])
    assert [b"[DONE]", ONE] == read([b"data: [DONE]\ndata: " + ONE])
    assert [] == read([b"nonsense\n\ndata:\n\n\xef\xbb\xbfjunk\n\nevent: x"])


def test_as_soon_as_they_are_whole():
    """An event is there with its blank line, not later."""
    events = Events()

    assert [] == events.feed(b"data: " + ONE + b"\n")
    assert [ONE] == events.feed(b"\n")


def test_endless(monkeypatch: pytest.MonkeyPatch):
    """An event that does not end is refused before it fills the memory."""
    monkeypatch.setattr(sse, "MOST", 20)
    events = Events()
    with pytest.raises(ValueError, match="an event of the stream has more than 20 bytes"):
        for _ in range(5):
            events.feed(b"data: {" + b"x" * 9)


@given(st.binary(max_size=60), st.data())
def test_any_bytes(data: bytes, draw: st.DataObject):
    """Any bytes at all are read the same, however they are cut, and never raise."""
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=5)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    assert read([data]) == read(pieces)
