"""Claims about the tools that read one folder."""

import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_tools import InvalidArgumentsError, ToolError
from lumos_tools.builtin import Folder, files
from tests.tools.builtin.conftest import SHOWN, make

# list_files


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", SHOWN),
        ("", SHOWN),
        (".", SHOWN),
        ("./", SHOWN),
        ("**", SHOWN),
        ("*.md", ["README.md", "docs/index.md"]),
        ("**/*.md", ["README.md", "docs/index.md"]),
        ("./*.md", ["README.md"]),
        ("src", ["src/app.py", "src/deep/data.bin", "src/deep/er/util.py"]),
        ("src/", ["src/app.py", "src/deep/data.bin", "src/deep/er/util.py"]),
        ("src/*.py", ["src/app.py"]),
        ("src/**/*.py", ["src/app.py", "src/deep/er/util.py"]),
        ("src/**/er/*", ["src/deep/er/util.py"]),
        ("**/deep/**", ["src/deep/data.bin", "src/deep/er/util.py"]),
        ("[nR]*.*", ["README.md", "notes.txt"]),
        ("util.py", ["src/deep/er/util.py"]),
        (".env", [".env"]),
        (".*", [".env", ".github/ci.yml", ".hidden/in.md"]),
        (".github", [".github/ci.yml"]),
        (".git/*", [".git/config"]),
        ("node_modules", ["src/node_modules/pkg/index.js"]),
        ("n*", ["notes.txt"]),
        ("*.rs", ["no file fits '*.rs'"]),
    ],
)
def test_a_pattern_names_files(folder: Folder, pattern: str, expected: list[str]) -> None:
    """A name holds in every folder, a path from the root; the hidden has to be named."""
    assert folder.list_files(pattern).splitlines() == expected


@pytest.mark.parametrize("pattern", ["../*", "src/../../*", "/etc/*"])
def test_a_pattern_stays_in_the_folder(folder: Folder, pattern: str) -> None:
    """Nothing outside is even listed."""
    with pytest.raises(ToolError) as caught:
        folder.list_files(pattern)
    assert f"{pattern!r} is outside the folder; use one in it, as 'a/*.txt'" == str(caught.value)


def test_a_pattern_full_of_stars_is_quick(root: Path) -> None:
    """What would take a naive matcher for ever is one pass over the names."""
    folder = make(root, {"/".join(["a"] * 40) + "/b": ""})
    assert "no file fits" in folder.list_files("**/a/" * 30 + "c")
    assert "no file fits" in folder.list_files("*a" * 100)


def test_a_long_list_is_cut(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is counted."""
    monkeypatch.setattr(files, "MAX_FILES", 2)
    folder = make(root, dict.fromkeys("abcde", ""))
    assert folder.list_files().splitlines() == ["a", "b", "[and 3 more files; narrow the pattern]"]


def test_a_huge_folder_is_not_walked_to_its_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk stops, and says so, in a list as in a search."""
    monkeypatch.setattr(files, "MAX_SEEN", 3)
    stopped = "[stopped after 3 files, there are more]"
    assert stopped == folder.list_files().splitlines()[-1]
    assert stopped == folder.search_files("text").splitlines()[-1]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_a_name_that_is_no_text_is_shown_as_one(root: Path) -> None:
    """Half a surrogate pair and a line break in a name cannot break the answer."""
    (root / os.fsdecode(b"a\xff\nb")).write_text("x")
    assert Folder(root).list_files() == "a\ufffd\ufffdb"
    assert Folder(root).search_files("x") == "a\ufffd\ufffdb:1: x"


# read_file


def test_a_file_is_read_whole(folder: Folder) -> None:
    """A short file is its text, and nothing else."""
    assert folder.read_file("notes.txt") == "One\nTwo with TEXT\nThree"


@pytest.mark.parametrize(
    ("start", "lines", "expected"),
    [
        (1, 1, "One\n[lines 1 to 1 of 3; go on with start_line=2]"),
        (2, 1, "Two with TEXT\n[lines 2 to 2 of 3; go on with start_line=3]"),
        (2, 9, "Two with TEXT\nThree\n[lines 2 to 3 of 3]"),
        (3, 1, "Three\n[lines 3 to 3 of 3]"),
        (1, 3, "One\nTwo with TEXT\nThree"),
    ],
)
def test_a_file_is_read_in_pieces(folder: Folder, start: int, lines: int, expected: str) -> None:
    """A piece says where it stands, and where the next begins."""
    assert folder.read_file("notes.txt", start, lines) == expected


@given(st.lists(st.text("abc \u2028\x0b\x85", max_size=9), max_size=30), st.integers(1, 9))
def test_the_pieces_are_the_file(lines: list[str], piece: int) -> None:
    """Read on by what each piece says, one gets each line of the file once."""
    with TemporaryDirectory() as name:
        folder = make(Path(name), {"f": "".join(f"{line}\n" for line in lines)})
        start, actual = 1, list[str]()
        while start <= len(lines):
            part = folder.read_file("f", start, piece).split("\n")
            note = part.pop() if len(part) > min(piece, len(lines) - start + 1) else ""
            actual += part
            start = int(note.partition("start_line=")[2][:-1] or len(lines) + 1)
        assert actual == lines


def test_past_the_end_is_an_answer(folder: Folder) -> None:
    """The model reads how long the file is."""
    with pytest.raises(ToolError, match=r"^'notes.txt' ends at line 3; start there or before$"):
        folder.read_file("notes.txt", 4)


def test_an_empty_file_says_so(folder: Folder) -> None:
    """No text would look like no answer."""
    assert folder.read_file("docs/index.md") == "['docs/index.md' is empty]"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xef\xbb\xbfmark", "mark"),
        (b"a\r\nb\rc\n", "a\nb\nc"),
    ],
)
def test_text_is_utf_8(root: Path, data: bytes, expected: str) -> None:
    """What is no UTF-8 is replaced; every line end is one, and the mark at the start is none."""
    (root / "f").write_bytes(data)
    assert Folder(root).read_file("f") == expected


def test_a_binary_file_is_said_to_be_one(folder: Folder) -> None:
    """Its bytes would mean nothing to a model."""
    with pytest.raises(ToolError, match=r"^'src/deep/data.bin' is a binary file, and only text"):
        folder.read_file("src/deep/data.bin")


def test_a_long_line_is_cut(root: Path) -> None:
    """How much of it is left out is said."""
    text = make(root, {"f": "x" * 1_500}).read_file("f")
    assert text == "x" * 1_000 + "... [and 500 more characters]"


def test_an_answer_has_a_bound(root: Path) -> None:
    """Lines beyond it are for the next call."""
    text = make(root, {"f": ("x" * 999 + "\n") * 100}).read_file("f")
    assert text.splitlines()[-1] == "[lines 1 to 40 of 100; go on with start_line=41]"


def test_a_large_file_is_read_at_its_start(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never read is said."""
    monkeypatch.setattr(files, "MAX_BYTES", 3)
    text = make(root, {"f": "abcdef"}).read_file("f")
    assert text == "abc\n[the file is longer, but only its first 3 bytes are read]"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nothing.txt", "there is no file 'nothing.txt'; list_files shows all"),
        ("src", "'src' is a folder; list_files shows what is in it"),
        ("README.md/x", "'README.md/x' cannot be read: Not a directory"),
        ("x" * 300, f"'{'x' * 300}' cannot be read: File name too long"),
        ("a\0b", "'a\\x00b' is no path: "),
    ],
)
def test_what_cannot_be_read_is_said(folder: Folder, path: str, expected: str) -> None:
    """The model reads why, and never where the folder lies."""
    with pytest.raises(ToolError) as caught:
        folder.read_file(path)
    assert str(caught.value)[: len(expected)] == expected
    assert str(folder.root) not in str(caught.value)


@pytest.mark.parametrize("arguments", [{"start_line": 0}, {"lines": 0}, {"lines": 1_001}])
async def test_bounds_are_in_the_schema(folder: Folder, arguments: dict[str, Any]) -> None:
    """A model is told what it may ask for before a file is opened."""
    read_file = folder.tools[1]
    with pytest.raises(InvalidArgumentsError):
        await read_file.call({"path": "notes.txt", **arguments})


# search_files


def test_a_search_shows_each_line(folder: Folder) -> None:
    """In text files that are not hidden, upper and lower case alike."""
    expected = [
        "README.md:2: Some text.",
        "notes.txt:2: Two with TEXT",
        "src/app.py:3: print('text')",
        "src/deep/er/util.py:1: def text(): ...",
    ]
    assert folder.search_files("text").splitlines() == expected
    assert expected[2:] == folder.search_files("text", "*.py").splitlines()
    assert folder.search_files("token", ".env").splitlines() == [".env:1: TOKEN=text"]


def test_a_search_is_for_text_not_for_a_pattern(folder: Folder) -> None:
    """Signs mean themselves."""
    assert folder.search_files("text()") == "src/deep/er/util.py:1: def text(): ..."
    assert folder.search_files("t.xt") == "no line of 6 files has 't.xt'"


def test_nothing_found_says_where(folder: Folder) -> None:
    """The model reads how many files were looked at."""
    assert folder.search_files("nowhere", "*.py") == "no line of 2 files has 'nowhere'"


def test_a_long_line_is_shown_around_what_was_found(root: Path) -> None:
    """A minified file does not fill the answer."""
    text = make(root, {"f": "a" * 5_000 + "HIT" + "b" * 5_000}).search_files("hit")
    assert f"f:1: {'a' * 100}HIT{'b' * 100}" == text


def test_many_hits_are_cut(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is counted."""
    monkeypatch.setattr(files, "MAX_HITS", 2)
    text = make(root, {"f": "x\n" * 3, "g": "x\n" * 4}).search_files("x")
    assert text == "f:1: x\nf:2: x\n[and 5 more lines; narrow the text or the pattern]"


def test_a_search_has_a_bound(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that it did not come to, or not to the end of, are named."""
    monkeypatch.setattr(files, "MAX_BYTES", 4)
    monkeypatch.setattr(files, "MAX_SEARCHED", 4)
    text = make(root, {"f": "yy\nx", "g": "x"}).search_files("x")
    assert text == "f:2: x\n[not, or not wholly, searched: 1 files, such as g]"
    text = make(root, {"f": "yy\nxz\nx"}).search_files("x", "f")
    assert text == "f:2: x\n[not, or not wholly, searched: 1 files, such as f]"


def test_what_the_system_refuses_is_left_out(tmp_path: Path) -> None:
    """A file whose path is too long to be opened is named as not searched, and ends nothing."""
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        for name in ("f", "e" * 255):
            with open(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=place), "w") as file:
                file.write("x")
        os.mkdir("d" * 200, dir_fd=place)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)
    *lines, note = Folder(tmp_path).search_files("x").splitlines()
    assert lines[-1] == "f:1: x"
    assert re.match(r"\[not, or not wholly, searched: [12] files, such as d+/", note)
