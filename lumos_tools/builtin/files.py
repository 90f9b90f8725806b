"""The files of one folder, for reading: list them, read one, search them."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from lumos_tools.errors import ToolError
from lumos_tools.tool import Tool, function_tool

MAX_FILES = 500  # listed
MAX_HITS = 100  # lines found
MAX_CHARACTERS = 40_000  # of a file, in one answer
MAX_LINE = 1_000  # characters of a line
MAX_AROUND = 100  # characters before and after what was found in a line
MAX_BYTES = 10_000_000  # of one file
MAX_SEARCHED = 100_000_000  # bytes, in one search
MAX_SEEN = 100_000  # files and folders, in one walk
SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__"}
FLAGS: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # Windows has neither

Pattern = Annotated[str, Field(max_length=1_000)]


class Folder:
    """What is in the folder *root*, for a model to read: all `tools`, or a method as a tool.

    Nothing outside of *root* is read: a path that leaves it, symbolic links followed, is refused,
    and so is all that is no regular file. This holds as long as nobody moves folders or links about
    in *root* at the same moment. Raises `NotADirectoryError`.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        if not self.root.is_dir():
            raise NotADirectoryError(f"{str(root)!r} is no folder; name one that may be read")

    @property
    def tools(self) -> tuple[Tool, ...]:
        """`list_files`, `read_file` and `search_files`."""
        return (
            function_tool(self.list_files, idempotent=True),
            function_tool(self.read_file, idempotent=True),
            function_tool(self.search_files, idempotent=True),
        )

    def list_files(self, pattern: Pattern = "*") -> str:
        """List the files in the folder and the folders below it: which files are there?

        Hidden files, and folders such as .git and node_modules, are left out unless named.

        Args:
            pattern: Name of a file or folder, or a path, with wildcards; for example "*.py", "docs"
                or "src/**/*.md".
        """
        files, stopped = self._files(pattern)
        lines = [_printable(path) for path in files[:MAX_FILES]] or [f"no file fits {pattern!r}"]
        if len(files) > MAX_FILES:
            lines.append(f"[and {len(files) - MAX_FILES} more files; narrow the pattern]")
        return "\n".join([*lines, *stopped])

    def read_file(
        self,
        path: str,
        start_line: Annotated[int, Field(ge=1)] = 1,
        lines: Annotated[int, Field(ge=1, le=1_000)] = 200,
    ) -> str:
        """Read a text file: show what is in it, some lines at a time.

        Args:
            path: Path of the file, as list_files shows it; for example "docs/index.md".
            start_line: Number of the first line to show.
            lines: How many lines to show at most.
        """
        contents = self._contents(path)
        if contents.text is None:
            raise ToolError(f"{path!r} is a binary file, and only text can be read")
        every = _lines(contents.text)
        shown = _fitting(every[start_line - 1 : start_line - 1 + lines])
        last = start_line - 1 + len(shown)
        if every and not shown:
            raise ToolError(f"{path!r} ends at line {len(every)}; start there or before")
        if len(shown) < len(every):
            more = f"; go on with start_line={last + 1}" if last < len(every) else ""
            shown.append(f"[lines {start_line} to {last} of {len(every)}{more}]")
        if contents.cut:
            shown.append(f"[the file is longer, but only its first {MAX_BYTES:,} bytes are read]")
        return "\n".join(shown) if every else f"[{path!r} is empty]"

    def search_files(
        self, text: Annotated[str, Field(min_length=1)], pattern: Pattern = "*"
    ) -> str:
        """Search the text files for a word or text: which files contain it, and in which lines?

        Upper and lower case are the same. Shows `path:line: text` for each line found.

        Args:
            text: The word or text to find, within one line.
            pattern: Which files to search, as for list_files; for example "*.py".
        """
        files, stopped = self._files(pattern)
        unread: list[str] = []
        hits = self._hits(text, files, unread)
        lines = list(islice(hits, MAX_HITS)) or [f"no line of {len(files)} files has {text!r}"]
        if more := sum(1 for _ in hits):
            lines.append(f"[and {more} more lines; narrow the text or the pattern]")
        if unread:
            names = ", ".join(map(_printable, unread[:3]))
            lines.append(f"[not, or not wholly, searched: {len(unread)} files, such as {names}]")
        return "\n".join([*lines, *stopped])

    def _hits(self, text: str, files: Iterable[str], unread: list[str]) -> Iterator[str]:
        """The lines with *text*; files not searched to their end go to *unread*."""
        wanted = re.compile(re.escape(text), re.IGNORECASE)
        left = MAX_SEARCHED
        for path in files:
            try:
                contents = _read(self.root / path) if left > 0 else UNREAD
            except OSError:
                contents = UNREAD
            left -= contents.size
            if contents.cut:
                unread.append(path)
            for number, line in enumerate(_lines(contents.text or ""), 1):
                if hit := wanted.search(line):
                    around = slice(max(hit.start() - MAX_AROUND, 0), hit.end() + MAX_AROUND)
                    yield f"{_printable(path)}:{number}: {line[around].strip()}"

    def _contents(self, path: str) -> "Contents":
        """What is in the file *path*. Raises `ToolError` for what is no file in the folder."""
        try:
            place = Path(os.path.realpath(self.root / path))
            if Path(path).is_absolute() or not place.is_relative_to(self.root):
                raise ToolError(f"{path!r} is outside the folder; name a file in it, as 'a/b.txt'")
            kind = place.lstat().st_mode
            if stat.S_ISDIR(kind):
                raise ToolError(f"{path!r} is a folder; list_files shows what is in it")
            if not stat.S_ISREG(kind):
                raise ToolError(f"{path!r} is no regular file, and only such can be read")
            return _read(place)
        except FileNotFoundError:
            raise ToolError(f"there is no file {path!r}; list_files shows all") from None
        except OSError as error:
            raise ToolError(f"{path!r} cannot be read: {error.strerror}") from error
        except ValueError as error:  # a zero byte
            raise ToolError(f"{path!r} is no path: {error}") from error

    def _files(self, pattern: str) -> tuple[list[str], list[str]]:
        """The regular files that *pattern* names, and a line that says it if there may be more."""
        segments = _segments(pattern)
        found: list[str] = []
        seen, folders = 0, [("", _reached(segments, {0}))]
        for folder, places in folders:  # which grows on the way: what is near the root comes first
            for entry in _entries(self.root / folder):
                seen += 1
                if seen > MAX_SEEN:
                    return sorted(found), [f"[stopped after {MAX_SEEN:,} files, there are more]"]
                after = _after(segments, places, entry.name)
                if after and entry.is_dir(follow_symlinks=False):
                    folders.append((f"{folder}{entry.name}/", after))
                elif len(segments) in after and entry.is_file(follow_symlinks=False):
                    found.append(f"{folder}{entry.name}")
        return sorted(found), []


# Reading a file.


class Contents(NamedTuple):
    """A file's text, None if it is binary; how many bytes were read; whether there are more."""

    text: str | None
    size: int
    cut: bool


UNREAD = Contents(None, 0, cut=True)


def _read(place: Path) -> Contents:
    """The file *place*, no link; opening does not wait, should a pipe be there by now."""
    with open(place, "rb", opener=lambda path, flags: os.open(path, flags | FLAGS)) as file:
        data = file.read(MAX_BYTES + 1)
    text = None if b"\0" in data[:8_192] else data[:MAX_BYTES].decode("utf-8-sig", "replace")
    return Contents(text, len(data), cut=len(data) > MAX_BYTES)


def _lines(text: str) -> list[str]:
    """The lines of *text* as editors count them: other separators than line ends do not count."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many of *lines*, each cut to a bound, as fit into one answer."""
    shown: list[str] = []
    left = MAX_CHARACTERS
    for line in lines:
        more = len(line) - MAX_LINE
        line = f"{line[:MAX_LINE]}... [and {more} more characters]" if more > 0 else line
        left -= len(line)
        if left < 0:
            break
        shown.append(line)
    return shown


def _printable(path: str) -> str:
    """*path* on one line, and without what UTF-8 cannot say."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in path)


# Walking a folder by a pattern: *places* are the segments that the next name may fit.


def _segments(pattern: str) -> list[str]:
    """*pattern* by its slashes, of any folder if it has none; a folder is all that is in it."""
    segments = [one for one in pattern.split("/") if one not in ("", ".")]
    if pattern.startswith("/") or ".." in segments:
        raise ToolError(f"{pattern!r} is outside the folder; use one in it, as 'a/*.txt'")
    anywhere = [] if "/" in pattern else ["**"]
    return [*anywhere, *segments, "**"]


def _reached(segments: Sequence[str], places: set[int]) -> set[int]:
    """*places*, and those after each `**`, which may stand for nothing."""
    reached = set[int]()
    for place in places:
        reached.add(place)
        while place < len(segments) and segments[place] == "**":
            place += 1
            reached.add(place)
    return reached


def _after(segments: Sequence[str], places: set[int], name: str) -> set[int]:
    """Where one gets from *places* with *name*; nowhere if it does not fit."""
    fitting = [one for one in places if one < len(segments) and _fits(name, segments[one])]
    return _reached(segments, {one if segments[one] == "**" else one + 1 for one in fitting})


def _fits(name: str, segment: str) -> bool:
    if name in SKIPPED:
        return name == segment
    return fnmatchcase(name, segment) and (not name.startswith(".") or segment.startswith("."))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in *folder*, in order; nothing if it may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
