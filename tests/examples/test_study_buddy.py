"""Claims about the example of two students and a buddy that remembers."""

import asyncio
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "study_buddy.py"


async def test_two_students(tmp_path: Path):
    """Each has a thread of their own, found, exported and deleted; it lasts over the closing of a file."""
    file = tmp_path / "study.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    lines = out.decode().splitlines()

    assert (0, b"") == (process.returncode, err)
    assert "     So: one cell becomes two." == lines[1]
    assert "     You asked 2 things, the first was: Quiz me on mitosis" == lines[7]
    assert [
        "bob cannot read on: no thread 'ada-biology' of 'bob'",
        "found in bob-biology, message 4: So: Peace of Westphalia.",
        "found in bob-biology, message 3: Peace of Westphalia",
        "8 messages exported and deleted; left: bob-biology",
    ] == lines[8:]
    assert 8 == len(file.with_suffix(".jsonl").read_text().splitlines())
