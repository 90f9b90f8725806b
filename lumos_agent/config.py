"""`lumos.toml` as data: which model answers, where, and how. A fault in it has a file and a line."""

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, cast, get_args, get_origin

import msgspec

from lumos_agent.errors import ConfigError, Kind
from lumos_agent.options import GenerateOptions
from lumos_agent.retries import FALLBACK_ON
from lumos_tools.dialects import DialectName

FILE = "lumos.toml"
PROJECT = "pyproject.toml"
MODEL = "LUMOS_MODEL"
MEMORY = "LUMOS_MEMORY"
OFFLINE = "offline"


Echo = Literal[
    "reasoning_content", "reasoning", "reasoning_details", "extra_content", "thinking_blocks"
]


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How a server differs from what most servers of OpenAI's wire do, which is the default."""

    tools: Literal["native", "auto", "text"] = "auto"
    """`native`: it takes tools. `auto`: so it is assumed, until it refuses them. `text`: it writes its
    calls into its text, as the instructions teach it."""
    stream: bool = True
    """Whether it can stream; if not, replies come whole."""
    stream_usage: bool = True
    """Whether it knows `stream_options`, which asks for the usage of a stream."""
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What it calls the limit of output tokens."""
    seed: str = "seed"
    """What it calls the seed."""
    call_ids: str = "[a-zA-Z0-9_-]{1,40}"
    """The ids of calls that it takes, as a regular expression; others are sent as a short one."""
    echo: tuple[Echo, ...] = ()
    """Fields of its replies that it wants back."""
    dialect: DialectName | None = None
    """How the schemas of tools are written. Default: the provider's own, as far as it is known."""
    foreign_reply: dict[str, Any] = {}
    """Fields that a reply with calls needs, where another provider made it."""
    foreign_call: dict[str, Any] = {}
    """Fields that the first call of such a reply needs."""


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A model under a name of your own: `[models.NAME]`."""

    use: str
    """`provider/model`, or `offline`."""
    options: dict[str, Any] = {}
    """`GenerateOptions` for this model."""
    fallback: tuple[str, ...] = ()
    """Who is asked, in this order, where it fails: names of `models`, or `provider/model`. Their own
    fallbacks do not count."""
    fallback_on: tuple[Kind, ...] = FALLBACK_ON
    """The kinds of failure after which the next one is asked."""
    tools: Literal["native", "auto", "text"] | None = None
    """Whether the model takes tools; see `Quirks.tools`."""
    quirks: dict[str, Any] = {}
    """`Quirks` of this model."""


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where models are: `[providers.NAME]`, a known provider set up differently, or one of yours."""

    wire: Literal["openai", "anthropic", "azure", "litellm"] | None = None
    """What is spoken there: Chat Completions, Messages, Chat Completions as Azure has it, or whatever
    LiteLLM speaks with a provider of that name."""
    base_url: str | None = None
    api_key_env: str | None = None
    """The name of the environment variable with the key; a key itself never stands in a file."""
    api_version: str | None = None
    """Azure's."""
    headers: dict[str, str] = {}
    """Sent with every request."""
    quirks: dict[str, Any] = {}
    """`Quirks` of all its models."""


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """What agents may do; `[features]` switches it off for all of them."""

    function_calling: bool = True
    streaming: bool = True
    memory: bool = True
    observers: bool = True


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration says; nothing, if there is none."""

    model: str | None = None
    """A name of `models`, `provider/model`, or `offline`."""
    models: dict[str, ModelConfig] = {}
    providers: dict[str, ProviderConfig] = {}
    options: dict[str, Any] = {}
    """`GenerateOptions` for every model."""
    memory: str | None = None
    """Where the commands keep threads: a path, in a file relative to its folder, or `postgresql://...`."""
    features: Features = Features()
    path: str = FILE
    """The file that was read, for what is said of it."""

    def chosen(self, model: str) -> ModelConfig:
        """The model that *model* names: an alias, or `provider/model`. Raises `ConfigError`."""
        if model in self.models:
            return self.models[model]
        if "/" in model.strip("/") or model == OFFLINE:
            return ModelConfig(use=model)
        near = nearest(model, [*self.models, OFFLINE])
        known = f"; {self.path} has {', '.join(self.models)}" if self.models else ""
        raise ConfigError(
            f"no provider for the model {model!r}; {near or 'use provider/model'}, for example "
            f"'openai/gpt-5' or 'offline'{known or '; names of a file go with Agent.from_config'}"
        )


def default_model(config: Config) -> str | None:
    """The model to use where none is named: of the environment, else of the file."""
    return os.environ.get(MODEL) or config.model


def default_memory(config: Config) -> str | None:
    """Where threads are kept if nobody says it: the address of the environment, else of the file."""
    return os.environ.get(MEMORY) or config.memory


def nearest(word: str, known: Collection[str]) -> str:
    """`did you mean 'x'?`, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def load_config(path: str | Path | None = None) -> Config:
    """Read *path*: a `lumos.toml`, or a `pyproject.toml` with `[tool.lumos]`.

    Without *path* it is that of the current folder, `lumos.toml` first; no file is an empty `Config`.
    Raises `ConfigError` with file, line, key and the nearest valid spelling.
    """
    if path is None:
        found = _found()
        return _read(*found) if found else Config()
    path = Path(path)
    return _read(path, _parsed(path))


def _found() -> tuple[Path, dict[str, Any]] | None:
    for path in (Path(FILE), Path(PROJECT)):
        if path.is_file():
            values = _parsed(path)
            tool = values.get("tool")
            if path.name == FILE or (isinstance(tool, dict) and "lumos" in tool):
                return path, values
    return None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error


def _read(path: Path, values: dict[str, Any]) -> Config:
    root: Keys = ("tool", "lumos") if path.name == PROJECT else ()
    table: Any = values
    for key in root:
        table = cast("dict[str, Any]", table).get(key, {}) if isinstance(table, dict) else {}
    reader = _Reader(str(path), path.read_text(encoding="utf-8"), root)
    return reader.config(table)


Keys = tuple[str, ...]
OF_A_RUN = {"thread", "resource", "deps"}
"""Options that belong to one run, not to a file."""
SECRETS = {"api_key", "key", "token", "secret", "password", "authorization", "x-api-key", "api-key"}
SECRET_HEADER = re.compile("key|token|secret|auth|cookie|password", re.IGNORECASE)
SECRET_ADDRESS = re.compile(
    r"^\w+://[^/]*@|[?&][\w-]*(?:key|token|secret|password)[\w-]*=", re.IGNORECASE
)
SECRET_MEMORY = re.compile(r"^\s*[\w+.-]+:/*[^@/]*:.+@|[?&]\w*password=", re.IGNORECASE | re.DOTALL)
"""A name, a colon and all up to an @, or a parameter: rather too much, a password may have slashes."""
NO_PASSWORD = (
    f"a password does not belong in a file; set {MEMORY} to the whole address, or PGPASSWORD"
)
NO_KEYS = "a key does not belong in a file; name its variable: api_key_env = ..."


def _types(kind: type[msgspec.Struct], without: Collection[str] = ()) -> dict[str, Any]:
    fields = msgspec.structs.fields(kind)
    return {field.name: field.type for field in fields if field.name not in without}


PARTS = {
    "options": _types(GenerateOptions, OF_A_RUN),
    "quirks": _types(Quirks, {"tools"}),
}


class _Reader:
    """Checks what a file says, and knows on which line it says it."""

    def __init__(self, path: str, text: str, root: Keys) -> None:
        self._path = path
        self._root = root
        self._lines = text.splitlines()

    def config(self, values: dict[str, Any]) -> Config:
        given = self._table(values, _types(Config, {"path"}), ())
        if "memory" in given:
            given["memory"] = self._address(given["memory"])
        config = Config(**given, path=self._path)
        for name in config.models:
            self._check_alias(name, config)
        for name, provider in config.providers.items():
            self._check_provider(name, provider)
        if config.model is not None:
            self._check_model(config, config.model, ("model",))
        return config

    def _address(self, memory: str) -> str:
        """*memory* as it is from the current folder, not from that of the file."""
        if SECRET_MEMORY.search(memory):
            self._fail(("memory",), NO_PASSWORD)
        if not memory.strip():
            self._fail(("memory",), 'memory is empty; say where threads are kept: "threads.db"')
        if memory.startswith("~") or ":/" in memory:
            return memory
        return os.path.join(os.path.dirname(self._path), memory)

    def _table(
        self, values: Any, types: Mapping[str, Any], keys: Keys, *, others: Any = None
    ) -> dict[str, Any]:
        """The values of a table: of *types* by their keys, and of *others* under all other keys."""
        if not isinstance(values, dict):
            kind = type(values).__name__  # not the value, which may be a key in the wrong place
            self._fail(keys, f"{'.'.join(keys) or 'the configuration'} must be a table, not {kind}")
        given: dict[str, Any] = {}
        for key, value in cast("dict[str, Any]", values).items():
            here = (*keys, key)
            if key in SECRETS and others is None:
                self._fail(here, NO_KEYS)
            if key not in types and others is None:
                hint = nearest(key, types) or f"known: {', '.join(types)}"
                self._fail(here, f"unknown key {'.'.join(here)!r}; {hint}")
            given[key] = self._value(value, types.get(key, others), here)
        return given

    def _value(self, value: Any, kind: Any, keys: Keys) -> Any:
        if keys[-1] in PARTS and len(keys) in (1, 3):  # of all models, or of one
            return self._part(self._table(value, PARTS[keys[-1]], keys), keys)
        if _is_struct(kind):
            return self._struct(value, kind, keys)
        if get_origin(kind) is dict and _is_struct(get_args(kind)[1]):
            return self._table(value, {}, keys, others=get_args(kind)[1])
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            what = str(error).partition(" - at")[0].replace("`", "")
            self._fail(keys, f"{'.'.join(keys)}: {what}")

    def _part(self, given: dict[str, Any], keys: Keys) -> dict[str, Any]:
        """*given* options or quirks, which are right one by one, but perhaps not in what they say."""
        try:
            if keys[-1] == "options":
                GenerateOptions(**given)
            re.compile(given.get("call_ids", ""))
        except ConfigError as error:
            self._fail(keys, f"{'.'.join(keys)}: {error}")
        except re.error as error:
            here = (*keys, "call_ids")
            self._fail(here, f"{'.'.join(here)} is no regular expression: {error}")
        self._refuse_secrets(given.get("extra", {}), (*keys, "extra"))
        return given

    def _refuse_secrets(self, given: dict[str, Any], keys: Keys) -> None:
        for name, value in given.items():
            if name.lower() in SECRETS and isinstance(value, str):
                self._fail((*keys, name), NO_KEYS)
            if isinstance(value, dict):
                self._refuse_secrets(cast("dict[str, Any]", value), (*keys, name))

    def _struct(self, value: Any, kind: type[msgspec.Struct], keys: Keys) -> Any:
        given = self._table(value, _types(kind), keys)
        for field in msgspec.structs.fields(kind):
            if field.required and field.name not in given:
                self._fail(keys, f"{'.'.join(keys)} needs {field.name} = ...")
        try:
            return kind(**given)
        except ConfigError as error:
            self._fail(keys, str(error))

    def _check_alias(self, name: str, config: Config) -> None:
        keys = ("models", name)
        if "/" in name or name == OFFLINE:
            self._fail(
                keys, f"{name!r} cannot be a name of yours; use one without /, for example main"
            )
        model = config.models[name]
        self._check_model(Config(path=self._path), model.use, (*keys, "use"))
        for other in model.fallback:
            if other == name:
                self._fail((*keys, "fallback"), f"{name!r} cannot be its own fallback")
            self._check_model(config, other, (*keys, "fallback"))

    def _check_model(self, config: Config, model: str, keys: Keys) -> None:
        try:
            config.chosen(model)
        except ConfigError as error:
            self._fail(keys, str(error))

    def _check_provider(self, name: str, provider: ProviderConfig) -> None:
        keys = ("providers", name)
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
            self._fail(keys, f"{name!r} cannot be a provider's name; use letters, digits, - and _")
        if provider.api_key_env and not re.fullmatch(
            r"[A-Za-z_][A-Za-z0-9_]*", provider.api_key_env
        ):
            text = "api_key_env must be the name of an environment variable, not the key itself"
            self._fail((*keys, "api_key_env"), text)
        if provider.api_version and "azure" not in (name, provider.wire):
            self._fail((*keys, "api_version"), 'api_version is Azure\'s; say wire = "azure", too')
        for header in provider.headers:
            if SECRET_HEADER.search(header):
                self._fail((*keys, "headers"), f"{header!r} is a key; {NO_KEYS}")
        if provider.base_url and SECRET_ADDRESS.search(provider.base_url):
            self._fail(
                (*keys, "base_url"), "a key or password does not belong in a file; use api_key_env"
            )

    def _fail(self, keys: Keys, message: str) -> NoReturn:
        raise ConfigError(f"{self._path}:{self._line((*self._root, *keys))}: {message}")

    def _line(self, keys: Keys) -> int:
        """The line that says most of *keys*: a header, or a key under one."""
        best, line = 0, 1
        table: Keys = ()
        for number, text in enumerate(self._lines, 1):
            header = HEADER.match(text)
            key = KEY.match(text)
            if header:
                table = named = _keys(header[1])
            elif key:
                named = (*table, *_keys(key[1]))
            else:
                continue
            if len(named) > best and named == keys[: len(named)]:
                best, line = len(named), number
        return line


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


NAME = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
NAMES = rf"({NAME}(?:\s*\.\s*{NAME})*)"
HEADER = re.compile(rf"\s*\[\[?\s*{NAMES}\s*\]\]?\s*(?:#|$)")
KEY = re.compile(rf"\s*{NAMES}\s*=")


def _keys(text: str) -> Keys:
    return tuple(part.strip("\"'") for part in re.findall(NAME, text))
