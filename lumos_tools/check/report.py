"""What came of an examination: the findings, and how many examples showed the rest."""

from typing import Literal

import msgspec

from lumos_tools.errors import LumosError

Severity = Literal["fault", "advice"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a tool, or could be better."""

    kind: str
    """The claim that does not hold: a key of `lumos_tools.check.CLAIMS`."""
    severity: Severity = "fault"
    message: str
    example: str = ""
    """The smallest case, as Python code to paste."""
    path: str = ""
    """The parameter, or the place in the schema."""

    def __str__(self) -> str:
        return "\n".join([f"{self.kind}: {self.message}", *_indented(self.example)])


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one tool, and how much was tried."""

    tool: str
    findings: tuple[Finding, ...]
    examples: dict[str, int]
    """How many examples each claim was held against."""
    seed: int
    seconds: float

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are wrong."""
        return tuple(one for one in self.findings if one.severity == "fault")

    @property
    def advice(self) -> tuple[Finding, ...]:
        """The findings that could be better."""
        return tuple(one for one in self.findings if one.severity == "advice")

    @property
    def ok(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def to_json(self) -> str:
        """The report as JSON text; `msgspec` decodes it."""
        return msgspec.json.encode(self).decode()

    def __str__(self) -> str:
        tried = f"{sum(self.examples.values())} examples in {self.seconds:.2f} s"
        if not self.findings:
            return f"{self.tool}: nothing found, {tried}"
        counts = (_count(self.faults, "fault"), _count(self.advice, "piece of advice"))
        lines = [f"{self.tool}: {' and '.join(filter(None, counts))}, {tried}, seed {self.seed}"]
        for mark, found in (("✗", self.faults), ("·", self.advice)):
            lines += [f"  {mark} {one}" for one in found]
        return "\n".join(lines)


class ToolCheckError(LumosError, AssertionError):
    """A tool has faults; the message is the report, and `report` has it whole."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(str(report))


def _indented(code: str) -> list[str]:
    return [f"      {line}".rstrip() for line in code.splitlines()]


def _count(found: tuple[Finding, ...], word: str) -> str:
    plural = "pieces of advice" if word == "piece of advice" else f"{word}s"
    return f"{len(found)} {word if len(found) == 1 else plural}" if found else ""
