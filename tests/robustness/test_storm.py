"""Runs that fail do no harm to others, and leave nothing behind."""

import logging

import pytest

from tests.robustness.prove_storm import rage


async def test_storm(caplog: pytest.LogCaptureFixture):
    """A hundred runs at once on one agent, a tenth of which fail: the others have their answers.

    No task, socket or thread is left. `scripts/prove` does it with a thousand, and watches the memory.
    """
    caplog.set_level(logging.CRITICAL, logger="lumos_tools")
    ended, _ = await rage(rounds=2, runs=100)

    assert 20 == ended.total()
