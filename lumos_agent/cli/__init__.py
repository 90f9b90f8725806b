"""The `lumos` command."""
