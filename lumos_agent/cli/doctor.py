"""`lumos doctor`: what is wrong, and the line that mends it."""

import asyncio
import os
import platform
import re
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import NamedTuple
from urllib.request import getproxies

import click

from lumos_agent.cli.probe import probe
from lumos_agent.config import MODEL, OFFLINE, Config, load_config
from lumos_agent.errors import ConfigError, ProviderError
from lumos_agent.providers import provider_for
from lumos_agent.providers.base import Provider
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.litellm import LiteLLMProvider

PACKAGES = ("lumos-agent", "openai", "litellm", "aiohttp", "pydantic")
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", None)}


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
        shown = (f"{kind} {re.sub('//[^/@]*@', '//', url)}" for kind, url in proxies.items())
        yield Finding(None, f"proxies: {', '.join(shown)}")
    try:
        config = load_config()
        yield _file(config)
        named, whence = _default(model, config)
    except ConfigError as error:
        yield _wrong(error)
        return
    for name in [named, *(other for other in config.models if not model and other != named)]:
        async for finding in _model(name, whence if name == named else "", config):
            yield finding._replace(spare=name != named)
            live = live and (finding.good is not False or name != named)
    if live:
        async for finding in _asked(named, config):
            yield finding


def _file(config: Config) -> Finding:
    if config == Config():
        return Finding(None, "no lumos.toml here; lumos init writes one")
    names = ", ".join(config.models) or "none"
    return Finding(True, f"{config.path} is right; its models: {names}")


def _default(model: str | None, config: Config) -> tuple[str, str]:
    """The model to look at first, and who says so."""
    for name, whence in (
        (model, ""),
        (os.environ.get(MODEL), f" (of {MODEL})"),
        (config.model, f" (of {config.path})"),
    ):
        if name:
            config.chosen(name)
            return name, whence
    return OFFLINE, " (nobody names a model)"


async def _model(name: str, whence: str, config: Config) -> AsyncIterator[Finding]:
    use = config.chosen(name).use
    label = f"{name}{f' = {use}' if use != name else ''}{whence}"
    try:
        provider = provider_for(name, config=config)
        for finding in await _provider(provider, label):
            yield finding
    except (ConfigError, ProviderError) as error:
        text, _, mend = str(error).partition("; ")
        yield Finding(False, f"{label}: {text}", mend)


def _wrong(error: Exception) -> Finding:
    """What our errors say: the fault, and after a semicolon the way out."""
    text, _, mend = str(error).partition("; ")
    return Finding(False, text, mend)


async def _provider(provider: Provider, label: str) -> list[Finding]:
    """How *provider* would ask, as far as it can be told without asking."""
    match provider:
        case DirectProvider():
            url, headers = await provider.target()
            key = provider.key()
            known = f"a key of {len(key)} characters" if key else "no key"
            text = f"{label}: {url}, {known}, tools {provider.endpoint.quirks.tools}"
            return [Finding(True, text), Finding(None, f"    sends {', '.join(sorted(headers))}")]
        case LiteLLMProvider():
            await provider.aopen()
            missing = provider.missing_keys()
            if missing:
                mend = " ".join(f"export {name}=..." for name in missing)
                return [Finding(False, f"{label}: LiteLLM finds no {', '.join(missing)}", mend)]
            return [Finding(True, f"{label}: through LiteLLM, tools {provider.quirks.tools}")]
        case _ if provider.model == OFFLINE:
            mend = f'set {MODEL}, or model = "openai/gpt-5" in lumos.toml'
            return [Finding(None, f"{label}: the stand-in answers, which is no model", mend)]
        case _:
            return [Finding(True, f"{label}: a provider of an installed package")]


async def _asked(name: str, config: Config) -> AsyncIterator[Finding]:
    provider = provider_for(name, config=config)
    try:
        async for good, text, mend in probe(provider, name):
            yield Finding(good, text, mend)
    finally:
        await provider.aclose()
