"""What the file tools never read: whatever is outside their folder, and whatever is no file."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_tools import ToolError
from lumos_tools.builtin import Folder
from tests.tools.builtin.conftest import SECRET, SHOWN, TREE

STEPS = st.sampled_from(
    [
        *("..", ".", "", "/", "..\\", "~", "\0", "%2e%2e", "x" * 300, "etc", "passwd"),
        *("a", "a.txt", "out", "up", "loop", "secret.txt", "outer", "root"),
    ]
)


@pytest.fixture(scope="module")
def trap() -> Iterator[Path]:
    """A folder full of ways out: links to a file, a folder, and itself."""
    with TemporaryDirectory() as name:
        outer = Path(name) / "outer"
        (outer / "root" / "a").mkdir(parents=True)
        (outer / "secret.txt").write_text(SECRET)
        (outer / "root" / "a.txt").write_text("fine")
        (outer / "root" / "secret.txt").symlink_to("../secret.txt")
        (outer / "root" / "out").symlink_to(outer)
        (outer / "root" / "a" / "up").symlink_to("../..")
        (outer / "root" / "loop").symlink_to("loop")
        yield outer / "root"


@given(st.lists(STEPS, max_size=8), st.booleans(), st.booleans())
def test_no_path_leads_out(trap: Path, steps: list[str], absolute: bool, in_root: bool) -> None:
    """Whatever a path is made of, no tool tells what is outside of its folder."""
    start = f"{trap}/" if in_root else "/"
    path = (start if absolute else "") + "/".join(steps)
    folder = Folder(trap)
    told = ""
    for call in (folder.read_file, folder.list_files):
        try:
            told += call(path)
        except ToolError as error:
            told += f"{error}"
    told += folder.search_files("nobody") + folder.search_files("root:")
    assert SECRET not in told
    assert "root:x:0" not in told


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "src/../../secret.txt", "/etc/passwd", "link", "folder/secret.txt", ".."],
)
def test_a_way_out_is_refused(root: Path, folder: Folder, path: str) -> None:
    """Parents, absolute paths and links that leave are refused, whether there is a file or not."""
    (root / "link").symlink_to("../secret.txt")
    (root / "folder").symlink_to("..")
    with pytest.raises(ToolError) as caught:
        folder.read_file(path)
    expected = f"{path!r} is outside the folder; name a file in it, as 'a/b.txt'"
    assert str(caught.value) == expected


def test_an_absolute_path_is_refused_even_in_the_folder(root: Path, folder: Folder) -> None:
    """Where the folder lies is nothing that a model needs to know."""
    with pytest.raises(ToolError, match="is outside the folder"):
        folder.read_file(str(root / "README.md"))


def test_links_within_the_folder_are_followed_by_name(root: Path, folder: Folder) -> None:
    """A link, or a `..`, that stays inside is read; a walk shows what it leads to just once."""
    (root / "link").symlink_to("README.md")
    (root / "again").symlink_to("src")
    assert TREE["README.md"].rstrip("\n") == folder.read_file("link")
    assert TREE["README.md"].rstrip("\n") == folder.read_file("src/../README.md")
    assert folder.list_files().splitlines() == SHOWN


def test_a_link_in_place_of_the_root_is_fine(tmp_path: Path, root: Path, folder: Folder) -> None:
    """The folder itself may be named by a link."""
    (tmp_path / "alias").symlink_to(root)
    assert Folder(tmp_path / "alias").list_files().splitlines() == SHOWN


def test_a_pipe_is_refused_without_waiting(root: Path, folder: Folder) -> None:
    """Opening a pipe would wait for its writer, and wake him."""
    os.mkfifo(root / "pipe")
    told = list[str]()

    def read() -> None:
        with pytest.raises(ToolError) as caught:
            folder.read_file("pipe")
        told.append(str(caught.value))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(5)
    assert told == ["'pipe' is no regular file, and only such can be read"]
    assert "pipe" not in folder.list_files()


def test_what_is_no_regular_file_is_refused(
    root: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets, pipes and devices are no files."""
    monkeypatch.chdir(root)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(ToolError, match="'socket' is no regular file"):
            folder.read_file("socket")


def test_a_device_is_refused() -> None:
    """Not even of a folder of devices is one read."""
    with pytest.raises(ToolError, match="'zero' is no regular file"):
        Folder(Path("/dev")).read_file("zero")


def test_only_a_folder_can_be_the_root(root: Path, folder: Folder) -> None:
    """A file or nothing is the developer's mistake, said when the tool is made."""
    with pytest.raises(NotADirectoryError, match=r"README.md' is no folder; name one that may"):
        Folder(root / "README.md")
