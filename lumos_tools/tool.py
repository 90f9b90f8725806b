"""Tools: what a model may call by name, made from plain functions."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, partial, update_wrapper
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, overload

import pydantic_core
from pydantic import BaseModel
from typing_extensions import TypedDict, Unpack

from lumos_tools.annotations import prepare
from lumos_tools.context import ToolContext
from lumos_tools.deadline import DeadlineError, within
from lumos_tools.docstrings import read_docstring
from lumos_tools.errors import InvalidArgumentsError, SchemaError, ToolError
from lumos_tools.pool import threads
from lumos_tools.schema import CONFIG, Arguments, Schema, arguments_of, output_schema
from lumos_tools.signature import (
    parameters_of,
    plain_function,
    read_signature,
    refuse_default,
    return_type,
)

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger("lumos_tools")

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)  # legal at every provider
RESERVED = ("auto", "none", "required")  # the words of a tool choice
MAX_ERROR = 500
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
        repair: bool = False,
        tags: Sequence[str] = (),
        wants_context: bool = True,
        returns: Callable[[], Any] = lambda: None,
        notes: Sequence[str] = (),
    ) -> None:
        if not NAME.fullmatch(name) or name in RESERVED:
            raise SchemaError(
                f"{name!r} cannot be a tool's name: it must be 1 to 64 of A-Z a-z 0-9 _, "
                f"start with no digit and not be one of {', '.join(RESERVED)}; pass name="
            )
        self.name = name
        self.description = description
        self.timeout = timeout
        self.idempotent = idempotent
        self.repair = repair
        self.tags = frozenset([tags] if isinstance(tags, str) else tags)
        self.wants_context = wants_context
        self.arguments = arguments
        self.body = body
        self.notes = tuple(notes)
        """What is checked of the arguments, and no schema can say: a validator of one's own, say."""
        self._returns = returns

    @property
    def parameters(self) -> Schema:
        """The JSON Schema of the arguments, a copy: changing it does not change the tool."""
        return self.arguments.schema

    @cached_property
    def output_schema(self) -> Schema | None:
        """The JSON Schema of what the model reads, where the return type says it; None for text."""
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

    def renamed(self, name: str) -> "Tool":
        """The same tool under another name. Raises `SchemaError` for a name that cannot be one."""
        return Tool(
            self.arguments,
            self.body,
            name=name,
            description=self.description,
            timeout=self.timeout,
            idempotent=self.idempotent,
            repair=self.repair,
            tags=tuple(self.tags),
            wants_context=self.wants_context,
            returns=self._returns,
            notes=self.notes,
        )

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

    async def run(self, context: ToolContext[Any] | None = None) -> str:
        """Run the body once and return what the model reads. Raises `ToolError`."""
        name, seconds = self.tool.name, self.tool.timeout
        try:
            body = self.tool.body(self.values, context or NO_RUN)
            return _text(name, await within(seconds, body))
        except DeadlineError as error:
            told = f"{name!r} did not end within {seconds:g} s; what it did is unknown"
            raise ToolError(told) from error.__cause__
        except InvalidArgumentsError as error:  # of a tool that the body called
            raise ToolError(str(error)) from error
        except ToolError:
            raise
        except (Exception, SystemExit) as error:
            logger.error("tool %r failed", name, exc_info=error)
            raise ToolError(f"{type(error).__name__}: {error}"[:MAX_ERROR]) from error


class FunctionTool(Tool, Generic[P, R]):
    """A tool made from a function, and still that function: same call, same type."""

    def __init__(self, function: Callable[P, R], **options: Unpack[ToolOptions]) -> None:
        if not callable(function) or isinstance(function, type):
            raise SchemaError(
                f"{function!r} is no function; for a class, derive from FunctionSchema"
            )
        name = options.get("name", _name_of(function))
        signature = read_signature(function, owner=f"{name}()")
        arguments = arguments_of(signature.parameters, owner=f"{name}()")
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

    Its docstring is the description; `run(self)` or `run(self, context)`, sync or async, the body.
    `ToolOptions` are class keywords: `class Refund(FunctionSchema, timeout=5)`.
    """

    model_config = CONFIG
    __tool_options__: ClassVar[ToolOptions] = {}

    def __init_subclass__(cls, **options: Unpack[ToolOptions]) -> None:
        super().__init_subclass__()
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
    if "run" in tool.model_fields:
        raise SchemaError(
            f"{tool.__name__}: field 'run' stands where its body should; name the field run_, with "
            "Field(alias='run'), and give it a method run(self)"
        )
    run = getattr(tool, "run", None)
    if run is None:
        raise SchemaError(f"{tool.__name__} has no body; give it a method run(self)")
    wants_context = len(parameters_of(run).parameters) > 1
    notes: list[str] = []
    prepare(tool, tool.__name__, notes)
    call = _off_loop(run)

    async def body(values: FunctionSchema, context: ToolContext[Any]) -> Any:
        return await (call(values, context) if wants_context else call(values))

    texts = read_docstring(tool.__doc__)
    options = ToolOptions(name=tool.__name__, description=texts.description)
    return Tool(
        _fields_of(tool, texts.parameters),
        body,
        wants_context=wants_context,
        returns=partial(return_type, run),
        notes=notes,
        **(options | tool.__tool_options__),
    )


def _fields_of(model: type[FunctionSchema], texts: Mapping[str, str]) -> Arguments:
    """The fields of *model* as arguments; its docstring's *texts* describe those that say nothing."""
    for name, field in model.model_fields.items():
        refuse_default(
            field.default, field.rebuild_annotation(), f"{model.__name__}: field {name!r}"
        )
    extras = [{"description": texts[name]} if name in texts else {} for name in model.model_fields]
    return Arguments(model, owner=model.__name__, extras=extras)


def _name_of(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _off_loop(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """*function* as one to await: a sync one runs in a thread. What it yields comes as a list."""
    plain = plain_function(function)
    if inspect.iscoroutinefunction(plain) and not isinstance(function, type):
        return function
    collects = inspect.isgeneratorfunction(plain)

    async def call(*args: Any, **kwargs: Any) -> Any:
        if inspect.isasyncgenfunction(plain):
            return [item async for item in function(*args, **kwargs)]
        result = await threads.run(partial(_run, function, collects, args, kwargs))
        return await result if inspect.isawaitable(result) else result

    return call


def _run(
    function: Callable[..., Any], collects: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = function(*args, **kwargs)
    return list(result) if collects else result


def _text(name: str, result: Any) -> str:
    """What the model reads of *result*: a str as it is, all else as JSON."""
    if isinstance(result, str):
        return str.__str__(result)  # exact: some libraries return kinds of str
    try:
        return pydantic_core.to_json(result, inf_nan_mode="null", bytes_mode="base64").decode()
    except pydantic_core.PydanticSerializationError as error:
        raise ToolError(f"{name!r} returned {type(result).__name__}, which is not JSON") from error
