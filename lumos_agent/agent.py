"""The agents that people use: the bare loop with abilities."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import Unpack

from lumos_agent.config import MODEL, Config, ModelConfig, default_model, load_config
from lumos_agent.errors import ConfigError
from lumos_agent.events import Observer
from lumos_agent.memory.base import MemoryStorage
from lumos_agent.mixins import MemoryMixin, ObserverMixin, StreamingMixin, ToolChoiceMixin
from lumos_agent.options import GenerateOptions, OptionKeywords
from lumos_agent.providers import provider_for
from lumos_agent.providers.base import Candidate
from lumos_tools.registry import Offered

if TYPE_CHECKING:
    from lumos_agent.memory.settings import Memory


class StreamingAgent(StreamingMixin):
    """The bare loop that tells the model's words as they come."""


class Agent(ObserverMixin, MemoryMixin, StreamingMixin, ToolChoiceMixin):
    """A model, its instructions and its tools, with every ability.

    ```
    agent = Agent("openai/gpt-5", tools=[get_weather], instructions="Be brief.")
    result = await agent.generate("What should I wear in Oslo?")
    ```
    """

    @classmethod
    def from_config(
        cls,
        config: str | Path | Config | None = None,
        *,
        model: str | None = None,
        tools: Iterable[Offered] = (),
        instructions: str = "",
        name: str = "agent",
        memory: "MemoryStorage | Memory | None" = None,
        observers: Sequence[Observer] = (),
        base_url: str | None = None,
        api_key: str | None = None,
        **options: Unpack[OptionKeywords],
    ) -> Self:
        """An agent whose model, options and features a file says; arguments win over it.

        *config* is a path, or what `load_config` gave; without it the file is the current folder's.
        *model* is an alias of the file or `provider/model`; without it that of the environment's
        `LUMOS_MODEL`, else of the file. Raises `ConfigError`.
        """
        found = config if isinstance(config, Config) else load_config(config)
        asked = model or default_model(found)
        if asked is None:
            raise ConfigError(f"no model; set {MODEL}, or model = ... in {found.path}")
        features = found.features
        chosen = found.chosen(asked)

        def merged(model: ModelConfig) -> dict[str, Any]:
            return {**found.options, **model.options, **options}

        return cls(
            provider_for(asked, base_url=base_url, api_key=api_key, config=found),
            fallback=[
                Candidate(
                    provider_for(other, config=found),
                    GenerateOptions(**merged(found.chosen(other))),
                )
                for other in chosen.fallback
            ],
            fallback_on=chosen.fallback_on,
            tools=tools if features.function_calling else (),
            instructions=instructions,
            name=name,
            memory=memory if features.memory else None,
            observers=observers if features.observers else (),
            **merged(chosen),
        )
