"""Every signature of the corpus: what it takes, refuses, and what its body gets."""

import json
import os
import re
import subprocess
import sys

import jsonschema
import pytest
from pydantic import BaseModel

from lumos_tools import InvalidArgumentsError, SchemaError, ToolContext, function_tool
from lumos_tools.tool import FunctionTool
from tests.tools.corpus import CASES, Case, Color
from tests.tools.oracle import oracle
from tests.tools.refused import REFUSED, Refused
from tests.tools.types_page import PAGE, page

each = pytest.mark.parametrize("case", CASES, ids=[f"{one.group}: {one.text}" for one in CASES])


def tool_of(case: Case) -> FunctionTool:
    return function_tool(name="it")(case.function)


@each
async def test_takes(case: Case):
    """Schema and tool take what they should, and the body gets the values that it declares."""
    await takes(case)


@each
def test_refuses(case: Case):
    """What it should not take is refused, with a line a fault."""
    refuses(case)


async def takes(case: Case) -> None:
    tool = tool_of(case)
    checker = oracle(tool.parameters)
    for arguments, expected in case.takes:
        checker.validate(arguments)
        got = await tool.body(tool.check(json.dumps(arguments)).values, ToolContext())
        assert (expected, type(expected)) == (got, type(got))


def refuses(case: Case) -> None:
    tool = tool_of(case)
    for arguments in case.refuses:
        with pytest.raises(InvalidArgumentsError) as caught:
            tool.check(json.dumps(arguments))
        assert all("\n" not in fault for fault in caught.value.faults)


@each
def test_schema(case: Case):
    """The schema is valid, closed, and the same in every process."""
    schema = tool_of(case).parameters

    jsonschema.Draft202012Validator.check_schema(schema)
    assert ("object", False) == (schema["type"], schema["additionalProperties"])


@pytest.mark.parametrize("one", REFUSED, ids=[f"{one.group}: {one.text}" for one in REFUSED])
def test_refused_when_decorated(one: Refused):
    """What no schema can say is refused when it is decorated, by a sentence that names the tool."""
    with pytest.raises(SchemaError, match=re.escape(one.sentence)) as caught:
        function_tool(name="it")(one.function)

    assert str(caught.value).startswith("it()")


def test_same_in_every_process():
    """The schemas are the same bytes in every process, whatever the order of its sets."""
    code = (
        "from lumos_tools import function_tool\n"
        "from tests.tools.corpus import CASES\n"
        "from tests.tools.test_corpus import orderless\n"
        "for one in (*(one.function for one in CASES), orderless):\n"
        "    print(ascii(function_tool(name='it')(one).arguments.text))\n"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert len(CASES) + 1 == len(texts[0].splitlines())
    assert texts[0] == texts[1]


class Tagged(BaseModel):
    tags: frozenset[Color] = frozenset(Color)


def orderless(words: set[str] = {"a", "b", "c", "d"}, tagged: Tagged = Tagged()):  # noqa: B006
    return words, tagged


def test_page():
    """The reference of types is made from the corpus; `python -m tests.tools.types_page` makes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_is_wide():
    """The corpus is at least as wide as what was found of other libraries: 118 signatures."""
    assert len(CASES) >= 118
    assert len(CASES) == len({(one.group, one.text) for one in CASES})
    assert len(REFUSED) >= 20
    assert len(REFUSED) == len({(one.group, one.text) for one in REFUSED})
