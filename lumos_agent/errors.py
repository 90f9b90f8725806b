"""What goes wrong in a run. The tree of tools is in `lumos_tools.errors`.

    LumosError
    + ProviderError                 .model, .status, .retry_after, .run; __cause__ is the library's own
      - AuthenticationError         no key, or a wrong one
      - RateLimitError              too many requests, or no money left
      - ContextLengthError          more than the model's window holds
      - ProviderUnavailableError    not there, too slow, broken, or cut off in the middle
      - BadRequestError             the provider refuses the request
      - ContentFilterError          the provider refuses the content
        - RefusalError              the model itself refuses, in its own words
    + AgentError                    .run: what was said so far
      - StepLimitError              still calling tools after max_steps steps
      - RunCancelledError           somebody ended the run
      - BudgetError                 a limit of tokens, time or money is reached
    + MemoryStorageError
      - ThreadConflictError         somebody else wrote first, or the id is taken
      - ThreadNotFoundError         no thread of that id, for this resource
    + ProtocolError                 what the other side sent makes no sense
    + ConfigError                   file, line, key, and the nearest valid spelling

`code` is the error's name in events, `retryable` whether the same request may do better later, and
`kind` what `fallback_on` calls a provider's failure.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from lumos_tools.errors import LumosError

if TYPE_CHECKING:
    from lumos_agent.run import Run


Kind = Literal[
    "connection",
    "timeout",
    "server",
    "empty",
    "rate_limit",
    "quota",
    "context",
    "filter",
    "auth",
    "request",
]
"""How a provider can fail: not reached or cut off, too slow, broken, without an answer, too often asked,
no money left, too long, refused content, wrong key, wrong request."""
PASSING: frozenset[Kind] = frozenset({"connection", "timeout", "server", "empty", "rate_limit"})
"""The kinds after which the same request may do better later."""


class ProviderError(LumosError):
    """The provider of a model did not answer as it should."""

    code: ClassVar[str] = "provider"
    usual: ClassVar[Kind] = "request"
    """The kind of an error that does not say another."""

    def __init__(
        self,
        message: str,
        *,
        kind: Kind | None = None,
        model: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind or self.usual
        """How it failed, in the words of `fallback_on`."""
        self.retryable = self.kind in PASSING if retryable is None else retryable
        """Whether the same request may do better later; the provider may say it."""
        self.model = model
        self.status = status
        """The HTTP status, if there was an answer."""
        self.retry_after = retry_after
        """Seconds that the provider asks to wait."""
        self.run: Run | None = None
        """The run with what was said so far."""


class AuthenticationError(ProviderError):
    """The provider wants a key, or another one."""

    code = "authentication"
    usual = "auth"


class RateLimitError(ProviderError):
    """Too many requests, or the account's quota is spent."""

    code = "rate_limit"
    usual = "rate_limit"


class ContextLengthError(ProviderError):
    """The messages are longer than the model's context window."""

    code = "context_length"
    usual = "context"


class ProviderUnavailableError(ProviderError):
    """The provider is not there, fails by itself, or broke off in the middle."""

    code = "provider_unavailable"
    usual = "server"


class BadRequestError(ProviderError):
    """The provider refuses the request as it is; an unknown model is one reason."""

    code = "bad_request"


class ContentFilterError(ProviderError):
    """The provider refuses to answer what it was asked."""

    code = "content_filter"
    usual = "filter"
    text: str = ""
    """What was said before it was cut off, or the words of a refusal."""


class RefusalError(ContentFilterError):
    """The model itself refuses, in the words of `text`."""

    code = "refusal"


class AgentError(LumosError):
    """A run cannot go on."""

    code: ClassVar[str] = "agent"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, run: "Run | None" = None) -> None:
        super().__init__(message)
        self.run = run
        """The run with what was said so far; None if it did not begin."""


class StepLimitError(AgentError):
    """The model still calls tools after `max_steps` steps."""

    code = "step_limit"


class RunCancelledError(AgentError):
    """Somebody other than the run's caller ended it."""

    code = "cancelled"


class BudgetError(AgentError):
    """The run reached a limit of tokens, time or money."""

    code = "budget"


class MemoryStorageError(LumosError):
    """A thread cannot be read or written."""

    code: ClassVar[str] = "memory"
    retryable: ClassVar[bool] = False


class ThreadConflictError(MemoryStorageError):
    """Somebody else wrote to the thread first, or its id is taken."""

    code = "thread_conflict"


class ThreadNotFoundError(MemoryStorageError):
    """There is no thread of that id, or it belongs to another resource."""

    code = "thread_not_found"


class ProtocolError(LumosError):
    """A frame, an event or an answer from the other side makes no sense."""

    code: ClassVar[str] = "protocol"
    retryable: ClassVar[bool] = False


class ConfigError(LumosError):
    """The configuration, in code or in a file, is wrong; the message names the key and the way out."""

    code: ClassVar[str] = "config"
    retryable: ClassVar[bool] = False
