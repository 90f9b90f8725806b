"""What the tests of robustness stand on."""

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_long_pauses() -> Iterator[None]:
    """The collector does not look at what was there before: some tests give a server a tenth of a second."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # LiteLLM leaves connections open
        gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
