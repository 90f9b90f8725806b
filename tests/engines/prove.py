"""The corpus against xgrammar, which brings torch: `python -m tests.prove --engines`."""

import json
import subprocess
from pathlib import Path

from tests.engines.documents import documents
from tests.environments import made

HERE = Path(__file__).parent
UNENFORCED = {("date", '{"it":"2026-02-30"}')}
"""It knows how a date is written, not how long months are."""


def engines() -> list[tuple[str, str]]:
    """Every schema compiles, every legal text is taken, every illegal one refused."""
    python = made("xgrammar", HERE / "requirements.txt", hashes=False) / "bin" / "python"
    command = [str(python), str(HERE / "with_xgrammar.py")]
    schemas = legal = illegal = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        for one in documents():
            texts = [*one.legal, *one.illegal]
            worker.stdin.write(json.dumps({"schema": one.schema, "texts": texts}) + "\n")
            worker.stdin.flush()
            said = json.loads(worker.stdout.readline())
            for text, taken in zip(texts, said, strict=True):
                expected = text in one.legal or (one.name, text) in UNENFORCED
                assert taken == expected, (one.name, text, one.schema)
            schemas, legal, illegal = (
                schemas + 1,
                legal + len(one.legal),
                illegal + len(one.illegal),
            )
        worker.stdin.close()
    return [
        ("schemas for vLLM that xgrammar compiles", f"{schemas}"),
        (
            "texts that it takes, and refuses, as it should",
            f"{legal} and {illegal - len(UNENFORCED)}",
        ),
    ]
