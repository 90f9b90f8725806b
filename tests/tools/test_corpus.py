"""Every signature of the corpus: what it takes, refuses, and what its body gets."""

import json

import jsonschema
import pytest

from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.tool import FunctionTool
from tests.tools.corpus import CASES, Case
from tests.tools.types_page import PAGE, page

each = pytest.mark.parametrize("case", CASES, ids=[f"{one.group}: {one.text}" for one in CASES])


def tool_of(case: Case) -> FunctionTool:
    return function_tool(name="it")(case.function)


@each
async def test_takes(case: Case):
    """Schema and tool take what they should, and the body gets the values that it declares."""
    tool = tool_of(case)
    checker = jsonschema.Draft202012Validator(tool.parameters)
    for arguments, expected in case.takes:
        checker.validate(arguments)
        got = await tool.body(tool.check(json.dumps(arguments)).values, None)
        assert (expected, type(expected)) == (got, type(got))


@each
def test_refuses(case: Case):
    """What it should not take is refused, with a line a fault."""
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


def test_page():
    """The reference of types is made from the corpus; `python -m tests.tools.types_page` makes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_is_wide():
    """The corpus is at least as wide as what was found of other libraries: 118 signatures."""
    assert len(CASES) >= 118
    assert len(CASES) == len({(one.group, one.text) for one in CASES})
