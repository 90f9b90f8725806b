"""The `lumos` command."""

import os
import sys

from lumos_agent.cli.interrupt import leave

READER_LEFT = 141
"""What shells report of a program that SIGPIPE ended: 128 + 13."""


def main() -> None:
    """Carry out the command line and exit with its code; `docs/reference/cli.md` has the table."""
    try:
        from lumos_agent.cli.app import command_line

        sys.exit(command_line(sys.argv[1:]))
    except KeyboardInterrupt:
        leave()
    except BrokenPipeError:
        os._exit(READER_LEFT)  # Python would complain that what is in its buffers has no reader
