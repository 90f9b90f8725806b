"""Runs the documentation: README.md and everything in docs/.

A python block may await at top level and must print what its `#> ` lines promise; the blocks of a page
share one namespace and one event loop. A comment above a block says more:

    <!-- file: name.py -->  write the block to this file, in a folder of the page's own, and do not run it
    <!-- run -->            run the `$ ` lines of a console block there; a line `...` stands for any lines
    <!-- skip: why -->      do not run it
"""

import ast
import asyncio
import contextlib
import importlib
import inspect
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parent


def setup(namespace: dict[str, Any]) -> None:
    for key in list(os.environ):  # no page reads the keys of whoever runs it
        if key.endswith(("_API_KEY", "_BASE_URL", "LUMOS_MODEL", "LUMOS_MEMORY")):
            del os.environ[key]
    namespace["_runner"] = asyncio.Runner()
    namespace["_folder"] = tempfile.TemporaryDirectory()
    sys.path.insert(0, namespace["_folder"].name)


def teardown(namespace: dict[str, Any]) -> None:
    namespace.pop("_runner").close()
    folder = namespace.pop("_folder")
    sys.path.remove(folder.name)
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", "")).startswith(folder.name):
            del sys.modules[name]
    folder.cleanup()


def comment(example: Example) -> str:
    """The comment directly above the block, without its marks."""
    above = example.document.text[: example.region.start].rstrip().rpartition("\n")[2]
    found = re.fullmatch(r"<!-- (.*) -->", above.strip())
    return found[1] if found else ""


def run_python(example: Example) -> str | None:
    said = comment(example)
    if said.startswith("skip: "):
        return None
    if said.startswith("file: "):
        folder = Path(example.namespace["_folder"].name)
        path = folder / said.removeprefix("file: ")
        path.write_text(example.parsed, encoding="utf-8")
        sys.modules.pop(path.stem, None)  # of another page, or of a test
        importlib.invalidate_caches()
        return None
    source = "\n" * (example.line + 1) + example.parsed
    code = compile(source, example.path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        waiting = eval(code, example.namespace)
        if inspect.isawaitable(waiting):
            example.namespace["_runner"].run(_awaited(waiting))
    promised = re.findall(r"^\s*#> ?(.*)$", example.parsed, re.MULTILINE)
    told = [line.rstrip() for line in printed.getvalue().splitlines()]
    return None if told == promised else f"printed {told}, promised {promised}"


async def _awaited(waiting: Any) -> None:
    await waiting


def run_console(example: Example) -> str | None:
    if comment(example) != "run":
        return None
    for block in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, promised = block.partition("\n")
        told = re.sub(
            r" +$", "", _output(command, Path(example.namespace["_folder"].name)), flags=re.M
        )
        pattern = r"\n".join(re.escape(line) for line in promised.rstrip().splitlines())
        if not re.fullmatch(pattern.replace(re.escape("..."), "(?s:.*)"), told.rstrip()):
            return f"$ {command}\nprinted:\n{told}\npromised:\n{promised}"
    return None


def _output(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser(language="python", evaluator=run_python),
        CodeBlockParser(language="console", evaluator=run_console),
    ],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    setup=setup,
    teardown=teardown,
).pytest()
