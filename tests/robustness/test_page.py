"""The page says what happens."""

import pytest

from tests.robustness.page import PAGE, page

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # LiteLLM's own


async def test_page():
    """The reference is made of what happens; `python -m tests.robustness.page` makes it anew."""
    assert PAGE.read_text(encoding="utf-8") == await page()
