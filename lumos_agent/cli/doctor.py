"""`lumos doctor`: what is wrong, and the line that mends it."""

import asyncio
import os
import platform
import re
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib.request import getproxies

import click

from lumos_agent.cli.probe import key_variable, probe, quirks_of
from lumos_agent.config import MODEL, OFFLINE, Config, ProviderConfig, load_config
from lumos_agent.errors import ConfigError, ProviderError
from lumos_agent.providers import provider_for
from lumos_agent.providers.base import Provider
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.litellm import LiteLLMProvider
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.providers.text_mode import unwrapped

PACKAGES = ("lumos-agent", "openai", "litellm", "aiohttp", "pydantic")
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", None)}
MEND = "correct it there; docs/reference/configuration.md has every key"
"""Where an error of the file does not say by itself what mends it."""


class Finding(NamedTuple):
    """What was looked at, and what came of it: right, wrong, or worth knowing."""

    good: bool | None
    text: str
    mend: str = ""
    spare: bool = False
    """Whether it is of a model that is not the default."""


@click.command()
@click.argument("model", required=False)
@click.option("--live", is_flag=True, help="Ask the model, too; that costs a few tokens.")
@click.pass_context
def doctor(context: click.Context, model: str | None, live: bool) -> None:
    """Say what is wrong with the configuration, and how to mend it.

    MODEL is a name of lumos.toml or provider/model; without it all of the file
    are looked at, and the default is asked. The exit code is 1 if it cannot answer.
    """
    if not asyncio.run(_examine(model, live=live)):
        context.exit(1)


async def _examine(model: str | None, *, live: bool) -> bool:
    good = True
    async for finding in _findings(model, live=live):
        mark, color = MARKS[finding.good]
        click.echo(f"{click.style(mark, fg=color)} {finding.text}")
        if finding.mend:
            click.echo(f"    {finding.mend}")
        good = good and (finding.spare or finding.good is not False)
    return good


async def _findings(model: str | None, *, live: bool) -> AsyncIterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield Finding(None, f"Python {platform.python_version()}, {packages}")
    if proxies := getproxies():
        shown = (f"{kind} {_address(url)}" for kind, url in proxies.items())
        yield Finding(None, f"proxies: {', '.join(shown)}")
    try:
        config = load_config()
        yield _file(config)
        named, whence = _default(model, config)
    except ConfigError as error:
        yield _wrong(error)
        return
    async for finding in _models(named, whence, config, alone=bool(model), live=live):
        yield _plain(finding, config)


def _address(url: str) -> str:
    """*url* without user and password."""
    return re.sub("^([^/]*://)?.*@", r"\1", url)


def _file(config: Config) -> Finding:
    if not Path(config.path).is_file():
        return Finding(None, "no lumos.toml here; lumos init writes one")
    names = ", ".join(config.models) or "none"
    return Finding(True, f"{config.path} is right; its models: {names}")


def _default(model: str | None, config: Config) -> tuple[str, str]:
    """The model to look at first, and who says so."""
    if model:
        config.chosen(model)
        return model, ""
    if named := os.environ.get(MODEL):
        try:
            config.chosen(named)
        except ConfigError as error:
            raise ConfigError(f"{MODEL}: {error}") from error
        return named, f" (of {MODEL})"
    if config.model:
        return config.model, f" (of {config.path})"
    return OFFLINE, " (nobody names a model)"


def _wrong(error: Exception, label: str = "") -> Finding:
    """What our errors say: the fault, and after a semicolon the way out."""
    text, _, mend = str(error).partition("; ")
    return Finding(False, f"{label}{text}", mend or MEND)


SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)


def _plain(finding: Finding, config: Config) -> Finding:
    """*finding* without line ends, keys and passwords, which servers like to repeat."""
    named = {one.api_key_env for one in config.providers.values()}
    values = [
        value.strip() for name, value in os.environ.items() if name in named or SECRET.search(name)
    ]
    keys = sorted((one for one in values if len(one) > 7), key=len, reverse=True)

    def plain(text: str) -> str:
        text = re.sub(r"(?<=://)([^\s/]*:\S*|[^\s/]*)@", "", " ".join(text.splitlines()))
        for key in keys:
            text = text.replace(key, "***")
        return text

    return finding._replace(text=plain(finding.text), mend=plain(finding.mend))


async def _models(
    named: str, whence: str, config: Config, *, alone: bool, live: bool
) -> AsyncIterator[Finding]:
    """What there is to say of the model *named*, and of all others of the file."""
    live = live and config.chosen(named).use != OFFLINE
    spares = [] if alone else [*config.models]
    spares += config.chosen(named).fallback
    for name in dict.fromkeys([named, *spares]):
        async for finding in _model(name, whence if name == named else "", config):
            yield finding._replace(spare=name != named)
            live = live and (finding.good is not False or name != named)
    if live:
        async for finding in _asked(named, config):
            yield finding


async def _model(name: str, whence: str, config: Config) -> AsyncIterator[Finding]:
    chosen = config.chosen(name)
    use, then = chosen.use, "".join(f", then {other}" for other in chosen.fallback)
    label = f"{name}{f' = {use}' if use != name else ''}{then}{whence}: "
    variable = config.providers.get(use.partition("/")[0], ProviderConfig()).api_key_env
    if variable and not os.environ.get(variable):
        text = f"{label}{config.path} names {variable} for its key, and that is not set"
        yield Finding(False, text, f"export {variable}=...")
        return
    try:
        for finding in await _provider(provider_for(name, config=config), label, config):
            yield finding
    except (ConfigError, ProviderError) as error:
        yield _wrong(error, label)


async def _provider(provider: Provider, label: str, config: Config) -> list[Finding]:
    """How *provider* would ask, as far as it can be told without asking."""
    match unwrapped(provider):
        case DirectProvider() as provider:
            return await _direct(provider, label, config)
        case LiteLLMProvider() as provider:
            await provider.aopen()
            missing = provider.missing_keys()
            if missing:
                mend = " ".join(f"export {name}=..." for name in missing)
                return [Finding(False, f"{label}LiteLLM finds no {', '.join(missing)}", mend)]
            return [Finding(True, f"{label}through LiteLLM, tools {provider.quirks.tools}")]
        case OfflineProvider():
            mend = f'set {MODEL}, or model = "openai/gpt-5" in lumos.toml'
            return [Finding(None, f"{label}the stand-in answers, which is no model", mend)]
        case _:
            return [Finding(True, f"{label}a provider of an installed package")]


async def _direct(provider: DirectProvider, label: str, config: Config) -> list[Finding]:
    url, headers = await provider.target()
    key = _key(headers)
    if not re.fullmatch("[!-~]*", key):
        mend = f"export {key_variable(provider, config)}=... anew"
        return [Finding(False, f"{label}its key has spaces or signs that no key has", mend)]
    known = f"a key of {len(key)} characters" if key else "no key"
    text = f"{label}{url}, {known}, tools {provider.endpoint.quirks.tools}"
    return [Finding(True, text), Finding(None, f"    sends {', '.join(sorted(headers))}")]


def _key(headers: Mapping[str, str]) -> str:
    """The key among *headers*, be it of Chat Completions, Azure or Messages; nothing if there is none."""
    sent = {name.lower(): value for name, value in headers.items()}
    bearer = sent.get("authorization", "").removeprefix("Bearer ")
    return bearer or sent.get("api-key", "") or sent.get("x-api-key", "")


async def _asked(name: str, config: Config) -> AsyncIterator[Finding]:
    provider = provider_for(name, config=config)
    quirks = quirks_of(provider)
    if quirks and quirks.tools != "text":  # what the model takes by itself is asked
        provider = unwrapped(provider)
    try:
        async for good, text, mend in probe(provider, name, config):
            yield Finding(good, text, mend)
    finally:
        await provider.aclose()
