"""The table: what models and servers do, and what comes of it. Rows as data; `play` plays them."""

from tests.robustness.play import Row
from tests.robustness.rows.answers import SERVER, SILENT
from tests.robustness.rows.calls import ARGUMENTS, CUT, IDS, PIECES, UNKNOWN
from tests.robustness.rows.runs import LACKS, LOOP, TIME, TOOL
from tests.robustness.rows.streams import STREAM, WIRE
from tests.robustness.wires import CHAT, CHAT_STREAM

GROUPS: dict[str, list[Row]] = {
    "Tools that do not exist": UNKNOWN,
    "Arguments": ARGUMENTS,
    "Cut off by the token limit": CUT,
    "Ids of calls": IDS,
    "Pieces of a reply": PIECES,
    "Silence and refusal": SILENT,
    "What a server answers": SERVER,
    "Streams that break": STREAM,
    "Odd wires": WIRE,
    "Tools that fail": TOOL,
    "Runs that do not end": LOOP,
    "Time": TIME,
    "What a provider lacks": LACKS,
}
ROWS = [one for rows in GROUPS.values() for one in rows]
CASES = [(one, wire) for one in ROWS for wire in one.wires]

HIDDEN: dict[str, str] = {
    "id-number": "a call whose id is a number is dropped from a stream",
    "id-zero": "a call whose id is a number is dropped from a stream",
    "done-without-a-reason": "[DONE] is not told, and a reason is made up where there is none",
    "refusal": "the words of a refusal in a stream are dropped",
    "redirect": "LiteLLM follows it, so that the request is made elsewhere",
    "garbage-after-text": "the line is not in the error",
    "content-in-parts": "parts of a content in a stream are dropped",
    "no-blank-lines": "events without blank lines between them are not told apart",
    "parts-nonsense": "parts of a content in a stream are dropped",
    "text-number": "a text that is a number is dropped from a stream",
    "name-number": "a call whose name is a number is dropped from a stream",
    "usage-endless": "a usage that no number holds is an error of its own",
    "whole-for-a-stream": "LiteLLM reads a whole answer as an empty stream",
}
"""What LiteLLM hides or changes, by the rows that do not hold through it: once they do, a test fails."""
LITELLM_ROWS = [one for one in ROWS if {CHAT, CHAT_STREAM} & {*one.wires}]
