"""The tests need no key and no network: run them with python -m pytest."""

from agent import make_agent
from tools import count_words

from lumos_agent import Agent
from lumos_agent.testing import ScriptedProvider, calls, says


def test_tool():
    """A tool is still a function."""
    assert count_words("to be or not to be") == 6


def test_agent_calls_the_tool():
    """What the model says is written down here, so this tests all but the model."""
    model = ScriptedProvider(calls("count_words", text="to be"), says("There are two."))
    result = Agent(model, tools=[count_words]).generate_sync('How many words are in "to be"?')

    assert result.text == "There are two."
    assert result.messages[2].text == "2"


def test_agent_offline():
    """The configured agent runs; the offline stand-in takes the model's place."""
    result = make_agent("offline").generate_sync('Count the words in "to be or not to be"')

    assert result.text.startswith("6")
