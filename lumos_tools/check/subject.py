"""What is examined: a tool of ours, or of any framework, by its name, its schema and what it refuses."""

import json
import pprint
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from pydantic import ValidationError

from lumos_tools.errors import InvalidArgumentsError
from lumos_tools.schema import Schema
from lumos_tools.signature import Signature, parameters_of, read_signature, resolved, return_type
from lumos_tools.tool import FunctionSchema, FunctionTool, Tool, as_tool

Arguments: TypeAlias = str | dict[str, Any]
"""Raw JSON text, or a mapping."""


class Checkable(Protocol):
    """A tool of any framework, as it can be examined."""

    @property
    def name(self) -> str:
        """What the model calls it."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        ...

    def check(self, arguments: Arguments, /) -> object:
        """Take *arguments*, or raise `InvalidArgumentsError` or a `ValueError`, as pydantic's are."""
        ...


Examined: TypeAlias = Checkable | type[FunctionSchema]


class Answer(NamedTuple):
    """What a tool says to arguments: takes them, refuses them with a reason, or fails."""

    taken: bool
    refusal: str = ""
    call: Any = None
    """What `check` gave, of a tool that takes them."""
    error: Exception | None = None
    """What it raised, and should not."""


class Subject:
    """A tool, with what can be known of it: how it is written, and what it is made of."""

    def __init__(self, given: Examined) -> None:
        self._given = given
        ours = isinstance(given, Tool | type)
        self.tool: Tool | None = as_tool(given) if isinstance(given, Tool | type) else None
        self._checked = cast("Checkable", self.tool or given)
        self.name = self._checked.name
        self.schema: Schema = self._checked.parameters
        self._refusals = (InvalidArgumentsError,) if ours else (InvalidArgumentsError, ValueError)

    @property
    def text(self) -> str:
        """The schema as text."""
        return self.tool.arguments.text if self.tool else json.dumps(self._checked.parameters)

    @property
    def function(self) -> Any:
        """The function that the tool is made from, if it is made from one."""
        return getattr(self.tool, "function", None)

    @property
    def model(self) -> type[FunctionSchema] | None:
        """The model that the tool is made from, if it is made from one."""
        if isinstance(self._given, type):
            return self._given
        made_from: Any = self.tool.arguments.type if self.tool else None
        is_model = isinstance(made_from, type) and issubclass(made_from, FunctionSchema)
        return cast("type[FunctionSchema]", made_from) if is_model else None

    @cached_property
    def signature(self) -> Signature | None:
        """What the function takes, read anew."""
        if self.function is None:
            return None
        with warnings.catch_warnings(action="ignore"):
            return read_signature(self.function, owner=f"{self.name}()")

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of the function's parameters."""
        if self.function is None:
            return {}
        given = parameters_of(self.function).parameters
        return {name: resolved(one.annotation, self.function) for name, one in given.items()}

    @property
    def returns(self) -> Any:
        """The type of what comes out; None, if nobody knows."""
        if self.model is not None:
            return return_type(cast("Any", self.model).run)
        return None if self.function is None else return_type(self.function)

    def rebuilt(self) -> "Subject":
        """The same tool, made anew."""
        with warnings.catch_warnings(action="ignore"):
            if self.function is not None:
                return Subject(FunctionTool(self.function, name=self.name))
            return Subject(self.model or self._given)

    def ask(self, arguments: Arguments) -> Answer:
        """What the tool says to *arguments*."""
        try:
            return Answer(True, call=self._checked.check(arguments))
        except self._refusals as error:
            return Answer(False, refusal=_reason(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            return Answer(False, error=error)

    def pasteable(
        self,
        arguments: Mapping[str, Any] | str,
        remark: str,
        *,
        call: str = "{tool}.check({arguments})",
        imports: Sequence[str] = (),
    ) -> str:
        """A *call* with *arguments*, a mapping or an expression, as code to paste."""
        module, name = _place(self.model or self._given)
        tool = name or self.name
        lines = [*imports, *([f"from {module} import {name}"] if module else [])]
        if self.model is not None:
            lines.append("from lumos_tools.tool import as_tool")
            tool = f"as_tool({tool})"
        given = arguments if isinstance(arguments, str) else _written(arguments)
        told = [f"# {line}" for line in remark.splitlines()]
        code = call.format(tool=tool, arguments=given)
        return "\n".join(
            [
                *sorted(lines, key=lambda line: (line.startswith("from"), line)),
                *([""] if lines else []),
                code,
                *told,
            ]
        )


def _reason(error: Exception) -> str:
    """Why arguments are refused: a line a fault, pydantic's as ours."""
    if not isinstance(error, ValidationError):
        return str(error) or type(error).__name__
    faults = error.errors(include_url=False, include_context=False)
    return "\n".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)


def _written(arguments: Mapping[str, Any]) -> str:
    return pprint.pformat(dict(arguments), width=90, sort_dicts=False)


def _place(given: object) -> tuple[str, str]:
    """The module and the name that *given* is imported by; nothing, if it is in none."""
    module = sys.modules.get(getattr(given, "__module__", ""))
    for name, value in vars(module).items() if module else ():
        if value is given:
            return _importable(module), name
    return "", ""


def _importable(module: Any) -> str:
    """The name of *module* to whoever imports it; a script has that of its file."""
    name, file = str(module.__name__), str(getattr(module, "__file__", None) or "")
    stem = Path(file).stem
    is_file = name == "__main__" or name.startswith("tools_in_")
    return stem if stem and is_file else name
