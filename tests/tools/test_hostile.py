"""No body runs with arguments that the schema forbids; `scripts/prove` sends 100 000 documents."""

from typing import Any

import pytest

from lumos_tools.schema import Arguments
from tests.tools.hostile import KINDS, count


async def test_hostile_documents():
    """Every kind of hostile document is sent: no body runs that should not, and the legal ones do."""
    found = await count(3_000, seed=5)

    assert ([], []) == (found.forbidden, found.withheld)
    assert {*KINDS} == {*found.kinds}
    assert found.ran > 100
    assert max(found.slowest.values()) < 5  # seconds, of a busy machine; they were minutes


async def test_an_open_gate_is_found(monkeypatch: pytest.MonkeyPatch):
    """With a gate that admits all, bodies run that should not, and it is seen."""

    class Open:
        def is_valid(self, given: Any) -> bool:
            return True

    monkeypatch.setattr(Arguments, "_gate", Open())

    assert (await count(500, seed=5)).forbidden
