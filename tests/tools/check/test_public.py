"""The public names of the kit: they are there, load nothing before they are used, and stand in the reference."""

import subprocess
import sys

import pytest

import lumos_tools.check
from tests.test_public_api import entries, signature

PACKAGE = "lumos_tools.check"


def test_names():
    """`__all__` is sorted, and each name in it is there; others are not."""
    assert sorted(lumos_tools.check.__all__) == lumos_tools.check.__all__
    assert all(hasattr(lumos_tools.check, name) for name in lumos_tools.check.__all__)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        lumos_tools.check.other  # noqa: B018


def test_reference():
    """The reference lists exactly these, and what they take."""
    listed = entries(PACKAGE)

    assert sorted(lumos_tools.check.__all__) == sorted(listed)
    for name, code in listed.items():
        if "(" in code:
            assert signature(name, getattr(lumos_tools.check, name)) == code


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert "" == done.stderr
    return done.stdout.strip()


def test_loads_nothing():
    """Importing the kit, or the plugin, loads neither Hypothesis nor jsonschema."""
    heavy = "[one for one in ('hypothesis', 'jsonschema', 'jsonschema_rs') if one in sys.modules]"

    assert "[]" == run(f"import sys, lumos_tools.check.plugin, lumos_tools.check; print({heavy})")


@pytest.mark.parametrize("missing", ["hypothesis", "jsonschema"])
def test_missing(missing: str):
    """Without the extra the kit says how to get it."""
    told = run(
        f"import sys; sys.modules['{missing}'] = None\n"
        "try:\n    from lumos_tools.check import check_tool\n"
        "except ImportError as error:\n    print(error)"
    )

    assert f"lumos_tools.check needs {missing}; pip install 'lumos-agent[check]'" == told


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    """The sentence names what is missing, whatever that is."""
    monkeypatch.setitem(lumos_tools.check.LAZY, "gone", "nowhere")

    with pytest.raises(ImportError, match=r"needs lumos_tools\.check\.nowhere; pip install"):
        lumos_tools.check.gone  # noqa: B018
