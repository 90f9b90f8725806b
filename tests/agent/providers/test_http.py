"""What an answer that is no success means; `test_direct` has the same over real sockets."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lumos_agent import ProviderUnavailableError
from lumos_agent.providers import http
from lumos_agent.providers.http import failure, failure_within, read_all, retry_after

QUOTA = "You exceeded your current quota, please check your plan. Please retry in 28.5s."

SORTS: list[tuple[int, dict[str, Any], str]] = [
    (429, {"message": "no", "code": "quota"}, "quota"),
    (429, {"message": "no", "code": "quota_exceeded"}, "quota"),
    (403, {"message": "no", "type": "insufficient_user_quota"}, "quota"),
    (429, {"message": "no", "code": "Throttling.AllocationQuota"}, "rate_limit"),
    (400, {"message": "no", "type": "billing_hard_limit_reached"}, "quota"),
    (429, {"message": "You exceeded your current quota"}, "quota"),
    (429, {"message": QUOTA}, "rate_limit"),
    (429, {"message": QUOTA, "details": [{"quotaId": "RequestsPerDayPerModel"}]}, "quota"),
    (400, {"message": "x", "code": "429"}, "rate_limit"),
    (500, {"message": "x", "code": 504}, "timeout"),
    (500, {"message": "x", "type": "timeout_error"}, "timeout"),
    (500, {"message": "x", "code": 3051}, "server"),
    (500, {"message": "x", "type": "rate_limit_error"}, "rate_limit"),
    (425, {"message": "x"}, "server"),
    (400, {"message": "This model's maximum prompt length is 9"}, "context"),
    (400, {"message": "Please reduce the length of the messages"}, "context"),
    (422, {"message": "`inputs` tokens + `max_new_tokens` must be <= 9"}, "context"),
    (503, {"message": "no context size was free"}, "server"),
]


@pytest.mark.parametrize(("status", "error", "kind"), SORTS)
def test_sorts(status: int, error: dict[str, Any], kind: str):
    """What an error says of itself goes before the status that it comes with."""
    assert kind == failure(status, {}, json.dumps({"error": error}).encode()).kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "maximum context length is 9", "code": 400}, "context"),
        ({"message": "prompt is too long"}, "context"),
        ({"message": "more credits", "code": 402}, "quota"),
        ({"message": "slow", "code": "408"}, "timeout"),
        ({"message": "slow", "type": "timeout_error"}, "timeout"),
        ({"message": "slow down", "code": "429"}, "rate_limit"),
        ({"message": "no", "type": "overloaded_error"}, "server"),
        ({}, "server"),
    ],
)
def test_sorts_within(error: dict[str, Any], kind: str):
    """So does an error that comes within a success, and has no status."""
    assert kind == failure_within(error).kind


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "-3"}, "", 0.0),
        ({"retry-after-ms": "nan", "retry-after": "2"}, "", 2.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:20 GMT"}, "", 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, "Please retry in 9s", 40.0),
        ({"retry-after": "Jan 9999999999901 00:01:40 0001 -0000"}, "", None),
        ({"retry-after": "2"}, "Please retry in 9s", 2.0),
        ({}, "Please retry in 28.5s.", 28.5),
        ({}, "Please try again in 20ms.", 0.02),
        ({}, "Please try again in 7m12s.", None),
    ],
)
def test_retry_after(headers: dict[str, str], text: str, seconds: float | None):
    """Nonsense is not heard, what has passed is now, and words count where no header says it."""
    assert seconds == retry_after(headers, text, now=lambda: 60.0)


def test_told_to_come_back():
    """An error has what its words say, within a success, too."""
    whole = failure(429, {}, json.dumps({"error": {"message": QUOTA}}).encode())
    within = failure_within({"message": QUOTA, "code": 429})

    assert (28.5, 28.5) == (whole.retry_after, within.retry_after)
    assert (True, True) == (whole.retryable, within.retryable)


async def test_endless_body(monkeypatch: pytest.MonkeyPatch):
    """A body is read to a limit, after which it is taken for endless."""
    monkeypatch.setattr(http, "MOST", 4)

    async def body(*pieces: bytes) -> AsyncGenerator[bytes]:
        for piece in pieces:
            yield piece

    assert b"abcd" == await read_all(body(b"ab", b"cd"))
    with pytest.raises(ProviderUnavailableError, match="more than 4 bytes") as caught:
        await read_all(body(b"ab", b"cd", b"e"))
    assert "server" == caught.value.kind
