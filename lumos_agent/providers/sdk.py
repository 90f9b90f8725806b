"""Asks an `openai` client where it would send a request, and with which headers."""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import AsyncOpenAI


async def ask_sdk(client: "AsyncOpenAI", path: str, model: str) -> tuple[str, Mapping[str, str]]:
    """The final URL and headers of a post to *path*, as *client* settles them for *model*.

    The client makes a request which a transport of ours keeps, so nothing is sent. This is right for
    what it alone knows: organization, default headers, Azure's paths, keys from a callable.
    """
    import openai

    # openai 2 stands on httpx, openai 3 on httpx2; the client wants its own.
    httpx: Any = importlib.import_module(
        openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0]
    )
    kept: list[Any] = []

    def keep(request: Any) -> Any:
        kept.append(request)
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(keep)) as silent:
        asking = client.with_options(http_client=silent, max_retries=0)
        await asking.post(path, cast_to=httpx.Response, body={"model": model})
    left_out = ("content-length", "host", "accept-encoding", "connection")
    headers = {name: value for name, value in kept[0].headers.items() if name not in left_out}
    return str(kept[0].url), headers
