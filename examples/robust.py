"""A question that is answered although nearly everything goes wrong on the way.

    python examples/robust.py

The first model is on a server that is not there. The second takes no tools, misspells one, and says
nothing at all once. What was done about it is printed; no key and no network are needed.
"""

import asyncio

from weather import QUESTIONS, TOOLS

from lumos_agent import Agent, BadRequestError, Notice, Pace, TextMode, ToolCallComplete
from lumos_agent.testing import ScriptedProvider, says

CALL = '<tool_call>{{"name": "{name}", "arguments": {{"day": "2014-08-11"}}}}</tool_call>'


def clumsy_model() -> TextMode:
    """A model that does what small models do."""
    refusal = BadRequestError("clumsy does not support tools", status=400)
    script = ScriptedProvider(
        refusal,
        says(CALL.format(name="wether_on")),
        says(""),
        says(CALL.format(name="weather_on")),
        says("It was warm, and it did not rain."),
    )
    return TextMode(script, auto=True)


async def main() -> None:
    agent = Agent(
        "openai/best-model",
        base_url="http://127.0.0.1:9/v1",
        api_key="none",
        fallback=[clumsy_model()],
        tools=TOOLS,
        max_seconds=60,
    )
    agent.pace = Pace(sleep=no_waiting)
    async with agent, agent.stream(QUESTIONS[0]) as stream:
        async for event in stream:
            match event:
                case Notice(code=code, message=message):
                    print(f"[{code}] {message}")
                case ToolCallComplete(name=name, result=result):
                    print(f"{name}: {result}")
                case _:
                    pass
    print(stream.result.text)


async def no_waiting(seconds: float) -> None:
    """The example does not wait before it asks again; an agent does."""


if __name__ == "__main__":
    asyncio.run(main())
