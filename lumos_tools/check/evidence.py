"""What claims are held against: arguments, drawn once, and the smallest of those that break a claim."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from random import Random
from typing import Any, NamedTuple, TypeVar, cast

from hypothesis import HealthCheck, Phase, Verbosity, find, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy, tuples

from lumos_tools.check.mutations import places, replaced
from lumos_tools.check.oracle import Oracle
from lumos_tools.check.report import Finding, Severity
from lumos_tools.check.strategies import illegal, legal
from lumos_tools.check.subject import Subject
from lumos_tools.check.usable import unusable

T = TypeVar("T")
Schema = dict[str, Any]
MAX_FINDINGS = 5
"""How many findings a claim makes of one tool; they are of different parameters."""
BATCH = 10
"""Examples that are drawn at once: most of the time goes into what Hypothesis does around each draw."""
LONG = 20
"""Items, characters or keys that there must be at least, beyond which one example is drawn at a time."""
MAX_TRIES = 200
"""How many tries to make a counterexample smaller."""


class Problem(NamedTuple):
    """Why an example breaks a claim; those of one path and severity are one finding."""

    message: str
    path: str = ""
    severity: Severity = "fault"
    remark: str = ""
    """What happens in short; default: the message."""


Place = tuple[str, Severity]


class Shown(NamedTuple):
    """What a claim was held against, and what breaks it."""

    examples: int
    findings: Sequence[Finding]


class Evidence:
    """The tool *subject*, and what was drawn for it."""

    def __init__(
        self,
        subject: Subject,
        *,
        examples: int,
        seed: int,
        run: bool = False,
        dialects: Sequence[str] | None = None,
    ) -> None:
        self.subject = subject
        self.examples = examples
        self.seed = seed
        self.run = run
        self.dialects = dialects

    @cached_property
    def unusable(self) -> list[str]:
        """Why no arguments can be made of the schema; nothing, if they can."""
        return unusable(self.subject.schema)

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.subject.schema)

    @cached_property
    def legal_arguments(self) -> SearchStrategy[Schema]:
        return legal(self.subject.schema)

    @cached_property
    def illegal_arguments(self) -> SearchStrategy[Schema]:
        return illegal(self.subject.schema)

    @cached_property
    def legal(self) -> list[Schema]:
        """Arguments that the schema admits."""
        return self.drawn(self.legal_arguments)

    @cached_property
    def illegal(self) -> list[Schema]:
        """Arguments that the schema refuses: the legal ones, each with one thing changed."""
        dice, schema = Random(self.seed), self.subject.schema
        found: dict[str, Schema] = {}
        for _ in range(4 * self.examples if self.legal else 0):
            arguments = dice.choice(self.legal)
            place = dice.choice(places(arguments, schema))
            changed = replaced(arguments, place.path, dice.choice(place.others))
            if len(found) < self.examples and not self.oracle.admits(changed):
                found[json.dumps(changed)] = changed
        return [*found.values()]

    def drawn(self, strategy: SearchStrategy[T]) -> list[T]:
        """Examples of *strategy*, the same for the same seed; none, if there are none."""
        found: dict[str, T] = {}
        for batch in (1,) if self._is_long else (BATCH, 1):
            runs = self.examples // batch + 3
            if self._draw(strategy, found, batch, runs) > runs // 2:
                break  # else so much is filtered out that hardly a batch is whole
        return [*found.values()][: self.examples]

    @cached_property
    def _is_long(self) -> bool:
        """Whether one example is so long that several are more than Hypothesis draws at once."""
        least = re.findall(
            r'"min(?:Items|Length|Properties)": (\d+)', json.dumps(self.subject.schema)
        )
        return any(int(number) > LONG for number in least)

    def _draw(self, strategy: SearchStrategy[T], found: dict[str, T], batch: int, runs: int) -> int:
        """Draw *runs* batches into *found*; how many of them were whole."""
        whole = 0

        @seeded(self.seed)
        @settings(_quiet(runs), phases=[Phase.generate])
        @given(tuples(*[strategy] * batch))
        def collect(some: tuple[T, ...]) -> None:
            nonlocal whole
            whole += 1
            found.update((json.dumps(one, default=repr), one) for one in some)

        with suppress(HypothesisException):  # nothing fits: a schema that admits nothing
            collect()
        return whole

    def shown(
        self,
        kind: str,
        drawn: Sequence[T],
        strategy: SearchStrategy[T],
        problems: Callable[[T], Iterable[Problem]],
        paste: Callable[[T, str], str] | None = None,
    ) -> Shown:
        """What breaks the claim *kind*, each with the smallest example of *strategy* that does."""
        met: dict[Place, tuple[T, Problem]] = {}
        for one in drawn:
            for problem in problems(one):
                met.setdefault((problem.path, problem.severity), (one, problem))
        found: list[Finding] = []
        for place, (one, problem) in [*met.items()][:MAX_FINDINGS]:
            told = partial(_first, problems, place)
            smallest = self._smallest(strategy, one, told)
            found.append(
                Finding(
                    kind=kind,
                    severity=problem.severity,
                    message=(now := told(smallest) or problem).message,
                    example=(paste or self._paste)(smallest, now.remark or now.message),
                    path=problem.path,
                )
            )
        return Shown(len(drawn), found)

    def _paste(self, arguments: Any, remark: str) -> str:
        return self.subject.pasteable(arguments, remark)

    def _smallest(
        self, strategy: SearchStrategy[T], first: T, told: Callable[[T], Problem | None]
    ) -> T:
        """The smallest of *strategy* of which a problem is told; of *first* one is."""
        best, tries = first, 0

        def is_wrong(one: T) -> bool:
            nonlocal best, tries
            tries += 1
            if tries > MAX_TRIES:
                raise _Enough
            if told(one) is None:
                return False
            best = min(best, one, key=_size)
            return True

        phases = [Phase.generate, Phase.shrink]
        limits = settings(_quiet(self.examples), phases=phases)
        with suppress(HypothesisException, _Enough):
            find(strategy, is_wrong, settings=limits, random=Random(self.seed))
        return best


def _first(problems: Callable[[T], Iterable[Problem]], place: Place, one: T) -> Problem | None:
    """The first problem of *one* at *place*."""
    return next((each for each in problems(one) if (each.path, each.severity) == place), None)


class _Enough(BaseException):
    """It is small enough; Hypothesis would go on for minutes."""


def _size(value: object) -> tuple[int, str]:
    text = json.dumps(value, default=str)
    return len(text), text


def _quiet(examples: int) -> settings:
    """Settings that nobody's profile changes: nothing is printed, kept, or timed."""
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        stateful_step_count=1,
        verbosity=Verbosity.quiet,
        suppress_health_check=cast("Any", list(HealthCheck)),
    )
