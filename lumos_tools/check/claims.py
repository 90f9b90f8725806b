"""What is claimed of a tool: each claim has a word, which reports have, and is shown by a function."""

from collections.abc import Callable
from typing import NamedTuple

from lumos_tools.check.calls import shows_hostile, shows_refused, shows_taken
from lumos_tools.check.evidence import Evidence, Shown
from lumos_tools.check.lowering import shows_dialects
from lumos_tools.check.results import shows_results
from lumos_tools.check.shape import shows_defaults, shows_names, shows_schema, shows_texts
from lumos_tools.check.values import shows_values


class Claim(NamedTuple):
    """What holds of a good tool, and who shows it."""

    sentence: str
    shows: Callable[[Evidence], Shown]


CLAIMS: dict[str, Claim] = {
    "schema": Claim(
        "The schema is valid JSON Schema 2020-12, says of every object whether it is open, refers "
        "to nothing that is not there, and is the same each time.",
        shows_schema,
    ),
    "refused": Claim("What the schema admits is not refused.", shows_refused),
    "taken": Claim("What the schema refuses is not taken.", shows_taken),
    "values": Claim("The body gets values of the types that it declares.", shows_values),
    "results": Claim("What comes out is text or JSON, as the return type says.", shows_results),
    "dialects": Claim(
        "Each provider's dialect says the same, and leads back, or tells what is lost.",
        shows_dialects,
    ),
    "hostile": Claim("Text that is no arguments gets nowhere near the body.", shows_hostile),
    "defaults": Claim("The defaults that the schema shows are taken.", shows_defaults),
    "texts": Claim("The tool and its parameters are described, and nothing else is.", shows_texts),
    "names": Claim("The names are legal at every provider.", shows_names),
}
