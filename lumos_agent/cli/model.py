"""Which model answers: what every command asks for."""

from collections.abc import Sequence

from typing_extensions import Unpack

from lumos_agent.agent import Agent
from lumos_agent.config import OFFLINE, default_model, load_config
from lumos_agent.memory.base import MemoryStorage
from lumos_agent.memory.settings import Memory
from lumos_agent.options import OptionKeywords
from lumos_tools import Tool


def agent_for(
    model: str | None,
    *,
    tools: Sequence[Tool],
    instructions: str,
    memory: MemoryStorage | Memory | None = None,
    **options: Unpack[OptionKeywords],
) -> Agent:
    """An agent with *tools*, as the current folder's configuration has it.

    *model* is an alias or `provider/model`, else `LUMOS_MODEL`'s, else the file's, else the offline
    stand-in answers. Raises `ConfigError`.
    """
    config = load_config()
    return Agent.from_config(
        config,
        model=model or default_model(config) or OFFLINE,
        tools=tools,
        instructions=instructions,
        memory=memory,
        **options,
    )
