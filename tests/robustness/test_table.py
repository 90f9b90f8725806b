"""Whatever a model or a server does, a run goes on, or ends with a typed error; and its thread is whole."""

import pytest

from tests.robustness.play import Row, check, played
from tests.robustness.table import CASES, ROWS


@pytest.mark.parametrize(
    ("row", "wire"), [pytest.param(*one, id=f"{one[0].id}-{one[1]}") for one in CASES]
)
async def test_row(row: Row, wire: str):
    """Over real sockets, on both direct wires, whole and streaming: what the row says is what happens."""
    check(row, await played(row, wire))


def test_many():
    """The table is as long as it should be, and each row has a name of its own."""
    assert len(ROWS) >= 100
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert all(row.wires for row in ROWS)
