"""What no store keeps, so that one store says what another would only find out later."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast, get_args
from uuid import uuid4

import msgspec
from msgspec import UNSET, UnsetType

from lumos_agent.errors import MemoryStorageError, ThreadNotFoundError
from lumos_agent.memory.base import Role
from lumos_agent.messages import Message, decode, encode

T = TypeVar("T")

LARGEST = 16 * 2**20 + 1024
"""Bytes of a message as JSON: 16 MiB of text, and what is around it."""
LONGEST = 500
"""Characters of an id, a resource or a key: what an index of any database takes."""
DEEPEST = 50
"""Objects and lists within each other, in metadata."""
ROLES: dict[str, int] = {role: number for number, role in enumerate(get_args(Role))}
"""What a row has for a role. The numbers stand in files and databases, so none may change."""
BYTES = 4
"""Bytes of a message's JSON that make a token, roughly."""


class Row(NamedTuple):
    """A message ready to be stored."""

    message: Message
    json: str
    metadata: str | None
    """As JSON; None where there is none."""

    @property
    def role(self) -> int:
        """The number of its role."""
        return ROLES[str(self.message.__struct_config__.tag)]

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        return estimated(len(self.json))


class Append(NamedTuple):
    """Messages for a thread, ready to be written."""

    id: str
    resource: str | None
    key: str | None
    expected_seq: int | None
    rows: Sequence[Row]


class NewThread(NamedTuple):
    """A thread ready to be made."""

    id: str
    resource: str | None
    title: str | None
    metadata: str
    """As JSON."""


def estimated(size: int) -> int:
    """About how many tokens *size* bytes of JSON are, rounded up."""
    return -(-size // BYTES)


def is_plain(text: object) -> bool:
    """Whether *text* is one that any database keeps as it is: no NUL, no half of a surrogate pair."""
    return isinstance(text, str) and "\x00" not in text and (text.isascii() or _is_unicode(text))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_name(what: str, name: object) -> None:
    """Refuse an id that some database could not look up; None is no id. *what* is what it names."""
    if name is None:
        return
    if not isinstance(name, str):
        raise MemoryStorageError(f"{what} is a str, not {name!r}; use str(...) of it")
    if not 0 < len(name) <= LONGEST:
        raise MemoryStorageError(
            f"{what} has 1 to {LONGEST} characters, not {len(name)}; use a hash of it, or a number"
        )
    check_text(what, name)


def check_text(what: str, text: object) -> None:
    """Refuse a text outside of messages that some database could not keep; None is no text."""
    if text is not None and not is_plain(text):
        raise MemoryStorageError(
            f"{what} is text without NUL and without half surrogate pairs, not {text!r}; take them out"
        )


def new_thread(
    id: str | None, resource: str | None, title: str | None, metadata: Mapping[str, Any] | None
) -> NewThread:
    """The thread that `create_thread` makes; without *id* it gets one."""
    id = uuid4().hex if id is None else id
    check_name("the id of a thread", id)
    check_name("a resource", resource)
    check_text("a title", title)
    return NewThread(id, resource, title, metadata_json(metadata or {}))


def patch_of(
    title: str | UnsetType | None, metadata: Mapping[str, Any] | UnsetType
) -> Mapping[str, Any]:
    """What `update_thread` merges into the metadata of a thread."""
    if title is not UNSET:
        check_text("a title", title)
    patch: Mapping[str, Any] = {} if metadata is UNSET else metadata
    metadata_json(patch)
    return patch


def rows_of(messages: Sequence[Message], metadata: Sequence[Mapping[str, Any]]) -> list[Row]:
    """*messages* ready to be stored, each with its *metadata*, if there is any."""
    if metadata and len(metadata) != len(messages):
        raise MemoryStorageError(f"{len(messages)} messages, but metadata for {len(metadata)}")
    described = [metadata_json(one) if one else None for one in metadata] or [None] * len(messages)
    return [
        Row(message, message_json(message), its)
        for message, its in zip(messages, described, strict=True)
    ]


def words_of(query: str) -> list[str]:
    """The words that a search is for. Raises `MemoryStorageError` if there is none."""
    words = words_in(query)
    if not words:
        raise MemoryStorageError(f"a search is for words, and {query!r} has none; name one")
    return sorted(words)


def words_in(text: str) -> set[str]:
    """The words of *text*: letters and digits, small."""
    # One match after the other, for a single one that finds them all would hold up all other threads.
    return {match.group() for match in re.finditer(r"\w+", text.casefold())}


def merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """*old* with *patch* merged into it, as RFC 7396 has it: None removes a key."""
    new = dict(old)
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        elif isinstance(value, Mapping):
            under = new.get(key)
            there = cast("Mapping[str, Any]", under if isinstance(under, Mapping) else {})
            new[key] = merged(there, cast("Mapping[str, Any]", value))
        else:
            new[key] = value
    return new


def has(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether *metadata* has the keys of *wanted*, with its values."""
    return all(key in metadata and _same(metadata[key], value) for key, value in wanted.items())


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON: true is not 1, but 1.0 is."""
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case Mapping(), Mapping():
            these, those = cast("Mapping[str, Any]", one), cast("Mapping[str, Any]", other)
            return these.keys() == those.keys() and has(these, those)
        case ((list() | tuple()), (list() | tuple())):
            here, there = cast("Sequence[Any]", one), cast("Sequence[Any]", other)
            return len(here) == len(there) and all(map(_same, here, there))
        case _:
            return bool(one == other)


def message_json(message: Message) -> str:
    """The JSON of *message*. Raises `MemoryStorageError` if it is too large to keep."""
    encoded = encode(message)
    if len(encoded) > LARGEST:
        raise MemoryStorageError(
            f"a message of {len(encoded) / 1e6:.1f} MB is more than the {LARGEST / 1e6:.1f} MB that a "
            "thread keeps; put its text into a file, and the file's name into the message"
        )
    return encoded.decode()


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """The JSON of *metadata*. Raises `MemoryStorageError` for what would come back as something else."""
    _check(metadata, "metadata", 0)
    return encode(metadata).decode()


def _check(value: Any, where: str, depth: int) -> None:
    if depth > DEEPEST:
        raise MemoryStorageError(f"{where} is nested deeper than {DEEPEST}; make it flatter")
    match value:
        case None | bool() | int():
            return
        case str():
            check_text(where, value)
        case float() if value - value == 0:
            return
        case float():
            raise MemoryStorageError(f"{where} is {value!r}, which JSON has not; use None")
        case list() | tuple():
            for number, one in enumerate(cast("Sequence[Any]", value)):
                _check(one, f"{where}[{number}]", depth + 1)
        case Mapping():
            for key, one in cast("Mapping[object, object]", value).items():
                if not isinstance(key, str):
                    raise MemoryStorageError(f"a key of {where} is a str, not {key!r}")
                check_text(f"a key of {where}", key)
                _check(one, f"{where}[{key!r}]", depth + 1)
        case _:
            raise MemoryStorageError(
                f"{where} is JSON, not {type(value).__name__}: give text, numbers, lists or objects"
            )


def decoded(text: str, decoder: "msgspec.json.Decoder[T]") -> T:
    """What stands in *text* of a store; half surrogate pairs are for the slower way."""
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:
        try:
            return cast("T", decode(text, decoder.type))
        except msgspec.ValidationError as error:
            raise MemoryStorageError(
                f"a row of the database is nothing that this version knows: {error}; update lumos-agent"
            ) from error


def check_known(id: str, resource: str | None) -> None:
    """A thread whose name cannot be kept is not there."""
    if not is_plain(id) or not is_plain(resource or ""):
        raise not_found(id, resource)


def not_found(id: str, resource: str | None) -> ThreadNotFoundError:
    """There is no such thread, or it is another's."""
    return ThreadNotFoundError(f"no thread {id!r}" + (f" of {resource!r}" if resource else ""))
