"""Options that several commands have."""

import click

tools_option = click.option(
    "--tools",
    "sources",
    metavar="FILE|MODULE",
    multiple=True,
    help="A .py file or a module with tools; may be repeated. Default: the built-in tools.",
)
