"""Which regular expressions mean the same to every provider: the common subset of the dialects."""

import re

TOKENS = r"\\.|\[(?:\\.|[^\]\\])*\]|."
"""The parts of a pattern: an escape, a set in brackets, or one character."""
ESCAPES = r"\\(?![dwntrfv])[A-Za-z0-9]"
ODD_SETS = r"(?<=.)(?<!\\)\[|&&|--|~~|^\[\^.*\\[dw]"
GROUPS = r"\(\?(?!:).?|[+*?}]\+|\{(?!\d+(?:,\d*)?\})"


def why_no_pattern(pattern: str | re.Pattern[str]) -> str:
    """What is wrong with *pattern*; nothing, if it means the same in ECMA 262, Rust and Python."""
    if isinstance(pattern, re.Pattern):
        if flags := re.RegexFlag(pattern.flags) & ~re.UNICODE:
            return f"with {flags!r}, which no schema can say; say it in the pattern"
        pattern = pattern.pattern
    tokens = re.findall(TOKENS, pattern, re.DOTALL)
    bare = "".join(one if len(one) == 1 else "_" for one in tokens)
    odd = re.search(GROUPS, bare) or next(filter(None, map(_odd_token, tokens)), None)
    if odd and odd[0] == r"\s":
        return r"whose \s is not the same blanks everywhere; write a blank, or [ \t\r\n]"
    if odd:
        return f"whose {odd[0]} some providers do not know, or know otherwise; say it without"
    if not (bare.startswith("^") and bare.endswith("$")):
        return "which is not anchored; begin it with ^ and end it with $"
    depth = 0
    for mark in bare:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if mark == "|" and depth == 0:
            return "whose | parts the anchors; put the choice in a group, as in ^(?:a|b)$"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"which is none: {error}"
    return ""


def _odd_token(token: str) -> re.Match[str] | None:
    return re.search(ESCAPES, token) or (re.search(ODD_SETS, token) if token[0] == "[" else None)
