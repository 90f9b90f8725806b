"""Threads in the memory of one process."""

from lumos_agent import InMemoryStorage
from lumos_agent.testing.memory_contract import MemoryContract


class TestInMemoryStorage(MemoryContract):
    """It does what every store must."""

    def storage(self) -> InMemoryStorage:
        return InMemoryStorage()
