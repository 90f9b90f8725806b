"""Where a run ends although the model would go on: limits of tokens, time and money, and futility."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Container, Sequence
from typing import TypeVar

from lumos_agent.errors import AgentError, BudgetError, ConfigError, StepLimitError
from lumos_agent.messages import AssistantMessage, Message, UserMessage
from lumos_agent.providers.base import Candidate
from lumos_agent.run import Run

T = TypeVar("T")
FUTILE = 3
"""Replies in a row that call nothing but unknown tools, after which the run ends."""


def refuse_overrun(run: Run, tools: Container[str]) -> None:
    """Raise what ends *run* where the model, which may call *tools*, must not be asked again.

    `BudgetError` for a limit of its options, or for two replies in a row whose calls were cut off;
    `StepLimitError` for a model that calls what does not exist, again and again.
    """
    error = _overspent(run) or _overdue(run) or _futile(run, tools)
    if error:
        raise error


def refuse_unpriced(models: Sequence[Candidate]) -> None:
    """Raise `ConfigError` where the price of one of *models* is not known, so that no limit holds."""
    for model in models:
        if getattr(model.provider, "price", None) is None:
            name = f"{model.provider.name}/{model.provider.model}"
            raise ConfigError(
                f"max_cost cannot be kept: the price of {name} is not known; "
                "take it out, or use max_total_tokens or max_steps"
            )


def remaining(run: Run) -> float | None:
    """Seconds that *run* still has; None if it has all the time."""
    return None if run.deadline is None else max(run.deadline - time.perf_counter(), 0.0)


def out_of_time(run: Run) -> BudgetError:
    """The error of a run whose time is over."""
    limit = run.options.max_seconds or 0
    return BudgetError(
        f"the run took {limit:g} s, which is all it may; allow more max_seconds", run=run
    )


async def within(run: Run, awaited: Awaitable[T]) -> T:
    """What *awaited* gives. Raises `BudgetError` when the time of *run* is over before it is there."""
    if run.deadline is None:
        return await awaited
    try:
        async with asyncio.timeout(remaining(run)):
            return await awaited
    except TimeoutError as error:
        raise out_of_time(run) from error


async def hurried(run: Run, items: AsyncIterator[T]) -> AsyncIterator[T]:
    """*items* as they come. Raises `BudgetError` when the time of *run* is over before the next."""
    while (item := await within(run, anext(items, None))) is not None:
        yield item


def _overspent(run: Run) -> BudgetError | None:
    options, spent = run.options, run.usage.input_tokens + run.usage.output_tokens
    if options.max_total_tokens is not None and spent >= options.max_total_tokens:
        return BudgetError(
            f"the run used {spent} tokens of {options.max_total_tokens}; allow more max_total_tokens",
            run=run,
        )
    if options.max_cost is None:
        return None
    if run.cost is None:
        return BudgetError(
            f"{run.model} did not say what it used, so max_cost cannot be kept; "
            "take it out, or use max_total_tokens or max_steps",
            run=run,
        )
    if run.cost >= options.max_cost:
        return BudgetError(
            f"the run cost ${run.cost:.4f} of ${options.max_cost:g}; allow more max_cost", run=run
        )
    return None


def _overdue(run: Run) -> BudgetError | None:
    return out_of_time(run) if remaining(run) == 0 else None


def _futile(run: Run, tools: Container[str]) -> AgentError | None:
    said = _replies(run.messages, FUTILE)
    if len(said) == FUTILE and all(_unknown(one, tools) for one in said):
        return StepLimitError(
            f"the model called only tools that do not exist in {FUTILE} replies, "
            f"{said[0].calls[0].name!r} the last time; correct the instructions, or offer the tool",
            run=run,
        )
    if len(said) > 1 and all(one.truncated and one.calls for one in said[:2]):
        limit = run.options.max_tokens
        return BudgetError(
            "the limit of a reply's tokens cut the model's call off, twice; allow more max_tokens"
            + (f" than {limit}" if limit else ""),
            run=run,
        )
    return None


def _unknown(reply: AssistantMessage, tools: Container[str]) -> bool:
    return bool(reply.calls) and not any(call.name in tools for call in reply.calls)


def _replies(messages: Sequence[Message], most: int) -> list[AssistantMessage]:
    """Up to so many last replies since the user spoke, the newest first."""
    found: list[AssistantMessage] = []
    for message in reversed(messages):
        if isinstance(message, UserMessage) or len(found) == most:
            break
        if isinstance(message, AssistantMessage):
            found.append(message)
    return found
