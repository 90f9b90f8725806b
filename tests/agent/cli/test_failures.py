"""A failure is one sentence and a code that means something."""

import click
import pytest

from lumos_agent.cli.failures import FAILED, LATER, WRONG, report
from lumos_agent.errors import (
    AgentError,
    AuthenticationError,
    BadRequestError,
    BudgetError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    ProtocolError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    StepLimitError,
)
from lumos_tools import DuplicateToolError, SchemaError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (click.UsageError("x"), WRONG),
        (ConfigError("x"), WRONG),
        (SchemaError("x"), WRONG),
        (DuplicateToolError("x"), WRONG),
        (AuthenticationError("x", status=401), WRONG),
        (BadRequestError("x", status=404), WRONG),
        (BadRequestError("x", status=400), FAILED),
        (ContextLengthError("x"), FAILED),
        (ContentFilterError("x"), FAILED),
        (ProviderError("x"), FAILED),
        (StepLimitError("x"), FAILED),
        (BudgetError("x"), FAILED),
        (AgentError("x"), FAILED),
        (ProtocolError("x"), FAILED),
        (ValueError("x"), FAILED),
        (RateLimitError("x"), LATER),
        (ProviderUnavailableError("x"), LATER),
    ],
)
def test_codes(error: Exception, code: int) -> None:
    """2 is for what has to be corrected first, 3 for what may do better later, 1 for the rest."""
    assert report(error) == code


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConfigError("a is wrong;\n  correct it"), "a is wrong; correct it"),
        (click.UsageError("No such option."), "No such option (see lumos --help)"),
        (OSError(28, "No space"), "OSError: [Errno 28] No space; set LUMOS_DEBUG=1 to see where"),
    ],
)
def test_sentence(error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is one line on the standard error, without a traceback."""
    report(error)
    assert capsys.readouterr() == ("", f"lumos: {sentence}\n")


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("0", False), ("", False)])
def test_debug(
    value: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """LUMOS_DEBUG=1 shows the traceback, too."""
    monkeypatch.setenv("LUMOS_DEBUG", value)
    report(ConfigError("x"))
    assert ("lumos_agent.errors.ConfigError: x\n" in capsys.readouterr().err) == shown
