"""What share of fair questions the offline stand-in answers, held as a fact."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from lumos_agent import Agent, ToolCallStart
from lumos_tools import Tool

FOLDER = Path(__file__).parent
QUESTIONS = json.loads((FOLDER / "questions.json").read_text(encoding="utf-8"))
PAGE = FOLDER.parents[2] / "docs" / "explanation" / "offline.md"


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["file"])
async def test_question(row: dict[str, Any]):
    """Each question is answered or not as it was measured; a change for better or worse shows."""
    module = importlib.import_module(f"tests.agent.offline_questions.{row['file']}")
    tools = [one for one in vars(module).values() if isinstance(one, Tool)]
    async with Agent("offline", tools=tools).stream(row["question"]) as stream:
        calls = [event.call async for event in stream if isinstance(event, ToolCallStart)]

    assert row["answered"] == (row["expected"] in stream.text)
    assert row["answered"] == (
        [(row["tool"], row["arguments"])] == [(one.name, one.arguments) for one in calls]
    )


def test_page():
    """The page tells each question with its outcome, and the share."""
    page = PAGE.read_text(encoding="utf-8")
    answered = sum(row["answered"] for row in QUESTIONS)

    assert f"It answered {answered} of {len(QUESTIONS)}." in page
    for row in QUESTIONS:
        outcome = "yes" if row["answered"] else "no"
        assert f"| {row['question']} | `{row['tool']}` | {outcome} |" in page
