"""Importing does nothing, and is quick."""

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = (
    "litellm openai aiohttp httpx click rich opentelemetry sqlite3 apsw asyncpg hypothesis jsonschema"
).split()

IMPORT = """
import json, socket, sys

opened = []
plain = socket.socket.__init__

def watched(self, *args, **kwargs):
    opened.append(args)
    plain(self, *args, **kwargs)

socket.socket.__init__ = watched
import lumos_tools, lumos_agent
import lumos_agent.testing
for package in (lumos_tools, lumos_agent, lumos_agent.testing):
    for name in package.__all__:
        getattr(package, name)
lumos_agent.Agent("openai/x", api_key="k")
lumos_agent.Agent("offline")
print(json.dumps({"opened": len(opened), "modules": sorted(sys.modules)}))
"""

COST = """
import sys, time
began = time.process_time()
{}
print(time.process_time() - began)
"""
PYDANTIC = "import pydantic\nclass M(pydantic.BaseModel):\n    a: int"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert "" == done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def imported() -> Any:
    (line,) = run(IMPORT).splitlines()  # one line: importing prints nothing
    return json.loads(line)


def test_opens_no_socket(imported: Any):
    """Importing both packages, touching every name and making an agent opens no socket."""
    assert 0 == imported["opened"]


@pytest.mark.parametrize("module", HEAVY)
def test_loads_nothing_heavy(imported: Any, module: str):
    """None of the heavy packages is loaded by it."""
    assert module not in imported["modules"]


def test_costs_little():
    """Importing both costs less than 1.5 times the CPU of pydantic with one model, in one run."""
    ours, theirs = [9.0], [0.0]
    while len(ours) < 20 and min(ours) > 1.5 * min(theirs):
        # Interleaved; noise only adds, so the least of each is its cost.
        ours.append(float(run(COST.format("import lumos_tools, lumos_agent"))))
        theirs.append(float(run(COST.format(PYDANTIC))))
        theirs = [one for one in theirs if one]

    assert min(ours) < 1.5 * min(theirs), f"{min(ours):.3f} s against {min(theirs):.3f} s"
