"""`lumos init`: a folder with an agent that runs."""

import os
from importlib.resources import files
from pathlib import Path
from shlex import quote

import click

from lumos_agent.errors import ConfigError

FILES = ("agent.py", "tools.py", "lumos.toml", "test_agent.py")
OTHER = "name another folder: lumos init FOLDER"


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write an agent, its tools, its configuration and a test into FOLDER.

    They run at once, offline. Nothing that is there is overwritten.
    """
    there = [name for name in FILES if os.path.lexists(folder / name)]
    if there:
        raise ConfigError(f"{folder / there[0]} is there already; {OTHER}")
    try:
        _write(folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}; {OTHER}") from error
    for name in FILES:
        click.echo(f"wrote {folder / name}")
    go = "" if folder == Path() else f"cd {quote(str(folder))}\n"
    click.echo(f"\nNow:\n\n{go}{NEXT}", nl=False)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (files("lumos_agent.cli") / "starter" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")


NEXT = """\
python -m pytest        # the test, offline
python agent.py         # the agent
lumos chat --tools tools.py
lumos doctor            # what a real model needs
"""
