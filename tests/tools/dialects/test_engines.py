"""llguidance, one of vLLM's two engines, follows what is lowered for vLLM."""

import pytest
from llguidance import LLMatcher, LLTokenizer

from tests.engines.documents import Documents, documents

BYTES = LLTokenizer("byte")
CORPUS = [*documents()]


@pytest.mark.parametrize("one", CORPUS, ids=[one.name for one in CORPUS])
def test_engine(one: Documents):
    """The schema compiles; what is legal is taken, what is not is refused."""
    matcher = LLMatcher(BYTES, LLMatcher.grammar_from_json_schema(one.schema))

    def takes(text: str) -> bool:
        matcher.reset()
        tokens = BYTES.tokenize_str(text)
        return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting())

    assert "" == matcher.get_error()
    assert [True] * len(one.legal) == [*map(takes, one.legal)]
    assert [False] * len(one.illegal) == [*map(takes, one.illegal)]


def test_some_are_refused():
    """Not all of the corpus is beyond an engine."""
    assert 60 <= len([one for one in CORPUS if one.illegal])
    assert 100 <= len([one for one in CORPUS if one.legal])
