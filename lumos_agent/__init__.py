"""Agents: the loop that asks a language model and carries out the tools it calls.

Read `lumos_agent.loop` first.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lumos_agent.agent import Agent, StreamingAgent
from lumos_agent.errors import (
    AgentError,
    AuthenticationError,
    BadRequestError,
    BudgetError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    MemoryStorageError,
    ProtocolError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    RefusalError,
    RunCancelledError,
    StepLimitError,
    ThreadConflictError,
    ThreadNotFoundError,
)
from lumos_agent.events import (
    AgentEvent,
    ApprovalRequest,
    Event,
    GenerationComplete,
    MemoryUpdate,
    Notice,
    Observer,
    Parent,
    PendingCall,
    ReasoningDelta,
    RunFailed,
    RunPaused,
    RunResume,
    RunStart,
    StepComplete,
    StepStart,
    TextDelta,
    ToolCallComplete,
    ToolCallDelta,
    ToolCallStart,
    ToolProgress,
    UnknownEvent,
    decode_event,
    encode_event,
)
from lumos_agent.loop import BasicAgent
from lumos_agent.memory.base import (
    Appended,
    Found,
    GetMessagesParams,
    Include,
    MemorySearch,
    MemoryStorage,
    MemoryThread,
    Page,
    Stored,
)
from lumos_agent.messages import (
    AgentStep,
    AssistantMessage,
    GenerateResult,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.mixins import MemoryMixin, ObserverMixin, StreamingMixin, ToolChoiceMixin
from lumos_agent.options import GenerateOptions, Timeouts, ToolChoice
from lumos_agent.providers.base import (
    CallPart,
    Candidate,
    Part,
    Provider,
    ReasoningPart,
    Reply,
    Request,
    TextPart,
    pieces,
)
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.retries import Pace
from lumos_agent.run import Run
from lumos_agent.runner import RunStream
from lumos_tools.errors import LumosError

if TYPE_CHECKING:
    from lumos_agent.memory.condense import ClearToolResults, Summarize
    from lumos_agent.memory.dict import InMemoryStorage
    from lumos_agent.memory.postgres import PostgresStorage
    from lumos_agent.memory.settings import Memory
    from lumos_agent.memory.sqlite import SQLiteStorage
    from lumos_agent.memory.window import (
        LastMessages,
        Selection,
        TokenWindow,
        Window,
        WindowContext,
    )
    from lumos_agent.providers.text_calls import TextCallReader, parse_tool_calls
    from lumos_agent.providers.text_mode import TextMode

__all__ = [
    "Agent",
    "AgentError",
    "AgentEvent",
    "AgentStep",
    "Appended",
    "ApprovalRequest",
    "AssistantMessage",
    "AuthenticationError",
    "BadRequestError",
    "BasicAgent",
    "BudgetError",
    "CallPart",
    "Candidate",
    "ClearToolResults",
    "ConfigError",
    "ContentFilterError",
    "ContextLengthError",
    "DirectProvider",
    "Event",
    "Found",
    "GenerateOptions",
    "GenerateResult",
    "GenerationComplete",
    "GetMessagesParams",
    "InMemoryStorage",
    "Include",
    "LastMessages",
    "LumosError",
    "Memory",
    "MemoryMixin",
    "MemorySearch",
    "MemoryStorage",
    "MemoryStorageError",
    "MemoryThread",
    "MemoryUpdate",
    "Message",
    "Notice",
    "Observer",
    "ObserverMixin",
    "Pace",
    "Page",
    "Parent",
    "Part",
    "PendingCall",
    "PostgresStorage",
    "ProtocolError",
    "Provider",
    "ProviderError",
    "ProviderUnavailableError",
    "RateLimitError",
    "ReasoningDelta",
    "ReasoningPart",
    "RefusalError",
    "Reply",
    "Request",
    "Run",
    "RunCancelledError",
    "RunFailed",
    "RunPaused",
    "RunResume",
    "RunStart",
    "RunStream",
    "SQLiteStorage",
    "Selection",
    "StepComplete",
    "StepLimitError",
    "StepStart",
    "Stored",
    "StreamingAgent",
    "StreamingMixin",
    "Summarize",
    "SystemMessage",
    "TextCallReader",
    "TextDelta",
    "TextMode",
    "TextPart",
    "ThreadConflictError",
    "ThreadNotFoundError",
    "Timeouts",
    "TokenWindow",
    "ToolCall",
    "ToolCallComplete",
    "ToolCallDelta",
    "ToolCallStart",
    "ToolChoice",
    "ToolChoiceMixin",
    "ToolProgress",
    "ToolResult",
    "UnknownEvent",
    "Usage",
    "UserMessage",
    "Window",
    "WindowContext",
    "decode_event",
    "encode_event",
    "parse_tool_calls",
    "pieces",
]

LATER = {
    "ClearToolResults": "lumos_agent.memory.condense",
    "InMemoryStorage": "lumos_agent.memory.dict",
    "LastMessages": "lumos_agent.memory.window",
    "Memory": "lumos_agent.memory.settings",
    "PostgresStorage": "lumos_agent.memory.postgres",
    "SQLiteStorage": "lumos_agent.memory.sqlite",
    "Selection": "lumos_agent.memory.window",
    "Summarize": "lumos_agent.memory.condense",
    "TextCallReader": "lumos_agent.providers.text_calls",
    "TextMode": "lumos_agent.providers.text_mode",
    "TokenWindow": "lumos_agent.memory.window",
    "Window": "lumos_agent.memory.window",
    "WindowContext": "lumos_agent.memory.window",
    "parse_tool_calls": "lumos_agent.providers.text_calls",
}
"""What is loaded when it is first asked for."""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LATER[name]), name)
