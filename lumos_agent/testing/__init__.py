"""What tests of agents need: a scripted provider, and suites that every provider or store passes."""

from lumos_agent.testing.scripted import ScriptedProvider, calls, says, together

__all__ = ["ScriptedProvider", "calls", "says", "together"]
