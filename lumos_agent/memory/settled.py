"""Work that is waited for to its end, whoever is cancelled meanwhile."""

import asyncio
from typing import Any


async def settled(task: "asyncio.Future[Any]") -> bool:
    """Wait for the end of *task*, and say whether the waiting one was cancelled meanwhile."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    return cancelled
