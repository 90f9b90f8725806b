"""lumos.toml as data."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from lumos_agent import ConfigError
from lumos_agent.config import (
    OF_A_RUN,
    PARTS,
    Config,
    Features,
    ModelConfig,
    ProviderConfig,
    Quirks,
    default_memory,
    default_model,
    load_config,
)
from lumos_agent.options import GenerateOptions

WHOLE = """
model = "main"

[models.main]
use = "openai/gpt-5"
options = { temperature = 0.2, stop = ["END"] }
tools = "native"

[models.local]
use = "mine/qwen3"
quirks = { stream_usage = false, echo = ["reasoning_content"] }

[providers.mine]
base_url = "http://localhost:8000/v1"
api_key_env = "MY_KEY"
headers = { X-Team = "search" }

[options]
max_steps = 5

[features]
memory = false
"""


def written(folder: Path, text: str, name: str = "lumos.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads(tmp_path: Path):
    """Aliases, providers, options and features are read as they stand."""
    path = written(tmp_path, WHOLE)
    main = ModelConfig(
        use="openai/gpt-5", options={"temperature": 0.2, "stop": ["END"]}, tools="native"
    )
    quirks = {"stream_usage": False, "echo": ("reasoning_content",)}
    mine = ProviderConfig(
        base_url="http://localhost:8000/v1", api_key_env="MY_KEY", headers={"X-Team": "search"}
    )

    assert Config(
        model="main",
        models={"main": main, "local": ModelConfig(use="mine/qwen3", quirks=quirks)},
        providers={"mine": mine},
        options={"max_steps": 5},
        features=Features(memory=False),
        path=str(path),
    ) == load_config(path)


def test_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is lumos.toml of the current folder, else pyproject.toml's [tool.lumos], else nothing."""
    monkeypatch.chdir(tmp_path)
    assert Config() == load_config()
    project = written(tmp_path, "[project]\nname = 'x'\n", "pyproject.toml")
    assert Config() == load_config()
    assert Config(path=str(project)) == load_config(project)
    written(tmp_path, "[tool.lumos]\nmodel = 'openai/p'\n", "pyproject.toml")
    assert "openai/p" == load_config().model
    written(tmp_path, "model = 'openai/l'\n")
    assert "openai/l" == load_config().model


def test_default_model(monkeypatch: pytest.MonkeyPatch):
    """The environment says more than the file."""
    assert "a/b" == default_model(Config(model="a/b"))
    monkeypatch.setenv("LUMOS_MODEL", "c/d")
    assert "c/d" == default_model(Config(model="a/b"))
    assert default_model(Config()) == "c/d"


FAULTS = [
    ('\n\nmodle = "x"', "lumos.toml:3: unknown key 'modle'; did you mean 'model'?"),
    (
        "zzz = 1",
        "lumos.toml:1: unknown key 'zzz'; known: model, models, providers, options, memory, features",
    ),
    ("# model\nmodel = 3", "lumos.toml:2: model: Expected str | null, got int"),
    ('api_key = "sk-1"', "a key does not belong in a file; name its variable: api_key_env"),
    ("model = ", "lumos.toml: cannot be read as TOML: Invalid value"),
    ("[server]\nport = 1", "lumos.toml:1: unknown key 'server'"),
    ("models = 3", "lumos.toml:1: models must be a table, not int"),
    ("[models]\nmain = 3", "lumos.toml:2: models.main must be a table, not int"),
    ("[models.main]\ntools = 'auto'", "lumos.toml:1: models.main needs use = ..."),
    (
        '[models.main]\nuse = "a/b"\noptions = { tempratur = 1 }',
        "lumos.toml:3: unknown key 'models.main.options.tempratur'; did you mean 'temperature'?",
    ),
    (
        '[models.main]\nuse = "a/b"\n\n[models.main.options]\n\nmax_tokens = "9"',
        "lumos.toml:6: models.main.options.max_tokens: Expected int | null, got str",
    ),
    ("options.thread = 'x'", "lumos.toml:1: unknown key 'options.thread'"),
    ("options = { max_steps = 0 }", "lumos.toml:1: options: max_steps must be 1 or more, not 0"),
    (
        'model = "mian"\n[models.main]\nuse = "a/b"',
        "lumos.toml:1: no provider for the model 'mian'; did you mean 'main'?",
    ),
    (
        '[models.one]\nuse = "two"\n[models.two]\nuse = "a/b"',
        "lumos.toml:2: no provider for the model 'two'",
    ),
    (
        '[models."a/b"]\nuse = "c/d"',
        "lumos.toml:1: 'a/b' cannot be a name of yours; use one without /",
    ),
    (
        '[models.main]\nuse = "a/b"\nfallback = ["x"]',
        "lumos.toml:3: no provider for the model 'x'",
    ),
    (
        '[models.main]\nuse = "a/b"\nfallback = ["main"]',
        "lumos.toml:3: 'main' cannot be its own fallback",
    ),
    (
        '[models.main]\nuse = "a/b"\nfallback_on = ["quata"]',
        "lumos.toml:3: models.main.fallback_on: Invalid enum value 'quata'",
    ),
    (
        "[options]\ntimeout = { idle = 0 }",
        "lumos.toml:2: timeout.idle must be over 0 s, not 0.0",
    ),
    (
        '[models.main]\nuse = "a/b"\ntools = "txt"',
        "lumos.toml:3: models.main.tools: Invalid enum value 'txt'",
    ),
    (
        '[models.main]\nuse = "a/b"\ntools = "no"',
        "lumos.toml:3: models.main.tools: Invalid enum value 'no'",
    ),
    (
        '[models.main]\nuse = "a/b"\nquirks = { tools = "auto" }',
        "lumos.toml:3: unknown key 'models.main.quirks.tools'",
    ),
    (
        '[providers.mine]\nquirks = { call_ids = "[" }',
        "lumos.toml:2: providers.mine.quirks.call_ids is no regular expression",
    ),
    (
        '[models.main]\nuse = "a/b"\nquirks = { call_ids = "[" }',
        "lumos.toml:3: models.main.quirks.call_ids is no regular expression",
    ),
    (
        '[providers."a b"]\nbase_url = "x"',
        "lumos.toml:1: 'a b' cannot be a provider's name; use letters",
    ),
    (
        'options = { extra = { thinking = { token = "x" } } }',
        "lumos.toml:1: a key does not belong in a file",
    ),
    (
        '[providers.mine]\napi_version = "1"',
        'lumos.toml:2: api_version is Azure\'s; say wire = "azure", too',
    ),
    (
        '[providers.mine]\napi_key_env = "sk-123"',
        "lumos.toml:2: api_key_env must be the name of an environment variable, not the key itself",
    ),
    (
        '[providers.mine]\nheaders = { Authorization = "Bearer x" }',
        "lumos.toml:2: 'Authorization' is a key; a key does not belong in a file",
    ),
    (
        '[providers.mine]\nbase_url = "http://me:secret@host/v1"',
        "lumos.toml:2: a key or password does not belong in a file; use api_key_env",
    ),
    (
        '[providers.mine]\nbase_url = "https://h/v1?api_key=sk-1"',
        "lumos.toml:2: a key or password does not belong in a file",
    ),
    (
        '[providers.mine]\nheaders = { X-Portkey-Api-Key = "sk-1" }',
        "lumos.toml:2: 'X-Portkey-Api-Key' is a key",
    ),
    ('providers.openai = "sk-1"', "lumos.toml:1: providers.openai must be a table, not str"),
    (
        '[models."gpt-4.1"]\nuse = "a/b"\n\n[models."gpt-4.1".options]  # it\n\nmax_token = 9',
        "lumos.toml:6: unknown key 'models.gpt-4.1.options.max_token'",
    ),
    ("# x\n[[models]]\na = 1", "lumos.toml:2: models must be a table, not list"),
    ('models . main . uze = "a/b"', "lumos.toml:1: unknown key 'models.main.uze'"),
    ("[options]\nextra = { n = 2 }", "lumos.toml:1: options: extra cannot say 'n'"),
    *(
        (f'model = "offline"\nmemory = "{address}"', "lumos.toml:2: a password does not belong")
        for address in (
            "postgresql://ada:secret@db/lumos",
            " postgres:ada:secret@db",
            "postgresql://ada:a/b?c#d@db/lumos",
            "postgresql://db/lumos?password=secret",
            "postgresql://db/lumos?sslmode=require&sslpassword=secret",
        )
    ),
    ('memory = " "', 'lumos.toml:1: memory is empty; say where threads are kept: "threads.db"'),
    ("memory = 1", "lumos.toml:1: memory: Expected str | null, got int"),
    ("[features]\nmemory = 1", "lumos.toml:2: features.memory: Expected bool, got int"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_faults(tmp_path: Path, text: str, message: str):
    """A fault is told with file, line, key and the nearest valid spelling."""
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("memory", "address"),
    [
        ("threads.db", "{folder}/threads.db"),
        ("../threads.db", "{folder}/../threads.db"),
        ("/var/threads.db", "/var/threads.db"),
        ("~/threads.db", "~/threads.db"),
        ("postgresql://ada@db:5432/lumos", "postgresql://ada@db:5432/lumos"),
    ],
)
def test_memory(memory: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A path is one from the folder of the file; the environment goes before the file."""
    config = load_config(written(tmp_path, f'memory = "{memory}"'))

    assert default_memory(config) == address.format(folder=tmp_path)
    monkeypatch.setenv("LUMOS_MEMORY", "here.db")
    assert default_memory(config) == "here.db"
    monkeypatch.setenv("LUMOS_MEMORY", "")
    assert default_memory(config) == address.format(folder=tmp_path)
    assert default_memory(Config()) is None


def test_line_in_a_project(tmp_path: Path):
    """In pyproject.toml the line is that of the table of lumos."""
    text = "[tool.other]\nmodle = 1\n\n[tool.lumos]\nmodle = 'x'\n"
    with pytest.raises(ConfigError, match=r"pyproject\.toml:5: unknown key 'modle'"):
        load_config(written(tmp_path, text, "pyproject.toml"))


def test_secrets_are_not_told(tmp_path: Path):
    """A key that stands in the file does not stand in the message."""
    for text in (
        'api_key = "sk-1"',
        'memory = "postgresql://ada:sk-1@db/lumos"',
        '[providers.x]\napi_key_env = "sk-1"',
        'providers.x = "sk-1"',
        '[providers.x]\nheaders = ["sk-1"]',
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(written(tmp_path, text))
        assert "sk-1" not in str(caught.value)


def test_a_schema_is_no_secret(tmp_path: Path):
    """A table that is called key or token is none: a JSON Schema in extra may have such properties."""
    text = "[options.extra.schema.properties]\ntoken = { type = 'string' }"

    assert load_config(written(tmp_path, text)).options["extra"]["schema"]


def test_odd_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pyproject.toml whose tool is no table has no configuration."""
    path = written(tmp_path, "tool = 5", "pyproject.toml")
    monkeypatch.chdir(tmp_path)

    assert Config() == load_config()
    assert Config(path=str(path)) == load_config(path)
    with pytest.raises(ConfigError, match="the configuration must be a table, not int"):
        load_config(written(tmp_path, "tool.lumos = 5", "pyproject.toml"))


def test_missing(tmp_path: Path):
    """A file that is not there is named."""
    with pytest.raises(ConfigError, match=r"lumos\.toml: cannot be read"):
        load_config(tmp_path / "lumos.toml")


def test_names_like_parts(tmp_path: Path):
    """A model or a provider may have the name of a part of the file, or of a secret."""
    text = '[models.options]\nuse = "a/b"\n[models.key]\nuse = "quirks/b"\n[providers.quirks]\nbase_url = "http://h"'
    config = load_config(written(tmp_path, text))

    assert ["options", "key"] == [*config.models]
    assert "http://h" == config.providers["quirks"].base_url


def test_chosen():
    """An alias is its model; any other name is itself."""
    main = ModelConfig(use="openai/x")
    config = Config(models={"main": main})

    assert main == config.chosen("main")
    assert ModelConfig(use="openai/y") == config.chosen("openai/y")
    assert ModelConfig(use="offline") == config.chosen("offline")
    with pytest.raises(ConfigError, match=r"did you mean 'main'\?.*lumos\.toml has main"):
        config.chosen("mein")


def test_parts():
    """Options and quirks of a file are those of the code, but for what belongs to one run."""
    options = {field.name for field in msgspec.structs.fields(GenerateOptions)}
    quirks: set[Any] = {field.name for field in msgspec.structs.fields(Quirks)}

    assert options - OF_A_RUN == {*PARTS["options"]}
    assert quirks - {"tools"} == {*PARTS["quirks"]}
