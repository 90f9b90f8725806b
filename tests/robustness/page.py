"""Makes docs/reference/robustness.md out of what the table's rows really do: `python -m tests.robustness.page`."""

import asyncio
import logging
import math
import re
import warnings
from pathlib import Path

from lumos_agent import Notice
from tests.robustness.play import Outcome, Row, played
from tests.robustness.table import CASES, GROUPS, HIDDEN, LITELLM_ROWS, ROWS
from tests.robustness.wires import DIRECT, LITELLM

PAGE = Path(__file__).parents[2] / "docs/reference/robustness.md"
MOST = 200
"""Characters of a text that are shown."""
WIRES = {
    "chat": "Chat",
    "chat stream": "Chat, streamed",
    "messages": "Messages",
    "messages stream": "Messages, streamed",
}
HEAD = """# What goes wrong, and what happens then

What models and servers do wrong, case by case: what the model reads next, and what you see.
[The guide](../guides/robustness.md) says how to decide it.

Each line is a test over real sockets, and what stands in it is what happened there: {rows} rows, played {cases} times over OpenAI's Chat Completions and Anthropic's Messages, whole and streamed, wherever it can happen.
In each of them every call has exactly one answer, and the thread can be gone on with.
The agent has the tools `add`, `look` and `double`, is asked for 2 + 3, and makes up to two retries; a wait is one of a clock that does not wait.
Where the wires differ, each says what it does.
`python -m tests.robustness.page` writes this page anew.
"""
COLUMNS = """
| row | the model or the server | over | the model reads | you see |
|---|---|---|---|---|
"""
HIDING = """
## Through LiteLLM

The same rows through LiteLLM, once each, streamed where there is a stream.
All of them hold but these, because of what LiteLLM hides or changes; a test fails once one of them does.
[LiteLLM](litellm.md) says what else is different with it.

| row | what LiteLLM does | so you see |
|---|---|---|
"""


async def page() -> str:
    """The page, as the rows are played."""
    for row, wire in CASES:
        await played(row, wire)
    parts = [HEAD.format(rows=len(ROWS), cases=len(CASES))]
    for title, rows in GROUPS.items():
        parts += [f"\n## {title}\n", COLUMNS, *[await _line(row) for row in rows]]
    parts.append(HIDING)
    for row in LITELLM_ROWS:
        if row.id in HIDDEN:
            seen = _sees(row, await played(row, LITELLM))
            parts.append(f"| `{row.id}` | {HIDDEN[row.id]} | {seen} |\n")
    return "".join(parts)


async def _line(row: Row) -> str:
    outcomes = {wire: await played(row, wire) for wire in row.wires}
    reads = _each({wire: _reads(one) for wire, one in outcomes.items()})
    sees = _each({wire: _sees(row, one) for wire, one in outcomes.items()})
    return f"| `{row.id}` | {_cell(row.does)} | {_where(row.wires)} | {reads} | {sees} |\n"


def _each(told: dict[str, str]) -> str:
    """What was told over each wire: once, where it is the same."""
    by_text: dict[str, list[str]] = {}
    for wire, text in told.items():
        by_text.setdefault(text, []).append(wire)
    if len(by_text) == 1:
        return next(iter(by_text))
    return "<br>".join(f"{_where(wires)}: {text or 'nothing'}" for text, wires in by_text.items())


def _where(wires: list[str] | tuple[str, ...]) -> str:
    """Names of wires, in short where it is both ways of one, or one way of both."""
    short = {DIRECT: "all", DIRECT[::2]: "whole", DIRECT[1::2]: "streamed"}
    if tuple(wires) in short:
        return short[tuple(wires)]
    names: list[str] = []
    for name in ("chat", "messages"):
        found = [wire for wire in wires if wire.startswith(name)]
        names += [name.capitalize()] if len(found) == 2 else [WIRES[wire] for wire in found]
    return "; ".join(names)


def _reads(outcome: Outcome) -> str:
    return "<br>".join(_code(text) for text in outcome.reads)


def _sees(row: Row, outcome: Outcome) -> str:
    """The answer or the error, and what was told on the way."""
    seen = [_end(outcome)]
    noticed = [one for one in outcome.events if isinstance(one, Notice)]
    if noticed:
        seen.append(_notices(noticed))
    if outcome.attempts:
        seen.append("what was shown is void")
    if row.shown and outcome.shown and not getattr(outcome.error, "text", ""):
        seen.append(f"{_code(outcome.shown)} was shown")
    return "; ".join(seen)


def _notices(noticed: list[Notice]) -> str:
    words: list[str] = []
    for one in noticed:
        delay = one.data.get("delay") if isinstance(one.data, dict) else None
        rounded = (
            f" after {round(delay, 1) if delay < 1 else math.ceil(delay):g} s" if delay else ""
        )
        words.append(f"`{one.code}`{rounded}")
    return "notice " + ", ".join(words)


def _seconds(delay: float) -> str:
    """A wait; one up to a date is a little shorter each time."""
    return f"{delay if delay * 10 == round(delay * 10) else math.ceil(delay):g}"


def _end(outcome: Outcome) -> str:
    error = outcome.error
    if error is None:
        if not outcome.status:
            return "what came so far"
        answer = _code(outcome.text) if outcome.text else "no text"
        return answer if outcome.status == "complete" else f"{answer}, `{outcome.status}`"
    kind = getattr(error, "kind", None)
    named = f"`{type(error).__name__}`" + (f", kind `{kind}`" if kind else "")
    told = f": {_code(str(error))}" if str(error) else ""
    said = getattr(error, "text", "")
    return named + told + (f", `.text` is {_code(said)}" if said else "")


def _code(text: str) -> str:
    """*text* as code, without what differs from run to run."""
    text = re.sub(r"^[\w/]+/test-model: ", "", text)
    text = re.sub(r"[\w/]+/test-model", "test-model", text)
    text = re.sub(r"( broke: ).*", r"\1…", text)
    text = re.sub(r"127\.0\.0\.1(:|', )\d+", r"127.0.0.1\1PORT", text)
    text = text.encode("utf-8", "backslashreplace").decode()
    text = text.replace("\n", "\\n")
    shown = text if len(text) <= MOST else f"{text[:MOST]}…"
    mark = "``" if "`" in shown else "`"
    return f"{mark}{_cell(shown)}{mark}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    PAGE.write_text(asyncio.run(page()), encoding="utf-8")


if __name__ == "__main__":
    main()
