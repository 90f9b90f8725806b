"""The claim about results: what comes out of a tool is text, or JSON as its return type says."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from lumos_tools.check.evidence import Evidence, Problem, Schema, Shown
from lumos_tools.check.oracle import Oracle
from lumos_tools.context import ToolContext
from lumos_tools.errors import ToolError
from lumos_tools.tool import BoundCall, Tool


def shows_results(evidence: Evidence) -> Shown:
    """With `run` the body is called; else values that the return type allows take its place."""
    if evidence.subject.tool is None:
        return Shown(0, [])
    shows = _shows_calls if evidence.run else _shows_values
    return shows(evidence, evidence.subject.tool)


def _shows_calls(evidence: Evidence, tool: Tool) -> Shown:
    """Run the body; a `ToolError` is an answer, as good as any."""
    oracle = Oracle(tool.output_schema) if tool.output_schema else None

    def problems(arguments: Schema) -> Iterator[Problem]:
        answer = evidence.subject.ask(arguments)
        if not answer.taken:
            return
        try:
            value = _run(tool, answer.call)
        except ToolError:
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, it is told
            told = f"{type(error).__name__}: {error}".split("\n")[0][:200]
            yield Problem(f"the body raises {told}", type(error).__name__)
            return
        yield from _told(tool, value, oracle)

    def paste(arguments: Schema, remark: str) -> str:
        call = "asyncio.run({tool}.call({arguments}))"
        return evidence.subject.pasteable(arguments, remark, call=call, imports=["import asyncio"])

    return evidence.shown("results", evidence.legal, evidence.legal_arguments, problems, paste)


def _shows_values(evidence: Evidence, tool: Tool) -> Shown:
    """Draw what the return type allows, if Hypothesis can make such values."""
    returns = evidence.subject.returns
    if returns in (None, str, type(None)):
        return Shown(0, [])

    def problems(value: Any) -> Iterator[Problem]:
        return _told(tool, value, None)

    try:
        strategy = st.from_type(returns)
        values = evidence.drawn(strategy)
    except Exception:  # noqa: BLE001  # a type of the user's may raise anything when it is made
        return Shown(0, [])
    return evidence.shown("results", values, strategy, problems, _as_comment)


def _as_comment(value: Any, remark: str) -> str:
    return f"# for example {value!r}"


def _told(tool: Tool, value: Any, oracle: Oracle | None) -> Iterator[Problem]:
    """What is wrong with what the model reads of *value*."""
    try:
        text = _text(tool, value)
    except ToolError as error:
        yield Problem(str(error))
        return
    read = text if isinstance(value, str) else json.loads(text)
    if oracle and not oracle.admits(read):
        yield Problem(f"the return type does not say what comes: {oracle.why(read)}", "schema")


def _run(tool: Tool, call: BoundCall) -> Any:
    """What the body gives, in an event loop of its own: there may be one already."""

    async def body() -> Any:
        async with asyncio.timeout(tool.timeout):
            return await tool.body(call.values, ToolContext())

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(body())).result()


def _text(tool: Tool, value: Any) -> str:
    """What the model reads of *value*. Raises `ToolError`."""
    text = ""

    async def body(values: Any, context: Any) -> Any:
        return values

    async def read() -> None:
        nonlocal text
        returning = Tool(tool.arguments, body, name=tool.name, timeout=None)
        text = await BoundCall(returning, {}, value).run()

    with suppress(StopIteration):
        read().send(None)  # nothing waits in it, so this is all
    return text
