"""Threads of messages, and where they are kept."""
