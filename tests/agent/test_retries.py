"""Whether a failure is tried again, and after how long."""

import pytest

from lumos_agent import (
    AuthenticationError,
    BadRequestError,
    BasicAgent,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
)
from lumos_agent.retries import PATIENCE, wait
from lumos_agent.testing import ScriptedProvider


def waits(error: ProviderError, retries: int = 9, random: float = 0.0) -> list[float | None]:
    tries = range(1, 8)
    return [wait(error, tries=one, retries=retries, random=lambda: random) for one in tries]


def test_backoff():
    """The waits double from half a second up to eight; all of them are less by up to a quarter."""
    assert [0.5, 1, 2, 4, 8, 8, 8] == waits(ProviderUnavailableError("x"))
    assert [0.375, 0.75, 1.5, 3, 6, 6, 6] == waits(ProviderUnavailableError("x"), random=1.0)


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_count(retries: int):
    """After so many retries there is no other."""
    told = waits(RateLimitError("x"), retries)

    assert [wait is not None for wait in told] == [tries <= retries for tries in range(1, 8)]


def test_retry_after():
    """The provider's word is waited for as it is, up to a minute; a longer wait is not begun."""
    for seconds in (0.0, 1.5, PATIENCE):
        assert {seconds} == {*waits(RateLimitError("x", retry_after=seconds), random=0.7)}
    assert {0.0} == {*waits(RateLimitError("x", retry_after=-3))}
    assert {None} == {*waits(RateLimitError("x", retry_after=PATIENCE + 1))}


def test_nothing_answered():
    """Who answered nothing is asked once more, at once; not where nothing is to be tried again."""
    empty = ProviderUnavailableError("x", kind="empty")

    assert [0.0, *[None] * 6] == waits(empty)
    assert [None] * 7 == waits(empty, retries=0)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("x"),
        BadRequestError("x"),
        ContextLengthError("x"),
        ContentFilterError("x"),
        RateLimitError("x", kind="quota"),
        ProviderError("x"),
        ProviderUnavailableError("x", retryable=False),
    ],
    ids=lambda error: f"{type(error).__name__}-{error.kind}",
)
def test_never(error: ProviderError):
    """What does not pass by itself is not tried again; nor what the provider says is not."""
    assert [None] * 7 == waits(error)


def test_the_provider_knows_better():
    """An error that does not pass usually is tried again where the provider says so."""
    assert None not in waits(BadRequestError("x", retryable=True))


def test_kinds():
    """A kind of failure that there is not is a mistake of the configuration, which names those there are."""
    with pytest.raises(ConfigError, match="no failure of the kind 'quata'; there are connection, "):
        BasicAgent(ScriptedProvider(), fallback_on=["quata"])  # type: ignore[list-item]
