"""The page on the configuration has every key, and every example of a file on the pages can be read."""

import re
from pathlib import Path
from typing import Any

import pytest

from lumos_agent.config import (
    PARTS,
    Config,
    Features,
    ModelConfig,
    ProviderConfig,
    Quirks,
    load_config,
)
from lumos_agent.messages import encode
from lumos_agent.options import GenerateOptions
from lumos_agent.providers.endpoints import KNOWN, variable

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference/configuration.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "guides/providers.md").read_text(encoding="utf-8")
WIRES = {"openai": "Chat Completions", "anthropic": "Messages"}
TABLES: dict[str, set[str]] = {
    "Top level": {*Config.__struct_fields__} - {"path"},
    "[models.NAME]": {*ModelConfig.__struct_fields__},
    "[providers.NAME]": {*ProviderConfig.__struct_fields__},
    "Quirks": {*PARTS["quirks"]},
    "[options]": {*PARTS["options"]},
    "[features]": {*Features.__struct_fields__},
}
DEFAULTS = {"Quirks": Quirks(), "[options]": GenerateOptions(), "[features]": Features()}
PAGES = sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"])
FILES = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(
        re.findall(
            r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
    )
    if not text.startswith("# pyproject.toml of your package")
]


def rows(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under *heading*, by cell."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("heading", TABLES)
def test_every_key(heading: str):
    """The table of a part has its keys, each once, and no others."""
    keys = [code for row in rows(PAGE, heading) for code in codes(row[0])]

    assert sorted(TABLES[heading]) == sorted(keys)


@pytest.mark.parametrize("heading", DEFAULTS)
def test_defaults(heading: str):
    """What a table says is the default is the default."""
    told = {codes(row[0])[0]: row[2] for row in rows(PAGE, heading)}

    assert {key: shown(key, getattr(DEFAULTS[heading], key)) for key in told} == told


def shown(key: str, default: Any) -> str:
    """*default* as TOML has it."""
    if default is None:
        limit = "no limit" if key.startswith("max_") and key != "max_tokens" else "not sent"
        return "the provider's own" if key == "dialect" else limit
    return f"`{encode(default).decode()}`"


@pytest.mark.parametrize("text", FILES)
def test_examples(text: str, tmp_path: Path):
    """An example of a file, wherever it stands in the documentation, is one that can be read."""
    path = tmp_path / ("pyproject.toml" if "[tool.lumos]" in text else "lumos.toml")
    path.write_text(text, encoding="utf-8")

    assert Config() != load_config(path)


def test_whole_file_has_every_table():
    """The whole file shows every table and every key of models and providers."""
    (whole,) = re.findall(r'WHOLE = """\n(.*?)"""', PAGE, re.DOTALL)
    for table in ("models", "providers", "options", "features"):
        assert f"[{table}" in whole
    for key in TABLES["[models.NAME]"] | TABLES["[providers.NAME]"]:
        assert re.search(rf"^{key} = ", whole, re.MULTILINE)


def test_built_in_providers():
    """The guide's table of built-in providers has them all, where they are, and what is spoken."""
    told = [row[:4] for row in rows(GUIDE, "The built-in providers")]
    expected = [
        [
            f"`{name}`",
            f"`{one.base_url}`",
            f"`{variable(name, 'API_KEY')}`" if one.needs_key else "none needed",
            WIRES[one.wire],
        ]
        for name, one in KNOWN.items()
    ]

    assert [*expected, ["`azure`", "yours", "`AZURE_OPENAI_API_KEY`", WIRES["openai"]]] == told
