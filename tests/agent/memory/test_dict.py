"""Threads in the memory of one process."""

import pytest

from lumos_agent import InMemoryStorage
from lumos_agent.testing.memory_contract import MemoryContract, MemorySearchContract


class TestInMemoryStorage(MemorySearchContract):
    """It does what every store must."""

    def storage(self) -> InMemoryStorage:
        return InMemoryStorage()


def test_contract_is_abstract():
    """The contract wants a store."""
    with pytest.raises(NotImplementedError):
        MemoryContract().storage()
