"""Environments beside ours, for what is not to be among our dependencies."""

import subprocess
import sys
from pathlib import Path


def made(name: str, pins: Path, *, hashes: bool = True) -> Path:
    """The folder of the environment *name*, made once for what *pins* pins, hash by hash."""
    folder = Path(sys.prefix) / name
    pinned = pins.read_text(encoding="utf-8")
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == pinned:
        return folder
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    strictly = ["--no-deps", "--require-hashes"] if hashes else []
    subprocess.run([*pip, *strictly, "--requirement", pins], check=True)
    stamp.write_text(pinned, encoding="utf-8")
    return folder
