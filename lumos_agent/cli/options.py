"""Options that several commands have."""

import click

tools_option = click.option(
    "--tools",
    "sources",
    metavar="FILE|MODULE",
    multiple=True,
    help="A .py file or a module with tools; may be repeated. Default: the built-in tools.",
)


def _said(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """*value*, unless it is empty: a variable that is not set, for example."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty", param=parameter)
    return value


memory_option = click.option(
    "--memory",
    "address",
    metavar="ADDRESS",
    callback=_said,
    help="Where threads are kept: threads.db, or postgresql://... Default: LUMOS_MEMORY, or "
    "memory of lumos.toml.",
)
resource_option = click.option(
    "--resource",
    metavar="NAME",
    callback=_said,
    help="Whose thread it is; that of another is not found.",
)

thread_option = click.option(
    "--thread",
    metavar="ID",
    callback=_said,
    help="The thread to go on with; a new id begins one.",
)
