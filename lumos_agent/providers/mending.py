"""What a provider turns out not to take: the request is made again without it, and so are later ones."""

import logging
import re

from msgspec.structs import replace

from lumos_agent.errors import BadRequestError
from lumos_agent.providers.base import Request
from lumos_agent.providers.offered import Offers

logger = logging.getLogger("lumos_agent")
STRICT = r"grammar|too complex|strict|schemas contains|schema for function"
"""What is said where a strict tool is refused: Anthropic's limit of a grammar's size is not published."""
CHOICE = r"tool_choice|tool choice|only .?auto.? is supported"
"""What is said where no call can be forced."""


class Mending:
    """Knows what the provider of *name* has refused: strict tools, forced calls."""

    def __init__(self, name: str, offers: Offers) -> None:
        self.name = name
        self.offers = offers
        self.unforced: set[str] = set()
        """The ways to force a call that were refused; some servers know one of two."""

    def of(self, request: Request) -> "Mended":
        """*request*, to be mended where the provider refuses it."""
        return Mended(self, request)


class Mended:
    """A `request` as its provider takes it, as far as that is known; each thing is mended once."""

    def __init__(self, mending: Mending, request: Request) -> None:
        self._mending = mending
        self._relaxed = False
        self.request = request
        if _force(request) in mending.unforced:
            self._lower()

    def after(self, error: BadRequestError) -> None:
        """Take what *error* refuses out of the request. Raises *error* if it is about something else.

        What was taken out already is something else: it was not the reason.
        """
        said, force = str(error), _force(self.request)
        if force and re.search(CHOICE, said, re.IGNORECASE):
            self._mending.unforced.add(force)
            self._lower()
        elif not self._relaxed and re.search(STRICT, said, re.IGNORECASE):
            self._relax(error)
        else:
            raise error

    def _lower(self) -> None:
        asked = self.request
        told = f"{self._mending.name} cannot be made to call a tool; it is asked, and may call one"
        asked.notice("tool_choice", told, {"tool_choice": asked.tool_choice})
        self.request = replace(asked, tool_choice="auto")

    def _relax(self, error: BadRequestError) -> None:
        if not self._mending.offers.relax():
            raise error
        self._relaxed = True
        told = f"{self._mending.name} refuses strict tools ({error}); they are hints from now on"
        logger.warning(told)
        self.request.notice("strict", told, None)


def _force(request: Request) -> str | None:
    """How *request* forces a call: any, a named one, or not at all."""
    if not request.tools or request.tool_choice in ("auto", "none"):
        return None
    return "any" if request.tool_choice == "required" else "named"
