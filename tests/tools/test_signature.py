"""Which functions can be tools."""

import math
import re
import typing
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import partial
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
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

import pydantic.dataclasses
import pytest
import typing_extensions
from annotated_types import Not, Predicate
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    Discriminator,
    Field,
    Json,
    PrivateAttr,
    StrictInt,
    StringConstraints,
)
from typing_extensions import TypeAliasType, TypedDict

import lumos_tools.annotations
from lumos_tools import SchemaError, ToolContext
from lumos_tools.annotations import takes_none
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


class OwnContext(ToolContext[int]):
    pass


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
    "annotation",
    [
        *(ToolContext, ToolContext[int], ToolContext | None, OwnContext),
        *(Annotated[ToolContext, "Of the run."], Annotated[ToolContext[int] | None, 1, []]),
    ],
    ids=repr,
)
def test_context(annotation: Any):
    """The context may be typed with its deps, may be None outside a run, and of a class of one's own."""
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


def test_two_contexts():
    """The context is one."""

    def twice(one: ToolContext, two: ToolContext[int] | None): ...

    assert "parameter 'two' is the context, as 'one' is; drop one of them" in fault(twice)


def test_method():
    """A function of a class gets the advice that helps there."""

    class Shop:
        def buy(self, what: str) -> None: ...

        def sell(self: "Shop", what: str) -> None: ...

        def swap(self, cls: int) -> None: ...

    assert "decorate the bound method instead" in fault(Shop.buy)
    assert "decorate the bound method instead" in fault(Shop.sell)
    assert ["cls"] == [one.name for one in read_signature(Shop().swap, owner="f()").parameters]
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
        (r"^a\sb$", r"whose \s is not the same blanks everywhere; write a blank, or [ \t\r\n]"),
        (r"^[a\s]$", r"whose \s is not the same blanks everywhere"),
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


class Inherited(Prepared):
    _own: int = PrivateAttr(1)


class Private(BaseModel):
    it: int
    _own: int = PrivateAttr(1)


class Made(BaseModel):
    it: int

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Strict(BaseModel):
    model_config = {"strict": True}
    it: int | None


class StrictSize(TypedDict):
    __pydantic_config__ = {"strict": True}  # type: ignore[misc]
    it: int


class Stripped(BaseModel):
    model_config = {"str_strip_whitespace": True}
    it: str


Money = NewType("Money", Decimal)
Sum = TypeAliasType("Sum", Decimal | None)
Number = TypeVar("Number", int, float)


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
        (Annotated[int | None, Field(strict=True)], "refuses 1.0"),
        (Annotated[int, Not(bool)], "a check of its own"),
        (Annotated[date | None, Field(ge=date(2026, 1, 1))], "has the limit ge, .* of date$"),
        (Annotated[Decimal | None, Field(ge=0)], "has the limit ge, .* of Decimal$"),
        (Annotated[int | Decimal, Field(gt=0)], r"has the limit gt, .* of int \| Decimal$"),
        (Annotated[Money, Field(gt=0)], "has the limit gt, .* of Decimal$"),
        (Annotated[Sum, Field(gt=0)], "has the limit gt, .* of Decimal$"),
        (Annotated[Annotated[date, "When."] | None, Field(ge=date(2026, 1, 1))], "of date$"),
        (Annotated[Number, Field(gt=0)], r"has the limit gt, .* of int \| float$"),
        (Annotated[bytes | None, Field(max_length=1)], "has the limit max_length, .* of bytes$"),
        (Annotated[int | str, Field(pattern="^a$")], r"the limit pattern, .* of int \| str$"),
        (Annotated[Any, Field(ge=1)], "has the limit ge, .* of Any$"),
        (datetime | str, "is text or datetime: text that can be read as that may come as that"),
        (
            list[str] | frozenset[str] | None,
            "is a set or a list: what is there twice may come once",
        ),
        (Annotated[Literal[1, 2], Field(ge=2)], "has the limit ge"),
        (Annotated[int, Field(min_length=1)], "has the limit min_length, .* of int$"),
        (Annotated[float, Field(multiple_of=0.1)], "has multiple_of 0.1, and validators round"),
        (set[Any], "is a set of Any, and no set can hold lists and objects"),
        (set[int | list[int]], "is a set of int . list"),
        (AbstractSet, "is a set of Any"),
        (frozenset, "is a set of Any"),
        (Inherited, "Inherited has validators"),
        (Made, "Made has validators"),
        (Strict, "field Strict.it refuses 1.0"),
        (StrictSize, "field StrictSize.it refuses 1.0"),
        (Stripped, "Stripped has str_strip_whitespace, which the schema does not show"),
    ],
    ids=range(39),
)
def test_notes(annotation: Any, note: str):
    """What is checked and no schema says is noted, at any depth."""
    notes = read_signature(of(list[annotation]), owner="f()").notes

    assert [True] == [bool(re.search(note, one)) for one in notes]


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, Field(ge=0)],
        Annotated[str, "text"],
        Annotated[int | None, Field(ge=0)],
        Annotated[UserId, Field(ge=0)],
        Annotated[str | None, Field(pattern="^a$", min_length=1)],
        Annotated[list[int] | None, Field(max_length=3)],
        Annotated[Iterable[int], Field(max_length=3)],
        Annotated[float, Field(multiple_of=2)],
        set[tuple[int, str] | None],
        Private,
        Place,
    ],
    ids=str,
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
        r"^[^\w]$",
        r"^[^a\d]$",
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

    flagged: Any = re.compile("^a$", re.IGNORECASE | re.VERBOSE)

    assert "the pattern 'a+', which is not anchored" in fault(
        of(Annotated[str, Field(pattern=compiled)])
    )
    assert "the pattern '^a$', with re.IGNORECASE|re.VERBOSE, which no schema can say" in fault(
        of(Annotated[str, Field(pattern=flagged)])
    )


@pytest.mark.parametrize(
    ("annotation", "taken"),
    [
        (int, False),
        (int | None, True),
        (Any, True),
        (Literal["a", None], True),
        (Literal["a"], False),
        (BaseModel, True),
        (Annotated[str, "text"], False),
    ],
)
def test_takes_none(annotation: Any, taken: bool):
    """Whether null may come can be told of a type."""
    assert taken == takes_none(annotation)


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


def partial_names(function: Callable[..., Any]) -> list[str]:
    (*_, more) = read_signature(function, owner="f()").parameters
    return more.extra["propertyNames"]["not"]["enum"]  # type: ignore[no-any-return]


class Scale:
    def by(self, it: int, /, a: int, *, b: int, **more: int): ...


def test_partial_holds():
    """What a partial or a method fixes cannot be given again through **more; what is by place can."""

    def scaled(it: int, /, a: int, *, b: int, **more: int): ...

    assert ["a", "b"] == partial_names(scaled)
    assert ["a", "b", "z"] == partial_names(partial(scaled, 1, 2, b=3, z=4))
    assert ["a", "b"] == partial_names(Scale().by)


def test_others_of_a_typed_dict():
    """Without Unpack every keyword is such a dict."""

    def sized(**sizes: Size): ...

    (sizes,) = read_signature(sized, owner="f()").parameters

    assert dict[str, Size] == sizes.annotation


class Of(TypedDict, Generic[T]):
    it: T
    other: NotRequired[int]


@pytest.mark.parametrize("unpack", [typing.Unpack, typing_extensions.Unpack], ids=[1, 2])
def test_unpacked_generic(unpack: Any):
    """The variables of an unpacked TypedDict are what is said in the brackets."""

    def taking(**options): ...

    taking.__annotations__["options"] = unpack[Of[list[int]]]

    assert (
        Parameter("it", list[int], EMPTY, ""),
        Parameter("other", int, EMPTY, "", False),
    ) == read_signature(taking, owner="f()").parameters


def test_unpacked_what_is_no_typed_dict():
    """Only the keys of a TypedDict can be parameters."""

    def taking(**options): ...

    taking.__annotations__["options"] = typing_extensions.Unpack[Place]

    assert "parameter 'options' has Place in Unpack, which is no TypedDict" in fault(taking)


@dataclass
class Lost:
    it: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class LostPair(NamedTuple):
    it: "typing.Nowhere"  # type: ignore[name-defined]


class LostModel(BaseModel):
    it: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pydantic.dataclasses.dataclass
class LostOfPydantic:
    it: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize("kind", [Lost, LostPair, LostModel, LostOfPydantic])
def test_unresolved_inside(kind: Any):
    """A class that names what is not there is refused by its name."""
    message = fault(of(list[kind]))

    assert f"has {kind.__name__}, " in message
    assert "before you decorate" in message


def test_attribute_that_is_not_there():
    """A name that its module does not have is one that does not resolve."""

    def function(it: "typing.Nowhere"): ...  # type: ignore[name-defined]

    assert "which does not resolve" in fault(function)


class Early(BaseModel):
    it: "Late"


class Late(BaseModel):
    n: Annotated[int, AfterValidator(abs)]


def test_completed_model():
    """A model that was made before what it names is completed."""
    assert not Early.__pydantic_complete__

    (note,) = read_signature(of(Early), owner="f()").notes

    assert "field Early.it, field Late.n has a check of its own" in note


@pytest.mark.parametrize("function", [max, math.hypot])
def test_builtins_without_signature(function: Any):
    """What does not say what it takes is refused, with the way out."""
    assert "f() does not say what it takes" in fault(function)
    assert "call it in a function of your own" in fault(function)


@dataclass
class Odd(Generic[T]):
    """One of everything that a dataclass may have."""

    it: T
    known: ClassVar[complex] = 1j
    _: KW_ONLY
    seed: "InitVar[int]"
    more: str = Field("b", pattern="^b+$")  # type: ignore[assignment]
    made: int = field(init=False, default=4)
    later: complex = field(init=False)


@dataclass
class Fields:
    more: str = Field("b", pattern="b+")


@dataclass
class StrictField:
    more: int = Field(1, strict=True)


def test_dataclasses():
    """Only what a dataclass takes is looked at, and a `Field` for default says something of the type."""
    assert read_signature(of(Odd[int]), owner="f()").parameters
    assert "field Fields.more has the pattern 'b+'" in fault(of(Fields))
    (note,) = read_signature(of(StrictField), owner="f()").notes
    assert "field StrictField.more refuses 1.0" in note


def test_once_given():
    """What a dataclass takes and does not keep is looked at as well."""

    @dataclass
    class Wrong:
        seed: InitVar[complex]

    assert "Wrong.seed has the type complex" in fault(of(Wrong))


class GenericModel(BaseModel, Generic[T]):
    it: T


class Filled(GenericModel[int]):
    pass


@dataclass
class OddOfInt(Odd[int]):
    pass


def test_inherited_variables():
    """A model says what its base leaves open; of a dataclass pydantic would take anything."""
    assert read_signature(of(GenericModel[list[int]]), owner="f()").parameters
    assert read_signature(of(Filled), owner="f()").parameters
    assert "say it in brackets, as in Box[int]; a class derived" in fault(of(OddOfInt))


def test_variable_twice():
    """Every mention of a variable is one of its types."""
    (parameter,) = read_signature(of(tuple[Number, Number]), owner="f()").parameters

    assert tuple[int | float, int | float] == parameter.annotation


@pydantic.dataclasses.dataclass
class BytesOfPydantic:
    it: bytes


class BytesAsText(TypedDict):
    __pydantic_config__ = {"title": "Text"}  # type: ignore[misc]
    it: bytes


class BytesAround(BaseModel):
    it: "PlainBytes"


@dataclass
class PlainBytes:
    it: bytes


@pydantic.dataclasses.dataclass(config={"val_json_bytes": "base64"})
class Bytes64:
    it: PlainBytes


@pytest.mark.parametrize("kind", [BytesOfPydantic, BytesAsText, BytesAround])
def test_bytes_as_text(kind: Any):
    """Who has a configuration of its own has to say base64 in it, for what is inside as well."""
    assert "say model_config = ConfigDict(val_json_bytes='base64'" in fault(
        of(tuple[PlainBytes, kind])
    )
    assert read_signature(of(tuple[PlainBytes, Bytes64]), owner="f()").parameters


class Several(BaseModel):
    it: int = Field(validation_alias=AliasChoices("a", "b"))


@dataclass
class SeveralToo:
    it: int = Field(validation_alias=AliasPath("a", 0))


@pytest.mark.parametrize("kind", [Several, SeveralToo])
def test_several_aliases_inside(kind: Any):
    """A field has one name, as a parameter has."""
    assert f"field {kind.__name__}.it has several names in Alias" in fault(of(kind))


MARK = object()


class Uncopyable:
    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("there is one")


def test_marks_stay_the_same():
    """A mark is the one it is, however it gets to the function; what can be changed is a copy."""
    only = Uncopyable()
    held = Place("a", [only])  # type: ignore[list-item]

    def function(
        a: Any = MARK,
        b: Any = only,
        /,
        c: Any = Field(MARK),
        d: Place = Place("x"),
        e: Node = Field(Node(value=1)),
        f: Place = held,
        g: type[Place] = Place,
        *rest: int,
    ): ...

    function.__annotations__["g"] = Any
    signature = read_signature(function, owner="f()")
    places, _ = signature.bind({}, None)
    again, _ = signature.bind({}, None)

    assert [MARK, only, MARK, Place("x"), Node(value=1), held, Place] == places
    assert [True] * 3 == [one is other for one, other in zip(places[:3], again, strict=False)]
    assert [False] * 2 == [one is other for one, other in zip(places[3:5], again[3:], strict=False)]
    assert places[5] is held
    assert places[6] is Place


@pytest.mark.parametrize(
    "returns", [Iterator, typing.Generator, AsyncIterator, typing.AsyncIterable], ids=str
)
def test_bare_return_types(returns: Any):
    """What yields anything is a list of anything."""

    def function(): ...

    function.__annotations__["return"] = returns

    assert list is return_type(function)


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
