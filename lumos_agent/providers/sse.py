"""Server-sent events out of bytes: what stands after `data:`. No I/O.

Facts: the HTML standard, "Server-sent events"; what servers do otherwise is tested.
"""

import re

import msgspec

MOST = 64 * 1024 * 1024
"""Bytes of an event, after which it is taken for endless."""
LINE = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""The end of a line; a CR at the very end may be the first half of one."""


class Events:
    """Finds the events in the bytes of a stream.

    Lines may end in any of the three ways, and be cut anywhere. Some servers leave out the blank line
    between events: a new `data:` line ends the event before it if that is whole. Some send their
    error as a bare JSON object, which is an event, too.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._event = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take *data* in; the events that are whole come out. Raises `ValueError` for an endless one."""
        data = self._rest + data
        *lines, self._rest = LINE.split(data) if b"\r" in data else data.split(b"\n")
        found: list[bytes] = []
        for line in lines:
            if line[:5] == b"data:":
                piece = line[5:].strip()
                if self._event:
                    self._add(piece, found)
                else:
                    self._event = piece
            elif not line:
                if self._event:
                    found.append(self._event)
                    self._event = b""
            elif line[:1] == b"{" or line.startswith(BOM):
                self._odd(line, found)
        if len(self._rest) + len(self._event) > MOST:
            raise ValueError(f"an event of the stream has more than {MOST} bytes")
        return found

    def finish(self) -> list[bytes]:
        """The events that the end of the stream ends."""
        return self.feed(b"\n\n")

    def _add(self, piece: bytes, found: list[bytes]) -> None:
        """Another line of data: of the event that has begun, or of the next one."""
        if self._event and _is_whole(self._event):
            found.append(self._event)
            self._event = b""
        self._event = self._event + b"\n" + piece if self._event else piece

    def _odd(self, line: bytes, found: list[bytes]) -> None:
        if line[:1] == b"{":
            self._add(line, found)
        elif line[len(BOM) :].startswith(b"data:"):
            self._add(line[len(BOM) + 5 :].strip(), found)


BOM = b"\xef\xbb\xbf"


def _is_whole(event: bytes) -> bool:
    """Whether *event* can be one by itself: it says that all is done, or is a JSON value."""
    if event == b"[DONE]":
        return True
    try:
        msgspec.json.decode(event)
    except msgspec.DecodeError:
        return False
    return True
