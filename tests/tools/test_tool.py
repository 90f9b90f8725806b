"""Tools: functions and models that a model may call."""

import asyncio
import functools
import inspect
import json
import logging
import math
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import AfterValidator, BaseModel, Field, PastDate, field_validator
from pydantic_core import core_schema

from lumos_tools import (
    FunctionSchema,
    FunctionTool,
    InvalidArgumentsError,
    SchemaError,
    ToolContext,
    ToolError,
    ToolRegistry,
    function_tool,
)
from lumos_tools.tool import MAX_ERROR, as_tool


@function_tool
def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    Args:
        a: The first.
    """
    return a + b


class Refund(FunctionSchema, name="refund", timeout=5.0):
    """Refund an order.

    In full or in part.
    """

    order: str = Field(pattern="^[A-Z]{2}[0-9]+$")
    amount: Decimal = Decimal(1)
    """How much of it."""

    async def run(self) -> dict[str, Any]:
        """Pay."""
        return {"order": self.order, "amount": self.amount}


async def fault(tool: Any, arguments: Any = "{}") -> str:
    with pytest.raises(ToolError) as caught:
        await as_tool(tool).call(arguments)
    assert not isinstance(caught.value, InvalidArgumentsError)
    return str(caught.value)


def test_stays_a_function():
    """A decorated function is called, named and looked into as before."""
    assert 3 == add(1, b=2)
    assert "add" == add.__name__
    assert add.__doc__ is not None and add.__doc__.startswith("Add two")
    assert ["a", "b"] == list(inspect.signature(add).parameters)
    assert "<FunctionTool add>" == repr(add)


def test_describes_itself():
    """Name, description and parameters come from the function."""
    assert "add" == add.name
    assert "Add two numbers." == add.description
    assert {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "The first."},
            "b": {"type": "integer", "default": 1},
        },
        "required": ["a"],
        "additionalProperties": False,
    } == add.parameters
    assert 120.0 == add.timeout
    assert not add.idempotent
    assert not add.sequential


def test_options():
    """Options of the decorator win over what the function says."""

    @function_tool(name="plus", description="Sum.", timeout=None, idempotent=True, sequential=True)
    def add(a: int) -> int:
        return a

    assert ("plus", "Sum.", None) == (add.name, add.description, add.timeout)
    assert add.idempotent
    assert add.sequential
    assert 2 == add(2)


@pytest.mark.parametrize(
    "name", ["auto", "none", "required", "größe", "2x", "a-b", "", "x" * 65, "x\n"]
)
def test_illegal_names(name: str):
    """A name that some provider refuses is refused at decoration."""
    with pytest.raises(SchemaError, match="cannot be a tool's name"):
        function_tool(name=name)(lambda: None)


@pytest.mark.parametrize("thing", [3, int, Refund])
def test_no_function(thing: Any):
    """Only a function is made a tool; a class is told of FunctionSchema."""
    with pytest.raises(SchemaError, match="derive from FunctionSchema"):
        FunctionTool(thing)


class Shop:
    def price(self, article: str, currency: str) -> str:
        return f"{article} in {currency}"

    in_euros = functools.partialmethod(price, currency="EUR")

    @classmethod
    def of(cls, name: str) -> str:
        return name


@pytest.mark.parametrize("name", ["of", "in_euros"])
async def test_parts_of_a_class(name: str):
    """Inside its class a method is no function yet; of an object it is one."""
    with pytest.raises(SchemaError, match="decorate the bound method instead"):
        FunctionTool(vars(Shop)[name])

    bound = function_tool(name="it")(getattr(Shop(), name))
    assert "a" == (await bound.call({next(iter(bound.parameters["properties"])): "a"}))[0]


@pytest.mark.parametrize("timeout", ["5", -1, 0, math.inf, math.nan])
def test_illegal_timeouts(timeout: Any):
    """What are no seconds is refused at decoration."""
    with pytest.raises(
        SchemaError, match="'it' cannot have the timeout .*; give seconds, more than 0"
    ):
        function_tool(name="it", timeout=timeout)(lambda: None)


@dataclass
class Spot:
    name: str


class Paint(Enum):
    RED = "red"


class Depth(IntEnum):
    LOW = 1


class Metal(Enum):
    IRON = "iron"


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        *((int, "5"), (int, True), (bool, "yes"), (int, date(2026, 1, 1)), (float, math.inf)),
        *((float | None, math.nan), (list[int], ["x"]), (Literal["a"], "b"), (Literal[1], True)),
        *((Annotated[int, Field(ge=1)], 0), (Paint, Metal.IRON), (str, 5), (Decimal, "a")),
        *((Decimal, Decimal("NaN")), (Spot, {"name": 1}), (date, datetime(2026, 1, 1, 5))),
    ],
    ids=range(16),
)
def test_wrong_defaults(annotation: Any, default: Any):
    """A default that the schema would not admit is refused with name and reason."""

    def f(it: Any = default) -> None: ...

    f.__annotations__["it"] = annotation

    with pytest.raises(SchemaError) as caught:
        function_tool(f)

    told = f"f(): parameter 'it' has the default {default!r}, which it would not take ("
    assert str(caught.value).startswith(told)
    assert str(caught.value).endswith("; correct one of them")


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        *((int, None), (int, object()), (int, ...), (float, 1), (list[int], ()), (Path, "a")),
        *((Paint, Paint.RED), (Paint, "red"), (bytes, b"\xff\xff"), (bytes | None, b"\xff")),
        *((Decimal | None, Decimal("1.5")), (Literal[1, True], True), (set[int], {1, 2})),
        *((int | None, 3), (Annotated[int, Field(ge=1)], 5), (Spot | None, Spot("a"))),
        *((list[Spot], [Spot("a")]), (dict[date, int], {date(2026, 1, 1): 1})),
        *((Literal[Paint.RED], Paint.RED), (float, 0.5), (timedelta, timedelta(1))),
        *((list[int], []), (dict[str, int], {}), (Decimal, Decimal("1.5")), (float, 10**400)),
    ],
    ids=range(25),
)
def test_good_defaults(annotation: Any, default: Any):
    """None, a mark of one's own, and what the schema admits are taken."""

    def f(it: Any = default) -> None: ...

    f.__annotations__["it"] = annotation

    assert "required" not in function_tool(f).parameters


def test_impossible_limit_and_default():
    """A limit that does not go with its type is a SchemaError, or noted, with a default as well."""

    def f(it: Annotated[int, Field(min_length=1)] = 3) -> None: ...

    def g(it: Annotated[int, Field(pattern="^a$")] = 3) -> None: ...

    assert "has the limit min_length" in function_tool(f).notes[0]
    assert "has the limit pattern" in function_tool(g).notes[0]


def test_unknown_option():
    """An option that there is not is told with the nearest one."""
    with pytest.raises(TypeError, match="timout"):
        function_tool(add.function, timout=3)  # type: ignore[call-overload]
    with pytest.raises(
        SchemaError, match="Late: there is no option 'timout'; did you mean 'timeout'"
    ):

        class Late(FunctionSchema, timout=3): ...  # type: ignore[call-arg]

    with pytest.raises(
        SchemaError, match="'zzz'; known: description, idempotent, name, repair, sequential, tag"
    ):

        class Odd(FunctionSchema, zzz=3): ...  # type: ignore[call-arg]


def _unknown_text(it: int) -> None:
    """Do it.

    Args:
        its: What there was before.
    """


class UnknownText(FunctionSchema):
    """Do it.

    Args:
        its: What there was before.
    """

    it: int

    def run(self) -> None: ...


@pytest.mark.parametrize(
    "make",
    [
        lambda: function_tool(_unknown_text),
        lambda: function_tool(name="it")(_unknown_text),
        lambda: as_tool(UnknownText),
        lambda: ToolRegistry(UnknownText),
    ],
    ids=range(4),
)
def test_warns_at_the_users_line(make: Any):
    """A docstring that describes what there is not is warned of where the tool is made."""
    with pytest.warns(
        UserWarning, match="its docstring describes 'its', which it does not"
    ) as told:
        make()

    assert __file__ == told[0].filename
    assert make.__code__.co_firstlineno == told[0].lineno


async def test_call():
    """Arguments come as text or mapping, and the answer is text."""
    assert "3" == await add.call('{"a": 1, "b": 2}')
    assert "3" == await add.call(b'{"a": 2}')
    assert "3" == await add.call({"a": 2})


async def test_checks_first():
    """With arguments that do not fit, the body does not run."""
    ran = []

    @function_tool
    def note(it: int) -> None:
        ran.append(it)

    with pytest.raises(InvalidArgumentsError):
        await note.call({"it": "1"})
    bound = note.check({"it": 1})

    assert [] == ran
    assert {"it": 1} == bound.values
    assert "null" == await bound.run()
    assert [1] == ran


@dataclass
class Place:
    name: str


class Constants(BaseModel):
    model_config = {"ser_json_inf_nan": "constants"}
    it: float


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is\n", "as it is\n"),
        ("", ""),
        (None, "null"),
        (3, "3"),
        (float("nan"), "null"),
        ([Decimal("1.50")], '["1.50"]'),
        (Place("Zürich"), '{"name":"Zürich"}'),
        (b"hi", '"aGk="'),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "\U0001f600"),
        ([Constants(it=math.nan), math.inf, "NaN"], '[{"it":null},null,"NaN"]'),
        ({"on": date(2026, 1, 2)}, '{"on":"2026-01-02"}'),
    ],
    ids=repr,
)
async def test_results(result: Any, text: str):
    """A str is read as it is, all else as JSON."""
    assert text == await function_tool(name="it")(lambda: result).call({})


async def test_result_no_json():
    """A result that JSON cannot say is the tool's fault, and the model is told."""
    assert "'it' returned object, which is not JSON" == await fault(
        function_tool(name="it")(lambda: object())
    )


async def test_sync_off_the_loop():
    """A sync function runs in a thread, an async one on the loop."""
    here = threading.get_ident()

    async def ident() -> int:
        return threading.get_ident()

    assert str(here) == await function_tool(ident).call({})
    assert str(here) != await function_tool(name="there")(lambda: threading.get_ident()).call({})


async def slow(it: int) -> int:
    return it


async def slow_words(it: int) -> AsyncIterator[str]:
    for one in range(it):
        yield str(one)


def words(it: int) -> Iterator[str]:
    yield from map(str, range(it))


@functools.wraps(slow)
def forwards(*args: Any, **kwargs: Any) -> Any:
    return slow(*args, **kwargs)


@functools.wraps(slow)
def waits(*args: Any, **kwargs: Any) -> Any:
    return asyncio.run(slow(*args, **kwargs))


@functools.wraps(slow)
def answers(*args: Any, **kwargs: Any) -> Any:
    return "plain"


@functools.wraps(words)
def joins(*args: Any, **kwargs: Any) -> Any:
    return "-".join(words(*args, **kwargs))


@functools.wraps(words)
async def hands_on(*args: Any, **kwargs: Any) -> Any:
    return words(*args, **kwargs)


@functools.wraps(slow_words)
async def hands_on_later(*args: Any, **kwargs: Any) -> Any:
    return slow_words(*args, **kwargs)


@functools.wraps(slow_words)
async def gathers(*args: Any, **kwargs: Any) -> Any:
    return "-".join([one async for one in slow_words(*args, **kwargs)])


class Later:
    async def __call__(self, it: int) -> int:
        return it


@pytest.mark.parametrize(
    ("wrapper", "text"),
    [
        *((forwards, "3"), (waits, "3"), (answers, "plain"), (joins, "0-1-2")),
        *((hands_on, '["0","1","2"]'), (hands_on_later, '["0","1","2"]'), (gathers, "0-1-2")),
        *((slow_words, '["0","1","2"]'), (words, '["0","1","2"]'), (Later(), "3")),
        *((functools.partial(Later(), 3), "3"), (functools.partial(waits, 3), "3")),
    ],
    ids=range(12),
)
async def test_wrappers(wrapper: Any, text: str):
    """How a function runs and what comes of it is what its outermost wrapper makes of it."""
    tool = function_tool(name="it")(wrapper)

    assert text == await tool.call({"it": 3} if tool.parameters["properties"] else {})


async def test_context():
    """A parameter typed ToolContext gets the context and is not in the schema."""

    @function_tool
    def whose(context: ToolContext[str], it: int = 0) -> str:
        return f"{context.deps} {it}"

    assert ["it"] == list(whose.parameters["properties"])
    assert "Ada 1" == await whose.call({"it": 1}, ToolContext(deps="Ada"))
    assert "None 0" == await whose.call({})


async def test_body_fails(caplog: pytest.LogCaptureFixture):
    """An exception is logged with its traceback; the model reads type and message alone."""

    @function_tool
    def boom() -> None:
        raise ValueError("x" * 1_000)

    with caplog.at_level(logging.ERROR, "lumos_tools"):
        message = await fault(boom)

    assert message.startswith("ValueError: xxx")
    assert MAX_ERROR == len(message)
    assert "Traceback" in caplog.text


async def test_failure_in_halves():
    """What an exception says is text that can be sent, whatever is in it."""

    @function_tool
    def boom() -> None:
        raise ValueError("a\ud800")

    assert "ValueError: a\ufffd" == await fault(boom)


async def test_body_says(caplog: pytest.LogCaptureFixture):
    """A ToolError's message is for the model, as it is, and nothing is logged."""

    @function_tool
    async def no() -> None:
        raise ToolError("only https")

    assert "only https" == await fault(no)
    assert "" == caplog.text


async def test_inner_arguments():
    """Bad arguments to a tool inside a tool are a failure of the outer one, whose body has run."""

    @function_tool
    async def outer() -> str:
        return await add.call({})

    assert "a: it is missing" == await fault(outer)


async def test_exit_is_a_failure():
    """A tool that calls sys.exit does not end the program."""

    @function_tool
    def leave() -> None:
        sys.exit(2)

    assert "SystemExit: 2" == await fault(leave)


async def test_panic_is_a_failure(caplog: pytest.LogCaptureFixture):
    """So it is with what extensions raise that is no Exception, also when the time is up."""

    class Panic(BaseException): ...

    @function_tool
    async def panic() -> None:
        raise Panic("index out of bounds")

    @function_tool(timeout=0.01)
    async def late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise Panic("in the end")

    assert "Panic: index out of bounds" == await fault(panic)
    assert "Panic: in the end" == await fault(late)
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
async def test_what_passes(error: type[BaseException]):
    """What ends more than a tool is no failure of it, and passes as it is."""

    @function_tool
    async def end() -> None:
        raise error

    with pytest.raises(error):
        await end.call({})


async def test_timeout():
    """A tool that hangs is left after its time, and the model is told what that means."""

    @function_tool(timeout=0.01)
    async def hang() -> None:
        await asyncio.Event().wait()

    release = threading.Event()

    @function_tool(timeout=0.01)
    def hang_sync() -> None:
        release.wait(10)

    assert "'hang' did not end within 0.01 s; what it did is unknown" == await fault(hang)
    assert "'hang_sync' did not end" in await fault(hang_sync)
    release.set()


async def test_own_timeout_error():
    """A TimeoutError of the body's own is a failure like any other."""

    @function_tool
    async def slow() -> None:
        raise TimeoutError("database")

    assert "TimeoutError: database" == await fault(slow)


async def test_function_schema():
    """A FunctionSchema class is a tool: fields are parameters, the docstring its description."""
    tool = as_tool(Refund)

    assert ("refund", "Refund an order.\n\nIn full or in part.", 5.0) == (
        tool.name,
        tool.description,
        tool.timeout,
    )
    assert ["order", "amount"] == list(tool.parameters["properties"])
    assert "How much of it." == tool.parameters["properties"]["amount"]["description"]
    assert "description" not in tool.parameters
    assert '{"order":"AB1","amount":"2"}' == await tool.call({"order": "AB1", "amount": "2"})
    with pytest.raises(InvalidArgumentsError, match="order"):
        await tool.call({"order": "no"})
    assert as_tool(tool) is tool
    assert "<Tool refund>" == repr(tool)


async def test_function_schema_with_context():
    """run may ask for the context, and may be sync."""

    class Whose(FunctionSchema):
        it: Annotated[int, Field(gt=0)]

        def run(self, context: ToolContext[str]) -> str:
            return f"{context.deps} {self.it}"

    tool = as_tool(Whose)

    assert "Whose" == tool.name
    assert "Ada 1" == await tool.call({"it": 1}, ToolContext(deps="Ada"))


def _by_name(self: Any, limit: int = 3, *, seen: "ToolContext | None", **more: Any) -> str:
    return f"{seen.deps} {limit}"  # type: ignore[union-attr]


def _by_place(self: Any, seen: ToolContext, /) -> str:
    return f"{seen.deps} 3"


def _bare(self: Any, context) -> str:  # type: ignore[no-untyped-def]
    return f"{context.deps} 3"


def _second(self: Any, limit: int = 3, seen: ToolContext = ToolContext(), *rest: "Nowhere") -> str:  # type: ignore[name-defined]  # noqa: F821
    return f"{seen.deps} {limit}"


def _none(self: Any, limit: int = 3) -> str:
    return f"Ada {limit}"


@pytest.mark.parametrize("run", [_by_name, _by_place, _bare, _second, _none])
async def test_function_schema_knows_its_context(run: Any):
    """The context of run is what is annotated so; what has a default is left alone."""
    tool = as_tool(type("It", (FunctionSchema,), {"run": run}))

    assert (run is not _none) == tool.wants_context
    assert "Ada 3" == await tool.call({}, ToolContext(deps="Ada"))


def _asks(self: Any, limit: int) -> None: ...


def _asks_twice(self: Any, one: ToolContext, two: ToolContext) -> None: ...


@pytest.mark.parametrize(("run", "name"), [(_asks, "limit"), (_asks_twice, "two")])
def test_function_schema_asks_too_much(run: Any, name: str):
    """What nobody gives to run is refused, with the way out."""
    with pytest.raises(
        SchemaError, match=f"It.run\\(\\): nobody gives it '{name}'; make it a field"
    ):
        as_tool(type("It", (FunctionSchema,), {"run": run}))


def test_function_schema_inherits_options():
    """A subclass keeps its base's options, but for name and description."""

    class Full(Refund, sequential=True):
        """Refund all of it."""

    class Later(Full): ...

    tool = as_tool(Full)

    assert ("Full", "Refund all of it.", 5.0) == (tool.name, tool.description, tool.timeout)
    assert (False, True, True) == (
        as_tool(Refund).sequential,
        tool.sequential,
        as_tool(Later).sequential,
    )


async def test_kinds_of_str():
    """What a library returns as its own kind of str is read as plain text."""

    class Markup(str):
        __slots__ = ()

    text = await function_tool(name="it")(lambda: Markup("<b>")).call({})

    assert (str, "<b>") == (type(text), text)


def test_function_schema_without_body():
    """A FunctionSchema that cannot run is refused."""

    class Empty(FunctionSchema):
        it: int

    with pytest.raises(SchemaError, match=r"Empty has no body; give it a method run\(self\)"):
        as_tool(Empty)


def test_function_schema_with_unsupported_field():
    """What a function may not take, a model's field may not have."""

    class Reader(FunctionSchema):
        path: complex

        def run(self) -> None: ...

    with pytest.raises(SchemaError, match=r"Reader, field .*Reader\.path has the type complex"):
        as_tool(Reader)


def test_as_tool_refuses():
    """A plain function is not a tool; the message says how it becomes one."""
    with pytest.raises(SchemaError, match="decorate a function with @function_tool"):
        as_tool(len)  # type: ignore[arg-type]


@dataclass
class Hit:
    title: str
    score: float


def test_output_schema():
    """What a tool returns has a schema, a copy, where its return type says it."""

    @function_tool
    def search(text: str) -> list[Hit]:
        return []

    @function_tool
    def counted(n: int) -> Iterator[int]:
        yield n

    @function_tool
    def text(n: int) -> str:
        return ""

    @function_tool
    def silent(n: int):
        return n

    @function_tool
    def lost(n: int) -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821
        return n

    @function_tool
    def strange(n: int) -> threading.Thread:
        return threading.Thread()

    (search.output_schema or {}).clear()

    assert ["title", "score"] == [*(search.output_schema or {})["$defs"]["Hit"]["properties"]]
    assert {"type": "array", "items": {"type": "integer"}} == counted.output_schema
    for tool in (text, silent, lost, strange):
        assert tool.output_schema is None
    assert "object" == (as_tool(Refund).output_schema or {})["type"]


def test_notes():
    """What is checked, and no schema can say, is listed."""

    def even(value: int) -> int:
        return value

    class Checked(BaseModel):
        a: int

        @field_validator("a")
        @classmethod
        def check(cls, value: int) -> int:
            return value

    class Own:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            return core_schema.int_schema()

    @function_tool
    def f(a: Annotated[int, AfterValidator(even)], b: list[Checked], c: Own, d: PastDate) -> None:
        """Do."""

    assert (
        "f(): parameter 'a' has a check of its own, which no schema shows",
        "f(): parameter 'b': test_notes.<locals>.Checked has validators, which the schema does not show",
        "f(): parameter 'c': test_notes.<locals>.Own decides by itself what it takes",
        "f(): parameter 'd': PastDate decides by itself what it takes",
    ) == f.notes
    assert () == add.notes


async def test_bound_call_runs_once():
    """A checked call runs once, since its body may have changed the values."""
    call = add.check('{"a": 1}')

    assert "2" == await call.run()
    with pytest.raises(ToolError, match="this call of 'add' has run; check its arguments again"):
        await call.run()


def test_name_is_fixed():
    """A tool keeps its name, by which a registry knows it."""
    with pytest.raises(AttributeError):
        add.name = "other"  # type: ignore[misc]


async def test_renamed():
    """Under another name a function's tool is called as before."""
    plus = add.renamed("plus")

    assert ("plus", "add") == (plus.name, add.name)
    assert 3 == plus(1, b=2)
    assert "3" == await plus.call({"a": 1, "b": 2})


async def test_literal_of_true_and_a_member():
    """True is True, and not the member whose value is 1."""

    @function_tool
    def f(it: Literal[True, Depth.LOW]) -> str:
        return repr(it)

    assert ["True", "<Depth.LOW: 1>"] == [await f.call({"it": True}), await f.call({"it": 1})]


def test_bound_call_is_plain():
    """A checked call is kept as JSON, and checked again it is the same call."""
    call = add.check('{"a": 1}')
    again = add.check(json.loads(json.dumps(call.arguments)))

    assert {"a": 1} == call.arguments
    assert (call.arguments, call.values, ()) == (again.arguments, again.values, again.repairs)


def test_function_schema_fields_of_any_name():
    """Metadata are keywords of the class, so fields may be called as a tool's are."""

    class Put(FunctionSchema, name="store", description="Put it.", tags="write"):
        name: str
        description: str = "none"
        parameters: dict[str, int]
        run_: int = Field(alias="run")

        def run(self) -> str:
            return f"{self.name} {self.run_}"

    tool = as_tool(Put)

    assert ("store", "Put it.", {"write"}) == (tool.name, tool.description, tool.tags)
    assert ["name", "description", "parameters", "run"] == list(tool.parameters["properties"])
    values = tool.check({"name": "a", "parameters": {"b": 1}, "run": 2}).values
    assert "a 2" == values.run()


def test_function_schema_with_a_field_for_body():
    """A field in the place of the body is refused, with the way out."""

    class Race(FunctionSchema):
        run: int = 1

    with pytest.raises(SchemaError, match=r"field 'run' stands where .* Field\(alias='run'\)"):
        as_tool(Race)


def test_function_schema_with_wrong_default():
    """A field's default is checked when the tool is made."""

    class Wrong(FunctionSchema):
        n: Annotated[int, Field(gt=0)] = 0

        def run(self) -> None: ...

    with pytest.raises(SchemaError, match="Wrong: field 'n' has the default 0, which it would not"):
        as_tool(Wrong)


def test_function_schema_described_by_its_docstring():
    """The docstring's texts describe the fields that say nothing of themselves."""

    class Both(FunctionSchema):
        """Do it.

        Args:
            one: From above.
            two: From above.
        """

        one: int
        two: int = Field(description="From here.")

        def run(self) -> None: ...

    properties = as_tool(Both).parameters["properties"]
    assert ["From above.", "From here."] == [one["description"] for one in properties.values()]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"it": "\ud800"}, "not JSON"),
        ({"it": float("nan")}, "not a number that JSON has|could not"),
        ({"it": date(2026, 1, 1)}, "not JSON serializable"),
        ([1], "expected a JSON object"),
        (None, "expected a JSON object"),
    ],
)
def test_mappings_are_strict(arguments: Any, fault: str):
    """A mapping goes the way of text: what no JSON holds is refused."""
    it = function_tool(name="it")(_any)

    with pytest.raises(InvalidArgumentsError, match=fault):
        it.check(arguments)


@pytest.mark.parametrize("depth", [65, 100_000])
def test_mappings_are_bounded(depth: int):
    """A mapping is no deeper than text may be."""
    deep: Any = []
    for _ in range(depth):
        deep = [deep]

    with pytest.raises(InvalidArgumentsError, match="more than 64 levels deep"):
        function_tool(name="it")(_any).check({"it": deep})


def _any(it: Any) -> None: ...


def test_check_shares_nothing():
    """What a check gives does not change with the mapping it was given."""
    given: dict[str, Any] = {"it": [1]}
    call = function_tool(name="it")(_any).check(given)
    given["it"].append(2)

    assert ({"it": [1]}, {"it": [1]}) == (call.arguments, call.values)


@pytest.mark.parametrize("text", ["1e19", "1E30", "-1e300", "12345678901234567890.0"])
def test_large_integers(text: str):
    """A large integer is one however it is written."""

    @function_tool
    def it(n: int, f: float = 0) -> None: ...

    values = it.check(f'{{"n": {text}, "f": {text}}}').values
    assert (int(float(text)), float(text)) == (values["n"], values["f"])


@pytest.mark.parametrize("returns", [Decimal, bytes])
async def test_output_schema_of_texts(returns: Any):
    """Decimals and bytes are the texts that their output schema says."""
    value = Decimal("1.5") if returns is Decimal else b"\xff\xff"

    async def make() -> Any:
        return [value]

    make.__annotations__["return"] = list[returns]
    tool = function_tool(make)

    jsonschema.validate(json.loads(await tool.call({})), tool.output_schema)


async def test_exception_without_a_text():
    """An exception that cannot say what it is, is told by its type."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    @function_tool
    async def fail() -> str:
        raise Mute

    with pytest.raises(ToolError, match="^Mute$"):
        await fail.call({})
