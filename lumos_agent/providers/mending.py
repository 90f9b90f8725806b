"""What a provider turns out not to take: the request is made again without it, and so are later ones."""

import logging
import re

from msgspec.structs import replace

from lumos_agent.errors import BadRequestError
from lumos_agent.providers.base import Request
from lumos_agent.providers.offered import Offers

logger = logging.getLogger("lumos_agent")
MOST = 2
"""How often a request is mended: once for each thing that can be."""
STRICT = r"grammar|too complex|strict|schemas contains|schema for function"
"""What is said where a strict tool is refused: Anthropic's limit of a grammar's size is not published."""
CHOICE = r"tool_choice|tool choice|only .?auto.? is supported"
"""What is said where no call can be forced."""


class Mending:
    """Knows what the provider of *name* has refused: strict tools, forced calls."""

    def __init__(self, name: str, offers: Offers) -> None:
        self._name = name
        self._offers = offers
        self._forces = True

    def before(self, request: Request) -> Request:
        """*request* as it is taken, as far as that is known."""
        return request if self._forces or not _forced(request) else self._unforced(request)

    def after(self, error: BadRequestError, request: Request) -> Request:
        """*request* without what *error* refuses. Raises *error* where it is about something else."""
        said = str(error)
        if _forced(request) and re.search(CHOICE, said, re.IGNORECASE):
            self._forces = False
            return self._unforced(request)
        if re.search(STRICT, said, re.IGNORECASE) and self._offers.relax():
            told = f"{self._name} refuses strict tools ({said}); they are hints from now on"
            logger.warning(told)
            request.notice("strict", told, None)
            return request
        raise error

    def _unforced(self, request: Request) -> Request:
        told = f"{self._name} cannot be made to call a tool; it is asked, and may call one"
        request.notice("tool_choice", told, {"tool_choice": request.tool_choice})
        return replace(request, tool_choice="auto")


def _forced(request: Request) -> bool:
    return bool(request.tools) and request.tool_choice not in ("auto", "none")
