"""Which functions can be tools."""

import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import partial
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest
from annotated_types import Predicate
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    Discriminator,
    Field,
    Json,
    StrictInt,
    StringConstraints,
)
from typing_extensions import TypeAliasType, TypedDict

import lumos_tools.annotations
from lumos_tools import SchemaError, ToolContext
from lumos_tools.signature import EMPTY, Parameter, read_signature, return_type

if TYPE_CHECKING:
    from fractions import Fraction


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Shape(Enum):
    POINT = (1, 2)


@dataclass
class Place:
    name: str
    tags: list[str] = field(default_factory=list)


class Size(TypedDict):
    width: int
    height: NotRequired[float]


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Boxed(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    thing: complex


@dataclass
class Holder:
    inner: list[complex]


UserId = NewType("UserId", int)
Names = TypeAliasType("Names", list[str])
T = TypeVar("T")

SUPPORTED: list[Any] = [
    *(str, int, float, bool, None, Any, date, datetime, Decimal, UUID, list, dict),
    *(list[int], dict[str, int], set[str], tuple[int, str], tuple[int, ...], Color, Level),
    *(
        Optional[int],
        Union[int, str],
        int | None,
        list[dict[str, list[int | None]]],
        Place,
        Size,
        Node,
    ),
    *(Literal["a", 1, True, None], Annotated[int, Field(gt=0)], UserId, Names),
    *(dict[Literal["a"], int], dict[Annotated[str, Field(min_length=1)], int]),
    Annotated[list[Annotated[str, Field(max_length=3)]], "unhashable", []],
]


def of(annotation: Any) -> Callable[..., Any]:
    def function(it): ...

    function.__annotations__ = {"it": annotation}
    return function


def fault(function: Callable[..., Any]) -> str:
    with pytest.raises(SchemaError) as caught:
        read_signature(function, owner="f()")
    return str(caught.value)


@pytest.mark.parametrize("annotation", SUPPORTED, ids=range(len(SUPPORTED)))
def test_supported(annotation: Any):
    """Everyday types, and what is made of them, have a schema."""
    (parameter,) = read_signature(of(annotation), owner="f()").parameters

    assert "it" == parameter.name


@pytest.mark.parametrize(
    ("annotation", "named"),
    [
        (complex, "complex"),
        (list[complex], "complex"),
        (dict[str, complex | None], "complex"),
        (Callable[[int], int], "Callable"),
        (T, "~T"),
        (object(), "object object"),
        (Annotated[complex, []], "complex"),
        (Boxed, "field Boxed.thing has the type complex"),
        (list[Holder], "field Holder.inner has the type complex"),
        (dict[tuple[int, int], str], "use dict[str, ...]"),
        (dict[Literal[1], str], "use dict[str, ...]"),
        (Shape, "(1, 2) is no JSON value"),
    ],
    ids=str,
)
def test_unsupported(annotation: Any, named: str):
    """What no schema can say is refused with function, parameter, type and the way out."""
    message = fault(of(annotation))

    assert message.startswith("f(): parameter 'it'")
    assert named in message
    assert "use " in message


def test_reads_all():
    """Names, types, defaults and texts are read, and the context is kept apart."""

    def function(a: int, context: ToolContext[str], b: "str" = "x") -> "Missing":  # noqa: F821
        """Do it.

        Args:
            a: The first.
        """

    read = read_signature(function, owner="f()")

    assert "Do it." == read.description
    assert "context" == read.context
    assert (
        Parameter("a", int, EMPTY, "The first."),
        Parameter("b", str, "x", required=False),
    ) == read.parameters


def test_old_typed_dict(monkeypatch: pytest.MonkeyPatch):
    """The TypedDict of an old Python cannot say which keys are required."""
    monkeypatch.setattr(lumos_tools.annotations, "OLD_TYPED_DICT", True)
    old = typing.TypedDict("Old", {"a": int})

    assert "before Python 3.12 use typing_extensions.TypedDict" in fault(of(old))


@pytest.mark.parametrize(
    "annotation", [ToolContext, ToolContext[int], ToolContext | None], ids=repr
)
def test_context(annotation: Any):
    """The context may be typed with its deps, and may be None outside a run."""
    assert "it" == read_signature(of(annotation), owner="f()").context


def test_local_names():
    """An annotation as text may name what is local where the function is defined."""

    class Local(Enum):
        A = "a"

    def function(it: "list[Local]") -> None:
        return print(Local)

    assert list[Local] == read_signature(function, owner="f()").parameters[0].annotation


def test_unresolved():
    """A name that is there for type checkers alone is refused, and the message says what to do."""

    def function(it: "Fraction") -> None: ...

    assert "not under TYPE_CHECKING" in fault(function)


def test_not_annotated():
    """Without an annotation there is no schema."""

    def function(it): ...

    assert "f(): parameter 'it' has no annotation; say what it takes, for example it: str" == fault(
        function
    )


def test_method():
    """A function of a class gets the advice that helps there."""

    class Shop:
        def buy(self, what: str) -> None: ...

    assert "decorate the bound method instead" in fault(Shop.buy)
    assert 1 == len(read_signature(Shop().buy, owner="f()").parameters)


def test_unknown_text():
    """A docstring that describes what there is not is warned of: mostly it is a name that changed."""

    def one(it: int):
        """Do it.

        Args:
            its: What there was before.
        """

    with pytest.warns(
        UserWarning, match=r"f\(\): its docstring describes 'its', which it does not"
    ):
        read_signature(one, owner="f()")


def test_inside_a_class():
    """What would have to be rewritten, and stands in a class of one's own, is refused there."""

    @dataclass
    class Held:
        them: Iterable[int]

    class Kept(BaseModel):
        it: Literal[Color.RED]

    assert "field test_inside_a_class.<locals>.Held.them has the type" in fault(of(Held))
    assert "use list" in fault(of(Held))
    assert "use the Enum, or its values" in fault(of(Kept))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a+", "is not anchored; begin it with ^"),
        ("^a+", "is not anchored"),
        ("^a\\$", "is not anchored"),
        ("^a|b$", "whose | parts the anchors"),
        ("^(?=a)a$", "whose (?= some providers"),
        ("^(?P<x>a)$", "whose (?P some providers"),
        (r"^\ba$", r"whose \b some providers"),
        (r"^(a)\1$", r"whose \1 some providers"),
        (r"^\W$", r"whose \W some providers"),
        ("^a++$", "whose ++ some providers"),
    ],
)
def test_patterns(pattern: str, why: str):
    """A pattern that does not mean the same everywhere is refused, with the way out."""
    assert why in fault(of(Annotated[str, Field(pattern=pattern)]))


def test_pattern_in_a_model():
    """The fields of a model are held to it, too."""

    class Held(BaseModel):
        it: str = Field(pattern="a+")

    assert "field test_pattern_in_a_model.<locals>.Held.it has the pattern 'a+', which is not" in (
        fault(of(Held))
    )


@pytest.mark.parametrize(
    "pattern", ["^a$", "^(?:a|b)$", r"^[|(]$", r"^\d{2}\.\w+$", r"^\\b$", "^$"]
)
def test_good_patterns(pattern: str):
    """What every dialect has is taken."""
    assert read_signature(of(Annotated[str, Field(pattern=pattern)]), owner="f()").parameters


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(int, "x"), (Annotated[int, Field(ge=1)], 0), (list[int], ["x"]), (Literal["a"], "b")],
)
def test_wrong_defaults(annotation: Any, default: Any):
    """A default that the parameter would not take is refused with its name."""

    def function(it=default): ...

    function.__annotations__ = {"it": annotation}

    assert f"f(): parameter 'it' has the default {default!r}, which it would not take" in fault(
        function
    )


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(int, None), (int, object()), (float, 1), (list[int], ()), (Color, Color.RED)],
    ids=str,
)
def test_good_defaults(annotation: Any, default: Any):
    """None, a mark of one's own, and what fits are taken."""

    def function(it=default): ...

    function.__annotations__ = {"it": annotation}

    assert not read_signature(function, owner="f()").parameters[0].required


def test_bytes_in_a_model():
    """A model that reads bytes as text would get others than the schema says."""

    class Held(BaseModel):
        it: bytes | None

    class Kept(Held):
        model_config = {"val_json_bytes": "base64", "ser_json_bytes": "base64"}

    assert "say model_config = ConfigDict(val_json_bytes='base64'" in fault(of(Held))
    assert read_signature(of(list[Kept]), owner="f()").parameters


def test_counter():
    """A Counter is a dict of numbers, and a bare dict anything."""
    assert (
        dict[str, int]
        == read_signature(of(typing.Counter[str]), owner="f()").parameters[0].annotation
    )
    assert dict is read_signature(of(Mapping), owner="f()").parameters[0].annotation


class Noted(BaseModel):
    it: Annotated[int, AfterValidator(abs)]


class Prepared(BaseModel):
    it: int

    def model_post_init(self, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("annotation", "note"),
    [
        (Json[list[int]], "a check of its own"),
        (UUID4, "a check of its own"),
        (Annotated[int, Predicate(bool)], "a check of its own"),
        (Noted, "field Noted.it has a check of its own"),
        (Prepared, "Prepared has validators"),
        (Annotated[str, StringConstraints(strip_whitespace=True)], "after its text is changed"),
        (Annotated[date, Field(ge=date(2026, 1, 1))], "has the limit ge, .* of date"),
        (Annotated[Decimal, Field(gt=0)], "has the limit gt, .* of Decimal"),
        (Annotated[bytes, Field(max_length=1)], "has the limit max_length, .* of bytes"),
        (dict[Annotated[int, Field(ge=0)], int], "keys with limits"),
        (Annotated[Node | Place, Discriminator(str)], "a check of its own"),
        (StrictInt, "refuses 1.0"),
        (Annotated[int, Field(strict=True)], "refuses 1.0"),
    ],
    ids=range(13),
)
def test_notes(annotation: Any, note: str):
    """What is checked and no schema says is noted, at any depth."""
    notes = read_signature(of(list[annotation]), owner="f()").notes

    assert [True] == [bool(re.search(note, one)) for one in notes]


@pytest.mark.parametrize(
    "annotation", [Annotated[int, Field(ge=0)], Annotated[str, "text"]], ids=str
)
def test_nothing_to_note(annotation: Any):
    """What the schema says needs no note."""
    assert () == read_signature(of(list[annotation]), owner="f()").notes


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a&&b]$",
        "^[[a]$",
        "^a{,3}$",
        "^{$",
        r"^\e$",
        r"^\cA$",
        "^[a--b]$",
        "^(?=a)a$",
        "^a++$",
        "^[b-a]$",
    ],
)
def test_uncommon_patterns(pattern: str):
    """A pattern that means something else elsewhere, or nothing, is refused, however it is given."""

    def by_default(it: str = Field(pattern=pattern)): ...

    assert "has the pattern" in fault(of(Annotated[str, Field(pattern=pattern)]))
    assert "has the pattern" in fault(by_default)


@pytest.mark.parametrize("pattern", [r"^\{a\+\}$", r"^[{}()+|]+$", r"^a\++$", "^a{1,3}b{2}c{3,}$"])
def test_common_patterns(pattern: str):
    """What means the same everywhere is taken."""
    (parameter,) = read_signature(
        of(Annotated[str, Field(pattern=pattern)]), owner="f()"
    ).parameters

    assert "it" == parameter.name


def test_compiled_pattern():
    """A compiled pattern is looked at like any other."""
    compiled: Any = re.compile("a+")

    assert "not anchored" in fault(of(Annotated[str, Field(pattern=compiled)]))


def test_alias():
    """The model calls a parameter by its alias; function and docstring by its name."""

    def aliased(
        it: int = Field(5, alias="the it", ge=1),
        other: Annotated[str, Field(validation_alias="context", description="Text.")] = "x",
        context: ToolContext = ToolContext(),
    ):
        """Do it.

        Args:
            it: How much.
        """

    signature = read_signature(aliased, owner="f()")

    assert [("the it", 5, "How much."), ("context", "x", "")] == [
        (one.name, one.default, one.description) for one in signature.parameters
    ]
    assert ([], {"it": 7, "other": "y", "context": None}) == signature.bind(
        {"the it": 7, "context": "y"}, None
    )


def test_two_of_one_alias():
    """What two parameters are called cannot be told apart."""

    def twins(it: int, other: Annotated[int, Field(alias="it")]): ...

    assert "two parameters are called 'it'; rename one" in fault(twins)


@pytest.mark.parametrize("alias", [AliasChoices("a", "b"), AliasPath("a", 0)])
def test_several_aliases(alias: AliasChoices | AliasPath):
    """A schema has one name for a parameter."""
    assert "give one alias" in fault(of(Annotated[int, Field(validation_alias=alias)]))


def test_default_beside_the_type():
    """A default in the `Field` beside a type counts, unless the parameter has its own."""

    def function(
        a: Annotated[int, Field(default=3)],
        b: Annotated[int, Field(default=3)] = 4,
        c: Annotated[list[int], Field(default_factory=list)] = Field(),
    ): ...

    signature = read_signature(function, owner="f()")

    assert [False] * 3 == [one.required for one in signature.parameters]
    assert ([], {"a": 3, "c": []}) == signature.bind({}, None)


def test_factory_that_takes_values():
    """A factory is called with nothing."""

    def made(it: int = Field(default_factory=lambda values: 1)): ...

    assert "give it one that takes none" in fault(made)


def test_starred_context():
    """The context is one."""

    def starred(*context: ToolContext): ...

    assert "drop the star" in fault(starred)


def test_partial_by_place(recwarn: pytest.WarningsRecorder):
    """What a partial has fixed by place is known, so its docstring may describe it."""

    def scaled(by: int, it: int) -> int:
        """Scale.

        Args:
            by: How much.
            it: What.
        """
        return by * it

    assert ["it"] == [
        one.name for one in read_signature(partial(scaled, 2), owner="f()").parameters
    ]
    assert [] == recwarn.list


class Point(NamedTuple, Generic[T]):
    x: T
    rest: list[T]


Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))


@pytest.mark.parametrize("annotation", [Point[int], Pair[int]], ids=str)
def test_generics(annotation: Any):
    """The variables of a generic type are what is said in the brackets."""
    (parameter,) = read_signature(of(annotation), owner="f()").parameters

    assert annotation == parameter.annotation
    assert "which may be anything" in fault(of(typing.get_origin(annotation)))


def test_function_that_calls_itself():
    """A local function that calls itself can be decorated."""

    def down(it: int) -> int:
        return down(it - 1)

    assert int is return_type(down)
