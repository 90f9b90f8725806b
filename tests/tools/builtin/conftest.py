"""A folder of files, for the tools that read one."""

from pathlib import Path

import pytest

from lumos_tools.builtin import Folder

SECRET = "what nobody may read"
TREE = {
    "README.md": "# Title\nSome text.\n",
    "notes.txt": "One\nTwo with TEXT\nThree\n",
    "src/app.py": "import os\n\nprint('text')\n",
    "src/deep/er/util.py": "def text(): ...\n",
    "src/deep/data.bin": "text\0binary",
    "docs/index.md": "",
    ".env": "TOKEN=text\n",
    ".git/config": "text\n",
    ".github/ci.yml": "text\n",
    "src/node_modules/pkg/index.js": "text\n",
    ".hidden/in.md": "text\n",
}
SHOWN = [
    "README.md",
    "docs/index.md",
    "notes.txt",
    "src/app.py",
    "src/deep/data.bin",
    "src/deep/er/util.py",
]


def make(root: Path, tree: dict[str, str]) -> Folder:
    """A folder of files."""
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Folder(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder to read, beside what is not to be read."""
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def folder(root: Path) -> Folder:
    """The tree above."""
    return make(root, TREE)
