"""A server for the benchmarks, in a process of its own: as cheap as can be, and it checks nothing.

It prints its port, and ends when its standard input does. What it answers goes by the model's name.
"""

import asyncio
import json
import re
import sys
from functools import cache

from tests.servers.chat import Answer, Call, chunks, completion, says, wants
from tests.servers.messages import MessagesServer

TURNS = {"plain": 0, "tool1": 1, "typ20": 1, "seq10": 10, "wait100": 1, "burst": 0}
CHUNKS = 2_000
A_WRITE = 20
MESSAGES = MessagesServer([])
"""It is not started; it knows how an answer looks in Anthropic's words."""


class Server(asyncio.Protocol):
    """One connection: HTTP/1.1 with content lengths, kept alive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if not found or length is None or len(rest) < int(length[1]):
            return
        self.buffer = rest[int(length[1]) :]
        self.answer(rest[: int(length[1])], messages=b"/messages" in head)

    def answer(self, body: bytes, *, messages: bool) -> None:
        named = re.search(rb'"model": ?"(\w+)"', body)
        model = named[1].decode() if named else ""
        done = len(re.findall(rb'"role": ?"tool"|"type": ?"tool_result"', body))
        if messages:
            self.transport.write(whole(done >= TURNS[model], done, messages=True))
        elif b'"stream": true' in body or b'"stream":true' in body:
            for piece in streamed():
                self.transport.write(piece)
        elif model == "wait100":
            loop = asyncio.get_running_loop()
            loop.call_later(0.1, self.transport.write, whole(done >= TURNS[model], done))
        else:
            self.transport.write(whole(done >= TURNS[model], done))


@cache
def whole(last: bool, done: int, *, messages: bool = False) -> bytes:
    call = Call("add", '{"a": 2, "b": 3}', f"call_{done}")
    answer = says("The sum is 5.") if last else wants(call)
    told = MESSAGES._body({"model": "m"}, answer) if messages else completion(answer)
    body = json.dumps(told).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@cache
def streamed() -> tuple[bytes, ...]:
    text = "".join(f"{number:06d} " for number in range(CHUNKS))
    events = [f"data: {json.dumps(one)}\n\n" for one in chunks(Answer(text=text, chunk=7), True)]
    events.append("data: [DONE]\n\n")
    writes = ["".join(events[start : start + A_WRITE]) for start in range(0, len(events), A_WRITE)]
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    framed = [f"{len(write):x}\r\n{write}\r\n".encode() for write in writes]
    return (head.encode(), *framed, b"0\r\n\r\n")


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=2_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
