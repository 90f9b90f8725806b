"""Claims about the example that looks at calls before they run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lumos_tools import InvalidArgumentsError

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "approval.py"
TOLD = """\
> find_order {"order": "AB12"}
  AB12 cost 40.00 euros
> refund {"order": "AB12", "cents": 1250, "reason": "late"}
  12.50 euros for AB12, which was late
> refund ```json {"order": "AB12", "cents": "1250", "reason": "late"} ```
  mended: took a code fence off
  mended: read cents as 1250
  12.50 euros for AB12, which was late
> refund {"order": "CD34", "cents": 90000, "reason": "broken"}
  waits for a person
> refund {"order": "12", "cents": 0, "reason": "Late", "note": "please"}
  refused: order: expected text that matches ^[A-Z]{2}[0-9]+$, got "12"
  refused: cents: expected more than 0, got 0
  refused: reason: expected one of "late", "broken", "wrong", got "Late"; did you mean "late"?
  refused: note: there is no such key; known: order, cents, reason
> refund {"order": "AB12", "cents": 1, "cents": 90000, "reason": "late"}
  refused: not JSON: key 'cents' given twice, in \
'{"order": "AB12", "cents": 1, "cents": 90000, "reason": "late"}'
> refnd {}
  failed: no tool named 'refnd'; did you mean 'refund'? known: find_order, refund
> approved
  900.00 euros for CD34, which was broken
"""


def test_the_script() -> None:
    """Every call is run, mended, kept or refused, and the model could read why."""
    run = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout == TOLD


async def test_replay_checks_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was kept and then changed by somebody does not pass."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import approval

    line = await approval.judge("refund", '{"order": "CD34", "cents": 90000, "reason": "late"}')
    changed = json.loads(line)
    changed["arguments"]["cents"] = -1

    with pytest.raises(InvalidArgumentsError, match="cents: expected more than 0, got -1"):
        await approval.replay([json.dumps(changed)])
    await approval.replay([line])

    assert capsys.readouterr().out == "  900.00 euros for CD34, which was late\n"
