"""The table through LiteLLM: the same rows, and a list of those that it does not let through."""

import pytest

from tests.robustness.play import Row, check, differences, played
from tests.robustness.table import HIDDEN, LITELLM_ROWS
from tests.robustness.wires import LITELLM

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # LiteLLM's own


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in LITELLM_ROWS])
async def test_row(row: Row):
    """Through LiteLLM a row holds; or it is in the list of what LiteLLM hides, and then it does not."""
    outcome = await played(row, LITELLM)
    if row.id in HIDDEN:
        assert differences(row, outcome), "LiteLLM hides this no more: take it out of the list"
    else:
        check(row, outcome)


def test_list():
    """The list has no row that there is not."""
    assert set() == HIDDEN.keys() - {row.id for row in LITELLM_ROWS}
