"""An agent that is killed at a chosen point of its run, and the process that goes on with it.

The points are before and after each append to the thread, and in each tool before and after its effect.
What tools do outside is counted in a file, which no kill takes back.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumos_agent import (
    Agent,
    AssistantMessage,
    GetMessagesParams,
    Message,
    ThreadNotFoundError,
    ToolCall,
    ToolResult,
)
from lumos_agent.memory.base import Appended, MemoryStorage
from lumos_agent.messages import decode, encode
from lumos_agent.mixins import INTERRUPTED
from lumos_agent.providers.base import Reply, Request
from lumos_agent.run import in_call_order, open_calls
from lumos_agent.testing import ScriptedProvider, calls, says, together
from lumos_tools import FunctionTool, function_tool
from tests.agent.memory.lives import lived, store_at

PROMPT = "Sell a tea and a cup."
NOWHERE = ""
IDEMPOTENT = frozenset({"stock"})
SCRIPT = (
    calls("charge", item="tea"),
    together(calls("stock", item="tea"), calls("charge", item="cup"), calls("ship", item="cup")),
    calls("stock", item="cup"),
    says("Sold."),
)


@dataclass(frozen=True)
class Place:
    """Where a run happens: the store, the thread in it, and a folder for what is done outside."""

    address: str
    thread: str
    folder: Path

    @property
    def effects(self) -> Path:
        """A line for each time that a tool did what it does."""
        return self.folder / f"{self.thread}.effects"

    @property
    def points(self) -> Path:
        """A line for each point that was reached, in all lives."""
        return self.folder / f"{self.thread}.points"

    @property
    def found(self) -> Path:
        """What was in the thread when the last process began, as JSON."""
        return self.folder / f"{self.thread}.found"


@dataclass
class Points:
    """Notes the points of a run, and ends the process at the one called *fatal*."""

    place: Place
    fatal: str

    def reach(self, name: str) -> None:
        """Note the point *name*; this may be the end."""
        _note(self.place.points, name)
        if name == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _note(path: Path, line: str) -> None:
    """Add *line* in one write, which a kill leaves whole."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


class Dangerous:
    """A store in which each append is a point before and a point after."""

    def __init__(self, storage: MemoryStorage, points: Points) -> None:
        self._storage = storage
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def append(self, id: str, messages: Sequence[Message], **options: Any) -> Appended:
        """Append, if the process lives that long."""
        what = ", ".join(map(_name, messages))
        self._points.reach(f"before {what}")
        appended = await self._storage.append(id, messages, **options)
        self._points.reach(f"after {what}")
        return appended


def _name(message: Message) -> str:
    tag = str(message.__struct_config__.tag)
    match message:
        case AssistantMessage(calls=asked):
            return f"{tag} {' '.join(call.id for call in asked)}".strip()
        case ToolResult(call_id=id):
            return f"{tag} {id}"
        case _:
            return tag


def tools(points: Points) -> list[FunctionTool[..., Any]]:
    """Tools whose only effect is a line in a file."""

    def happen(what: str) -> None:
        points.reach(f"{what}: before its effect")
        _note(points.place.effects, what)
        points.reach(f"{what}: after its effect")

    @function_tool
    async def charge(item: str) -> str:
        """Charge for an item."""
        await asyncio.sleep(0)
        happen(f"charge {item}")
        await asyncio.sleep(0)
        return f"{item} charged"

    @function_tool
    def ship(item: str) -> str:
        """Ship an item; a plain function, which runs in a thread."""
        happen(f"ship {item}")
        return f"{item} shipped"

    @function_tool(idempotent=True)
    async def stock(item: str) -> int:
        """Count what is in stock, as often as you like."""
        happen(f"stock {item}")
        return 3

    return [charge, ship, stock]


def _reply(request: Request) -> Reply:
    """What the script says next, by what the transcript has already: so it knows of no process."""
    step = sum(isinstance(message, AssistantMessage) for message in request.messages)
    reply = SCRIPT[step]
    named = tuple(
        ToolCall(f"{call.name}-{call.arguments['item']}", call.name, call.arguments)
        for call in reply.message.calls
    )
    return Reply(
        message=AssistantMessage(reply.message.text, named), finish_reason=reply.finish_reason
    )


def live(place: Place, fatal: str) -> None:
    """Begin the run or go on with it, and be killed at the point *fatal*, if it comes that far."""
    asyncio.run(_live(place, Points(place, fatal)))


async def _live(place: Place, points: Points) -> None:
    async with store_at(place.address) as storage:
        found = await _messages(storage, place.thread)
        place.found.write_bytes(encode(found))
        agent = Agent(
            ScriptedProvider(_reply), tools=tools(points), memory=Dangerous(storage, points)
        )
        # Where nothing was kept, nothing was done either, and so the prompt is said again.
        going_on = agent.resume(thread=place.thread)
        if not found:
            going_on.close()
            going_on = agent.generate(PROMPT, thread=place.thread)
        assert (await going_on).text == "Sold."


async def _messages(storage: MemoryStorage, thread: str) -> list[Message]:
    try:
        page = await storage.get_messages(thread, GetMessagesParams(limit=None))
    except ThreadNotFoundError:
        return []
    assert [*range(1, len(page.items) + 1)] == [row.seq for row in page.items]
    return [row.message for row in page.items]


@dataclass(frozen=True)
class Story:
    """What is there in the end, and what was there when the last process began."""

    found: list[Message]
    messages: list[Message]
    effects: Counter[str]
    points: list[str]


def told(place: Place) -> Story:
    """Read what is left of the lives at *place*."""

    async def read() -> list[Message]:
        async with store_at(place.address) as storage:
            return await _messages(storage, place.thread)

    effects = place.effects.read_text().splitlines() if place.effects.exists() else []
    return Story(
        found=decode(place.found.read_bytes(), list[Message]),
        messages=asyncio.run(read()),
        effects=Counter(effects),
        points=place.points.read_text().splitlines(),
    )


def faults(story: Story, calm: Story) -> Iterator[str]:
    """How *story* differs from the *calm* one by more than marked interruptions."""
    got, expected = in_call_order(story.messages), in_call_order(calm.messages)
    if len(got) != len(expected):
        yield f"{len(got)} messages, not {len(expected)}"
    for one, other in zip(got, expected, strict=False):
        if one == other:
            continue
        if not (isinstance(one, ToolResult) and isinstance(other, ToolResult)):
            yield f"{one} is not {other}"
        elif one != ToolResult(other.call_id, other.name, INTERRUPTED, is_error=True):
            yield f"{one} is not {other}, nor marked"
        elif one.name in IDEMPOTENT:
            yield f"{one.call_id} was not done again"
    cut = interrupted(story)
    for what in calm.effects:
        name, times = what.split()[0], story.effects[what]
        if name in IDEMPOTENT:
            good = times >= 1
        else:
            good = times <= 1 if what.replace(" ", "-") in cut else times == 1
        if not good:
            yield f"{what!r} happened {times} times"


def interrupted(story: Story) -> set[str]:
    """The calls that are marked as interrupted."""
    results = [message for message in story.messages if isinstance(message, ToolResult)]
    return {result.call_id for result in results if result.text == INTERRUPTED}


def owed(found: Sequence[Message]) -> set[str]:
    """The calls that whoever finds *found* must mark as interrupted."""
    return {call.id for call in open_calls(found) if call.name not in IDEMPOTENT}


def undisturbed(address: str, folder: Path, thread: str) -> Story:
    """A run that nobody kills."""
    place = Place(address, thread, folder)
    assert lived(live, place, NOWHERE) == 0
    story = told(place)
    assert set() == interrupted(story)
    assert len(story.points) == len({*story.points})
    return story


def killed_once(place: Place, calm: Story, point: str) -> list[str]:
    """Kill a run at *point* and go on; the points that were reached in going on."""
    code = lived(live, place, point)
    assert code == -signal.SIGKILL, (point, code)
    before = len(place.points.read_text().splitlines())
    assert lived(live, place, NOWHERE) == 0, point
    story = told(place)
    assert [] == [*faults(story, calm)], point
    assert owed(story.found) == interrupted(story), point
    what, _, when = point.partition(": ")
    if when and what.split()[0] not in IDEMPOTENT:
        assert what.replace(" ", "-") in interrupted(story), point
        assert story.effects[what] == int(when.startswith("after")), point
    return story.points[before:]


def killed_twice(place: Place, calm: Story, point: str, again: str) -> bool:
    """Kill a run at *point*, and who goes on with it at *again*; whether that came so far.

    It need not: what was done at *point* of the calls that run at the same time is not always the same.
    """
    assert lived(live, place, point) == -signal.SIGKILL, point
    second = lived(live, place, again)
    if second:
        assert second == -signal.SIGKILL, (point, again, second)
        assert lived(live, place, NOWHERE) == 0, (point, again)
    assert [] == [*faults(told(place), calm)], (point, again)
    return second != 0


def killed_everywhere(address: str, folder: Path, *, name: str = "agent") -> tuple[int, int]:
    """Kill a run at each of its points, and who goes on with it at each of theirs; how many of both."""
    calm = undisturbed(address, folder, f"{name}-calm")
    pairs = 0
    for first, point in enumerate(calm.points):
        on = killed_once(Place(address, f"{name}-{first}", folder), calm, point)
        for second, again in enumerate(on):
            place = Place(address, f"{name}-{first}-{second}", folder)
            pairs += killed_twice(place, calm, point, again)
    return len(calm.points), pairs
