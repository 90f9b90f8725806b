"""An agent with tools; lumos.toml says which model answers."""

import sys
from pathlib import Path

from tools import count_words

from lumos_agent import Agent

CONFIG = Path(__file__).with_name("lumos.toml")


def make_agent(model: str | None = None) -> Agent:
    """The agent, with the model of lumos.toml, or another one of it."""
    return Agent.from_config(CONFIG, model=model, tools=[count_words], instructions="Be brief.")


if __name__ == "__main__":
    prompt = " ".join(sys.argv[1:]) or 'How many words are in "to be or not to be"?'
    print(make_agent().generate_sync(prompt).text)
