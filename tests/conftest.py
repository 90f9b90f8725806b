"""What every test stands on."""

import os
import re
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Seeded and small for everyday use; `scripts/prove` raises the counts.
settings.register_profile(
    "test",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("prove", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("LUMOS_PROFILE", "test"))

# Syntax that an older Python cannot read.
collect_ignore = [f"python3{minor}" for minor in (12, 14) if sys.version_info < (3, minor)]

KEYS = re.compile(r"\w+_API_KEY|\w+_BASE_URL|AZURE_\w+|OPENAI_\w+|LUMOS_(MODEL|MEMORY|DEBUG)")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test leaves this machine, or reads the keys of whoever runs it."""
    for key in filter(KEYS.fullmatch, list(os.environ)):
        monkeypatch.delenv(key)
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test connects to {address[0]!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield
