"""Tools: what a model may call by name, made from plain functions."""

import asyncio
import copy
import difflib
import inspect
import json
import logging
import math
import re
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property, partial, partialmethod, update_wrapper
from typing import Annotated, Any, ClassVar, Generic, Literal, ParamSpec, Self, TypeVar, overload

import pydantic_core
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict, Unpack

from lumos_tools.annotations import UNIONS, UNRESOLVED, prepare
from lumos_tools.context import ToolContext
from lumos_tools.deadline import DeadlineError, within
from lumos_tools.docstrings import read_docstring, warn_of_unknown
from lumos_tools.errors import InvalidArgumentsError, SchemaError, ToolError
from lumos_tools.pool import threads
from lumos_tools.schema import CONFIG, Arguments, Schema, arguments_of, output_schema
from lumos_tools.signature import (
    BOUND,
    BY_PLACE,
    EMPTY,
    OTHERS,
    REST,
    Parameter,
    is_context,
    read_signature,
    resolved,
    return_type,
    signature_of,
)

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger("lumos_tools")

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)  # legal at every provider
RESERVED = ("auto", "none", "required")  # the words of a tool choice
MAX_ERROR = 500
PASSING = asyncio.CancelledError, GeneratorExit, KeyboardInterrupt
"""What ends more than a tool, and is no failure of it."""
NO_RUN: ToolContext[Any] = ToolContext()


class ToolOptions(TypedDict, total=False):
    """What may be said of a tool: as keywords of `function_tool`, or of a `FunctionSchema` class."""

    name: str
    """Default: the name of the function or class."""
    description: str
    """Default: the docstring, up to its sections."""
    timeout: float | None
    """Seconds a call may take, None for ever. Default: 120."""
    idempotent: bool
    """Whether a call whose outcome is unknown, after a crash, may be made again. Default: no."""
    sequential: bool
    """Whether a call waits for those before it, and those after it wait for it. Default: no."""
    repair: bool
    """Whether arguments that are nearly right, `"5"` for 5, are made right. Default: no."""
    tags: Sequence[str]
    """What it belongs to, for `ToolRegistry.view`."""


class Tool:
    """What a model may call by name: arguments that are checked first, and a body that runs after."""

    def __init__(
        self,
        arguments: Arguments,
        body: Callable[[Any, ToolContext[Any]], Awaitable[Any]],
        *,
        name: str,
        description: str = "",
        timeout: float | None = 120.0,
        idempotent: bool = False,
        sequential: bool = False,
        repair: bool = False,
        tags: Sequence[str] = (),
        wants_context: bool = True,
        returns: Callable[[], Any] = lambda: None,
        notes: Sequence[str] = (),
    ) -> None:
        _refuse_timeout(timeout, name)
        self._name = _legal(name)
        self.description = description
        self.timeout = timeout
        self.idempotent = idempotent
        self.sequential = sequential
        self.repair = repair
        self.tags = frozenset([tags] if isinstance(tags, str) else tags)
        self.wants_context = wants_context
        self.arguments = arguments
        self.body = body
        self.notes = tuple(notes)
        """What is checked of the arguments, and no schema can say: a validator of one's own, say."""
        self._returns = returns

    @property
    def name(self) -> str:
        """What the model calls it; `renamed` is the same tool under another."""
        return self._name

    @property
    def parameters(self) -> Schema:
        """The JSON Schema of the arguments, a copy: changing it does not change the tool."""
        return self.arguments.schema

    @property
    def output_schema(self) -> Schema | None:
        """The JSON Schema of what the model reads, where the return type says it; None for text.

        A copy, as `parameters` are.
        """
        return copy.deepcopy(self._output_schema)

    @cached_property
    def _output_schema(self) -> Schema | None:
        return output_schema(self._returns())

    def check(self, arguments: str | bytes | Mapping[str, Any]) -> "BoundCall":
        """Check *arguments* and run nothing. Raises `InvalidArgumentsError`."""
        repairs: tuple[str, ...] = ()
        if self.repair:
            admitted, repairs = self.arguments.repair(arguments)
        else:
            admitted = self.arguments.admit(arguments)
        return BoundCall(self, admitted, self.arguments.convert(admitted), repairs)

    async def call(
        self, arguments: str | bytes | Mapping[str, Any], context: ToolContext[Any] | None = None
    ) -> str:
        """Check *arguments*, raw JSON text or a mapping, run the body, return what the model reads.

        A `str` is returned as it is, all else as JSON. Raises `InvalidArgumentsError` before the body
        runs, and `ToolError` when the body fails or does not end in time.
        """
        return await self.check(arguments).run(context)

    def renamed(self, name: str) -> Self:
        """The same tool under another name. Raises `SchemaError` for a name that cannot be one."""
        other = copy.copy(self)
        other._name = _legal(name)
        return other

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class BoundCall:
    """A call whose arguments are checked; `run` carries it out.

    `arguments` is plain JSON: kept, and checked again, it is the same call later, or elsewhere.
    """

    def __init__(
        self, tool: Tool, arguments: Schema, values: Any, repairs: tuple[str, ...] = ()
    ) -> None:
        self.tool = tool
        self.arguments = arguments
        self.values = values
        """What the body gets."""
        self.repairs = repairs
        """What was changed in the arguments that came, if the tool allows it."""
        self._ran = False

    async def run(self, context: ToolContext[Any] | None = None) -> str:
        """Run the body once and return what the model reads. Raises `ToolError`."""
        name, seconds = self.tool.name, self.tool.timeout
        if self._ran:  # and the body may have changed the values
            raise ToolError(f"this call of {name!r} has run; check its arguments again for another")
        self._ran = True
        try:
            body = self.tool.body(self.values, context or NO_RUN)
            return _text(name, await within(seconds, body))
        except DeadlineError as error:
            told = f"{name!r} did not end within {seconds:g} s; what it did is unknown"
            raise ToolError(told) from error.__cause__
        except InvalidArgumentsError as error:  # of a tool that the body called
            raise ToolError(str(error)) from error
        except (ToolError, *PASSING):
            raise
        except BaseException as error:
            raise failure(name, error) from error


def failure(name: str, error: BaseException) -> ToolError:
    """What a model reads of the *error* that the tool *name* failed with, which is logged."""
    logger.error("tool %r failed", name, exc_info=error)
    return ToolError(_whole(_said(error))[:MAX_ERROR])


class FunctionTool(Tool, Generic[P, R]):
    """A tool made from a function, and still that function: same call, same type."""

    def __init__(self, function: Callable[P, R], **options: Unpack[ToolOptions]) -> None:
        _refuse_what_is_no_function(function)
        name = options.get("name", _name_of(function))
        owner = f"{name}()"
        signature = read_signature(function, owner=owner)
        for one in signature.parameters:
            _refuse_default(one, f"{owner}: parameter {one.name!r}")
        arguments = arguments_of(signature.parameters, owner=owner)
        defaults = ToolOptions(name=name, description=signature.description)
        wants = signature.context is not None
        super().__init__(
            arguments,
            self._call_function,
            wants_context=wants,
            returns=partial(return_type, function),
            notes=signature.notes,
            **(defaults | options),
        )
        update_wrapper(self, function, updated=())
        self.function = function
        self._signature = signature
        self._call = _off_loop(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def _call_function(self, values: dict[str, Any], context: ToolContext[Any]) -> Awaitable[Any]:
        places, names = self._signature.bind(values, context)
        return self._call(*places, **names)


@overload
def function_tool(
    function: Callable[P, R], /, **options: Unpack[ToolOptions]
) -> FunctionTool[P, R]: ...
@overload
def function_tool(
    **options: Unpack[ToolOptions],
) -> Callable[[Callable[P, R]], FunctionTool[P, R]]: ...
def function_tool(function: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
    """Make a tool of a function: `@function_tool`, or `@function_tool(name=..., timeout=...)`.

    Its type hints are the schema, its docstring the texts. Raises `SchemaError` for what no schema
    can say. Sync functions run in a thread; a parameter typed `ToolContext` gets the context.
    """
    return (
        partial(FunctionTool, **options) if function is None else FunctionTool(function, **options)
    )


class FunctionSchema(BaseModel):
    """Base class of a tool that declares its arguments as the fields of a model.

    Its docstring is the description; `run(self)`, sync or async, the body, which may take a
    `ToolContext`, as in `run(self, context: ToolContext)`.
    `ToolOptions` are class keywords: `class Refund(FunctionSchema, timeout=5)`.
    """

    model_config = CONFIG
    __tool_options__: ClassVar[ToolOptions] = {}

    def __init_subclass__(cls, **options: Unpack[ToolOptions]) -> None:
        super().__init_subclass__()
        _refuse_unknown(options, cls.__name__)
        inherited = cls.__tool_options__.copy()
        inherited.pop("name", None)
        inherited.pop("description", None)
        cls.__tool_options__ = inherited | options


def as_tool(given: Tool | type[FunctionSchema]) -> Tool:
    """*given* itself, or the tool that a `FunctionSchema` class declares. Raises `SchemaError`."""
    tool: Any = given
    if isinstance(tool, Tool):
        return tool
    if not (isinstance(tool, type) and issubclass(tool, FunctionSchema)):
        raise SchemaError(f"{tool!r} is no tool; decorate a function with @function_tool")
    run = _method_of(tool)
    context = _context_of(run, f"{tool.__name__}.run()")
    notes: list[str] = []
    prepare(tool, tool.__name__, notes)
    texts = read_docstring(tool.__doc__)
    options = ToolOptions(name=tool.__name__, description=texts.description)
    return Tool(
        _fields_of(tool, texts.parameters),
        _body_of(run, context),
        wants_context=context is not None,
        returns=partial(return_type, run),
        notes=notes,
        **(options | tool.__tool_options__),
    )


def _method_of(model: type[FunctionSchema]) -> Callable[..., Any]:
    if "run" in model.model_fields:
        raise SchemaError(
            f"{model.__name__}: field 'run' stands where its body should; name the field run_, with "
            "Field(alias='run'), and give it a method run(self)"
        )
    run: Callable[..., Any] | None = getattr(model, "run", None)
    if run is None:
        raise SchemaError(f"{model.__name__} has no body; give it a method run(self)")
    return run


def _body_of(
    run: Callable[..., Any], context: inspect.Parameter | None
) -> Callable[[Any, ToolContext[Any]], Awaitable[Any]]:
    call = _off_loop(run)

    def body(values: Any, given: ToolContext[Any]) -> Awaitable[Any]:
        if context is None:
            return call(values)
        by_place = context.kind is BY_PLACE
        return call(values, given) if by_place else call(values, **{context.name: given})

    return body


def _context_of(run: Callable[..., Any], owner: str) -> inspect.Parameter | None:
    """The parameter of a model's *run* that gets the context."""
    found: inspect.Parameter | None = None
    for one in [*signature_of(run, owner).parameters.values()][1:]:
        try:
            annotation = resolved(one.annotation, run)
        except UNRESOLVED:
            annotation = None
        bare = one.annotation is EMPTY and one.name == "context"
        if (is_context(annotation) or bare) and found is None:
            found = one
        elif one.default is EMPTY and one.kind not in (REST, OTHERS):
            raise SchemaError(
                f"{owner}: nobody gives it {one.name!r}; make it a field, annotate it as ToolContext "
                "if it is the context, of which there is one, or give it a default"
            )
    return found


def _fields_of(model: type[FunctionSchema], texts: Mapping[str, str]) -> Arguments:
    """The fields of *model* as arguments; its docstring's *texts* describe those that say nothing."""
    warn_of_unknown(texts, model.model_fields, model.__name__)
    for name, field in model.model_fields.items():
        default = EMPTY if field.is_required() else field.get_default()
        parameter = Parameter(name, field.rebuild_annotation(), default)
        _refuse_default(parameter, f"{model.__name__}: field {name!r}")
    extras = [{"description": texts[name]} if name in texts else {} for name in model.model_fields]
    return Arguments(lambda: model, owner=model.__name__, extras=extras)


def _refuse_what_is_no_function(given: Any) -> None:
    if isinstance(given, classmethod | partialmethod):
        raise SchemaError(f"{given!r} is no function yet, but a part of its class; {BOUND}")
    if not callable(given) or isinstance(given, type):
        raise SchemaError(f"{given!r} is no function; for a class, derive from FunctionSchema")


def _refuse_unknown(options: Mapping[str, Any], owner: str) -> None:
    known = sorted(ToolOptions.__optional_keys__)
    unknown = next((name for name in options if name not in known), None)
    if unknown:
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise SchemaError(f"{owner}: there is no option {unknown!r}; {hint}")


def _legal(name: str) -> str:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise SchemaError(
            f"{name!r} cannot be a tool's name: it must be 1 to 64 of A-Z a-z 0-9 _, "
            f"start with no digit and not be one of {', '.join(RESERVED)}; pass name="
        )
    return name


def _refuse_timeout(timeout: Any, name: str) -> None:
    if timeout is not None and not (isinstance(timeout, int | float) and 0 < timeout < math.inf):
        raise SchemaError(
            f"{name!r} cannot have the timeout {timeout!r}; give seconds, more than 0, or None for ever"
        )


def _refuse_default(parameter: Parameter, where: str) -> None:
    """Raise `SchemaError` for a default that the parameter's own schema, which shows it, would not admit.

    None is for what need not be said, and what has no JSON is a mark.
    """
    name, default = parameter.name, parameter.default
    if default is None or default is EMPTY or _is_of(default, parameter.annotation):
        return
    own = arguments_of([parameter], owner=where)
    shown = own.schema["properties"][name]
    if "default" not in shown and not isinstance(default, float):  # infinity is no mark
        return
    try:
        own.admit({name: shown.get("default", default)})
    except InvalidArgumentsError as error:
        raise SchemaError(
            f"{where} has the default {default!r}, which it would not take ({error.faults[0]}); "
            "correct one of them"
        ) from error


def _is_of(default: Any, annotation: Any) -> bool:
    """Whether *default* is plainly right, which needs no schema to see: that takes a millisecond."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _is_of(default, arguments[0]) and _is_within(default, annotation)
    if origin in UNIONS:
        return any(_is_of(default, one) for one in arguments)
    if origin is Literal:
        return any(type(one) is type(default) and one == default for one in arguments)
    if annotation is float:
        return type(default) in (int, float) and abs(default) < math.inf
    if origin in (list, dict, set) and not default:
        return type(default) is origin
    return type(default) is annotation and annotation is not Decimal


def _is_within(default: Any, annotation: Any) -> bool:
    """Whether *default* keeps the limits beside its type."""
    try:
        TypeAdapter(annotation).validate_python(default)
    except Exception:  # noqa: BLE001  # a validator of one's own may raise anything
        return False
    return True


def _name_of(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _off_loop(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """*function* as one to await: a sync one runs in a thread. What it yields comes as a list.

    What counts is the outermost: a wrapper may make another kind of function of what it wraps.
    """
    outer: Any = function
    while isinstance(outer, partial):
        outer = outer.func
    outer = outer if inspect.isroutine(outer) else type(outer).__call__

    async def here(*args: Any, **kwargs: Any) -> Any:
        result = await function(*args, **kwargs)
        return result if isinstance(result, str) else await _gathered(result)

    async def collected(*args: Any, **kwargs: Any) -> Any:
        return await _gathered(function(*args, **kwargs))

    async def in_a_thread(*args: Any, **kwargs: Any) -> Any:
        return await _gathered(await threads.run(partial(_run, function, args, kwargs)))

    if inspect.iscoroutinefunction(outer):
        return here
    return collected if inspect.isasyncgenfunction(outer) else in_a_thread


async def _gathered(result: Any) -> Any:
    """What *result* comes to: an awaitable is waited for, and what is yielded comes as a list."""
    if inspect.isawaitable(result):
        result = await result
    if inspect.isasyncgen(result):
        return [item async for item in result]
    if inspect.isgenerator(result):
        return await threads.run(partial(_listed, result))
    return result


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return _listed(function(*args, **kwargs))


def _listed(result: Any) -> Any:
    return [*result] if inspect.isgenerator(result) else result


def _text(name: str, result: Any) -> str:
    """What the model reads of *result*: a str as it is, all else as JSON."""
    if isinstance(result, str):
        return _whole(str.__str__(result))  # exact: some libraries return kinds of str
    try:
        text = pydantic_core.to_json(result, inf_nan_mode="null", bytes_mode="base64")
        if b"NaN" in text or b"Infinity" in text:  # a model may say that it wants them
            text = pydantic_core.to_json(json.loads(text), inf_nan_mode="null")
    except pydantic_core.PydanticSerializationError as error:
        raise ToolError(f"{name!r} returned {type(result).__name__}, which is not JSON") from error
    return text.decode()


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  # of its own text
        return type(error).__name__


def _whole(text: str) -> str:
    """*text* with U+FFFD for halves of surrogate pairs, which no UTF-8 can have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
