"""A report can be read, by people and by programs."""

import msgspec

from lumos_tools.check import Finding, Report

FAULT = Finding(kind="refused", message="it is refused", example="it.check({})\n\n# no", path="a")
ADVICE = Finding(kind="texts", severity="advice", message="no description")


def report(*findings: Finding) -> Report:
    return Report(
        tool="it", findings=findings, examples={"refused": 60, "texts": 2}, seed=3, seconds=0.125
    )


def test_sorted():
    """Faults are told apart from advice, and only they count."""
    both = report(ADVICE, FAULT)

    assert ((FAULT,), (ADVICE,), False) == (both.faults, both.advice, both.ok)
    assert report(ADVICE).ok


def test_read():
    """A line for the tool, then what was found, with its example."""
    assert "it: nothing found, 62 examples in 0.12 s" == str(report())
    assert str(report(ADVICE, FAULT)) == (
        "it: 1 fault and 1 piece of advice, 62 examples in 0.12 s, seed 3\n"
        "  ✗ refused: it is refused\n"
        "      it.check({})\n"
        "\n"
        "      # no\n"
        "  · texts: no description"
    )
    assert str(report(ADVICE, ADVICE)).startswith("it: 2 pieces of advice, 62 examples")
    assert str(report(FAULT, FAULT)).startswith("it: 2 faults, 62 examples")


def test_json():
    """A report is JSON, and comes back."""
    given = report(ADVICE, FAULT)

    assert given == msgspec.json.decode(given.to_json(), type=Report)
