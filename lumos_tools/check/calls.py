"""Claims about calls: the tool takes what its schema admits, and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lumos_tools.check.evidence import Evidence, Problem, Schema, Shown
from lumos_tools.check.report import Finding
from lumos_tools.check.subject import Subject
from lumos_tools.errors import InvalidArgumentsError


def shows_refused(evidence: Evidence) -> Shown:
    """The tool takes what the schema admits; a check that `notes` tells of may refuse it."""
    subject = evidence.subject

    def problems(arguments: Schema) -> Iterator[Problem]:
        answer = subject.ask(arguments)
        if answer.error:
            yield Problem(f"the check fails: {_told(answer.error)}")
        elif not answer.taken:
            line = answer.refusal.split("\n")[0]
            path = _parameter(line)
            if _is_noted(subject, arguments, path):
                told = f"a check that no schema shows refuses this: {line}"
                yield Problem(told, path, "advice", f"refused: {line}")
            else:
                told = f"the schema admits this, and the tool refuses it: {line}"
                yield Problem(told, path, remark=f"refused: {line}")

    if not evidence.legal:
        message = "no arguments could be made that the schema admits, so no call was tried"
        return Shown(0, [Finding(kind="refused", severity="advice", message=message)])
    return evidence.shown("refused", evidence.legal, evidence.legal_arguments, problems)


def _parameter(fault: str) -> str:
    """The parameter that a line `it.size[0]: why` is about."""
    found = re.match(r"([^.\[:]+)[.\[:]", fault)
    return found[1] if found else ""


def _is_noted(subject: Subject, arguments: Schema, parameter: str) -> bool:
    """Whether the gate lets *arguments* pass, and a note says why *parameter* is refused after it."""
    tool = subject.tool
    if tool is None:
        return False
    try:
        tool.arguments.admit(arguments)
    except InvalidArgumentsError:
        return False
    named = [note for note in tool.notes if f"parameter {parameter!r}" in note]
    return bool(named) or any("parameter '" not in note for note in tool.notes)


def shows_taken(evidence: Evidence) -> Shown:
    """The tool refuses what the schema refuses, or mends it and says so."""
    subject, oracle = evidence.subject, evidence.oracle

    def problems(arguments: Schema) -> Iterator[Problem]:
        answer = subject.ask(arguments)
        if answer.error:
            yield Problem(f"the check fails: {_told(answer.error)}")
        elif answer.taken and not _is_mended(answer.call, oracle.admits):
            why = oracle.why(arguments)
            told = f"the schema refuses this, and the tool takes it: {why}"
            yield Problem(told, _parameter(why), remark="taken")

    return evidence.shown("taken", evidence.illegal, evidence.illegal_arguments, problems)


def _is_mended(call: Any, admits: Any) -> bool:
    return bool(getattr(call, "repairs", ())) and admits(call.arguments)


class Hostile(NamedTuple):
    """What is sent in place of arguments, and the expression that makes it."""

    what: str
    text: str
    code: str


def shows_hostile(evidence: Evidence) -> Shown:
    """What is no JSON object that the schema admits is refused, in the one way that is expected."""
    subject = evidence.subject
    sent = [*_hostile(max([{}, *evidence.legal], key=len), evidence)]
    found = [one for text in sent for one in _hostile_finding(subject, text)]
    return Shown(len(sent), found)


def _hostile_finding(subject: Subject, sent: Hostile) -> Iterator[Finding]:
    answer = subject.ask(sent.text)
    if answer.refusal:
        return
    what = f"fails: {_told(answer.error)}" if answer.error else "taken"
    yield Finding(
        kind="hostile",
        message=f"{sent.what}: {what}",
        example=subject.pasteable(sent.code, what),
        path=sent.what,
    )


def _hostile(legal: Schema, evidence: Evidence) -> Iterator[Hostile]:
    """Texts that are no arguments, whatever the schema says."""
    plain = json.dumps(legal)
    first = next(iter(legal), "it")
    number = next((key for key in legal if type(legal[key]) in (int, float)), first)
    texts = {
        "truncated text": plain[:-1],
        "one object after the other": f"{plain} {plain}",
        "no object": f"[{plain}]",
        "text around the object": f"Here: {plain}",
        "a key that is given twice": _with(legal, first, json.dumps(legal.get(first)), twice=True),
        "NaN": _with(legal, number, "NaN"),
        "a number beyond all floats": _with(legal, number, "1e999"),
        "half of a surrogate pair": _with(legal, first, '"\\ud800"'),
    }
    if not getattr(evidence.subject.tool, "repair", False):
        texts["a code fence"] = f"```json\n{plain}\n```"
        texts["an object in a text"] = json.dumps(plain)
    if not evidence.oracle.admits({"arguments": legal}):
        texts["an object under the key 'arguments'"] = json.dumps({"arguments": legal})
    for what, text in texts.items():
        yield Hostile(what, text, repr(text))
    start = f"{{{json.dumps(first)}: "
    yield Hostile(
        "10 000 lists in each other",
        start + "[" * 10_000 + "]" * 10_000 + "}",
        f'{start!r} + "[" * 10_000 + "]" * 10_000 + "}}"',
    )


def _with(legal: Schema, key: str, value: str, *, twice: bool = False) -> str:
    """The text of *legal* with *value*, as it is, under *key*."""
    entries = [f"{json.dumps(name)}: {json.dumps(legal[name])}" for name in legal if name != key]
    entries += [f"{json.dumps(key)}: {value}"] * (1 + twice)
    return f"{{{', '.join(entries)}}}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
