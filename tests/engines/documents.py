"""What a grammar engine has to compile, take and refuse: the corpus, lowered for vLLM."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from lumos_tools import function_tool
from lumos_tools.dialects import lower
from tests.tools.corpus import CASES

NARROWER = {"datetime", "time", "timedelta"}
"""Engines read these as RFC 3339 has them, and we take more: no zone, no seconds, parts of a second."""


class Documents(NamedTuple):
    """A schema, texts that fit it, and texts that do not."""

    name: str
    schema: dict[str, Any]
    legal: tuple[str, ...]
    illegal: tuple[str, ...]


def documents() -> Iterator[Documents]:
    """Those of each signature; where the report says that more is admitted, nothing is illegal."""
    for case in CASES:
        tool = function_tool(name="it")(case.function)
        lowered = lower(tool.parameters, "vllm")

        def text(arguments: dict[str, Any], lowered: Any = lowered) -> str:
            said = lowered.lower_arguments(arguments)
            return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

        wider = tool.notes or any(loss.effect == "admits more" for loss in lowered.losses)
        yield Documents(
            case.text,
            lowered.schema,
            () if case.text in NARROWER else tuple(text(given) for given, _ in case.takes[:1]),
            () if wider else tuple(map(text, case.refuses)),
        )
