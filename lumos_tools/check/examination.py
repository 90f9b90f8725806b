"""Examines a tool: shows each claim, and tells what does not hold."""

import logging
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager

from lumos_tools.check.claims import CLAIMS
from lumos_tools.check.evidence import Evidence
from lumos_tools.check.report import Finding, Report, ToolCheckError
from lumos_tools.check.subject import Examined, Subject


def check_tool(
    tool: Examined,
    *,
    examples: int = 60,
    seed: int = 0,
    run: bool = False,
    dialects: Sequence[str] | None = None,
    allow: Iterable[str] = (),
) -> Report:
    """Show that *tool* keeps what its schema promises. Raises `ToolCheckError`, with all that does not.

    Its body is not run, unless *run* says so. The arguments are those of `examine`.
    """
    report = examine(tool, examples=examples, seed=seed, run=run, dialects=dialects, allow=allow)
    if not report.ok:
        raise ToolCheckError(report)
    return report


def examine(
    tool: Examined,
    *,
    examples: int = 60,
    seed: int = 0,
    run: bool = False,
    dialects: Sequence[str] | None = None,
    allow: Iterable[str] = (),
) -> Report:
    """Hold *tool* against each of `CLAIMS`, with so many *examples*, the same ones for the same *seed*.

    *run* calls the body with legal arguments, too. *dialects* are names of `lumos_tools.dialects`, None
    for all. *allow* leaves out findings: of a claim, `"texts"`, or of one path of it, `"refused:day"`.
    """
    began = time.perf_counter()
    subject = Subject(tool)
    evidence = Evidence(subject, examples=examples, seed=seed, run=run, dialects=dialects)
    found: list[Finding] = []
    counts: dict[str, int] = {}
    with _in_silence():
        for kind, claim in CLAIMS.items():
            if kind != "schema" and evidence.unusable:
                continue
            shown = claim.shows(evidence)
            counts[kind] = shown.examples
            found += shown.findings
    allowed = {allow} if isinstance(allow, str) else {*allow}
    return Report(
        tool=subject.name,
        findings=tuple(one for one in found if not {one.kind, f"{one.kind}:{one.path}"} & allowed),
        examples=counts,
        seed=seed,
        seconds=time.perf_counter() - began,
    )


@contextmanager
def _in_silence() -> Generator[None]:
    """Keep what goes wrong in tools out of the log: the report tells it, once."""
    logger = logging.getLogger("lumos_tools")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
