"""Claims about the example in which nearly everything goes wrong."""

import asyncio
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "robust.py"


async def test_answers():
    """It is answered; every step of the way is told."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    lines = out.decode().splitlines()

    assert (0, b"") == (process.returncode, err)
    told = [line[1 : line.index("]")] for line in lines if line.startswith("[")]
    assert ["retry", "retry", "fallback", "text_mode", "retry"] == told
    assert any("did you mean 'weather_on'?" in line for line in lines)
    assert "It was warm, and it did not rain." == lines[-1]
