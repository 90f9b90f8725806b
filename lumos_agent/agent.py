"""The agents that people use: the bare loop with abilities."""

from lumos_agent.mixins import MemoryMixin, ObserverMixin, StreamingMixin, ToolChoiceMixin


class StreamingAgent(StreamingMixin):
    """The bare loop that tells the model's words as they come."""


class Agent(ObserverMixin, MemoryMixin, StreamingMixin, ToolChoiceMixin):
    """A model, its instructions and its tools, with every ability.

    ```
    agent = Agent("openai/gpt-5", tools=[get_weather], instructions="Be brief.")
    result = await agent.generate("What should I wear in Oslo?")
    ```
    """
