"""Asks xgrammar, in an environment of its own: a schema and texts a line in, what it says of them out."""

import json
import sys

import xgrammar

END = 256
VOCABULARY = [bytes([byte]) for byte in range(END)] + [b"</s>"]


def main() -> None:
    compiler = xgrammar.GrammarCompiler(xgrammar.TokenizerInfo(VOCABULARY, stop_token_ids=[END]))
    for line in sys.stdin:
        given = json.loads(line)
        grammar = compiler.compile_json_schema(
            json.dumps(given["schema"]), any_whitespace=False, separators=(",", ":")
        )
        print(json.dumps([accepts(grammar, text) for text in given["texts"]]), flush=True)


def accepts(grammar: xgrammar.CompiledGrammar, text: str) -> bool:
    """Whether *text* is whole by the grammar."""
    matcher = xgrammar.GrammarMatcher(grammar, terminate_without_stop_token=True)
    return bool(matcher.accept_string(text) and matcher.is_terminated())


if __name__ == "__main__":
    main()
