"""`lumos init`: a folder with an agent that runs."""

from importlib.resources import files
from pathlib import Path

import click

from lumos_agent.errors import ConfigError

FILES = ("agent.py", "tools.py", "lumos.toml", "test_agent.py")


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write an agent, its tools, its configuration and a test into FOLDER.

    They run at once, offline. Nothing that is there is overwritten.
    """
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise ConfigError(
            f"{folder / there[0]} is there already; name another folder: lumos init FOLDER"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (files("lumos_agent.cli") / "starter" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / name}")
    go = "" if folder == Path() else f"cd {folder}\n"
    click.echo(f"\nNow:\n\n{go}{NEXT}")


NEXT = """\
python -m pytest        # the test, offline
python agent.py         # the agent
lumos chat --tools tools.py
lumos doctor            # what a real model needs
"""
