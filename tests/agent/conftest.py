"""What the tests of stores share."""

from collections.abc import Iterator

import pytest

from tests.agent.memory.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for all tests; each makes a database of its own."""
    with Postgres(fsync="off") as server:
        yield server
