"""`lumos run` with a model behind HTTP: what it answers, refuses, and breaks off."""

import json
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.conftest import Command
from tests.agent.cli.test_interrupt import interrupted, program, read_until

Answer = Callable[[BaseHTTPRequestHandler], None]
RUN = ("run", "What should I wear in Oslo?", "--tools", "weather.py", "--model", "openai/m")


def streams(*deltas: dict[str, Any], hangs: threading.Event | None = None) -> Answer:
    """An answer in pieces; with *hangs* it never ends."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        usage = {"prompt_tokens": 10, "completion_tokens": 3}
        for delta in deltas:
            chunk = {"choices": [{"delta": delta}], "usage": usage}
            request.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        if hangs:
            hangs.wait(30)
        else:
            request.wfile.write(b"data: [DONE]\n\n")

    return answer


def refuses(status: int, message: str) -> Answer:
    """An error."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.end_headers()
        request.wfile.write(json.dumps({"error": {"message": message}}).encode())

    return answer


@contextmanager
def serving(*answers: Answer) -> Generator[list[dict[str, Any]]]:
    """A server that gives *answers* in their order, and the configuration that leads to it."""
    waiting, requests = list(answers), list[dict[str, Any]]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append({"headers": dict(self.headers), **json.loads(body)})
            waiting.pop(0)(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f'base_url = "http://127.0.0.1:{server.server_port}/v1"\n'
        Path("lumos.toml").write_text(f'[providers.openai]\n{url}api_key_env = "MY_KEY"\n')
        try:
            yield requests
        finally:
            server.shutdown()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that lumos.toml names has a key."""
    monkeypatch.setenv("MY_KEY", "secret")


def wants(name: str, **arguments: object) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": "I look.", "tool_calls": [{"index": 0, "id": "1", "function": function}]}


def test_answer(lumos: Command) -> None:
    """The answer is on stdout alone; the words before a call, calls and usage are on stderr."""
    with serving(
        streams(wants("get_weather", city="Oslo")),
        streams({"content": "Wear "}, {"content": "a coat."}),
    ) as requests:
        code, out, err = lumos(*RUN, "--instructions", "Be brief.")
    call, result, words, usage = err.splitlines()
    assert (code, out) == (0, "Wear a coat.\n")
    assert (call, words) == ('→ get_weather(city="Oslo")', "I look.")
    assert result.startswith("✓ get_weather: 12 °c in Oslo (")
    assert usage.startswith("openai/m · 2 steps · 20 tokens in, 6 out · ")
    assert requests[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert requests[0]["headers"]["Authorization"] == "Bearer secret"


def test_failing_call(lumos: Command) -> None:
    """A call that the tool refuses is marked, and the run goes on."""
    answers = streams(wants("get_weather", city="Atlantis")), streams({"content": "Gills."})
    with serving(*answers):
        code, out, err = lumos(*RUN)
    assert (code, out) == (0, "Gills.\n")
    assert "✗ get_weather failed: it is under water (" in err


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, 2, "HTTP 401: no; is the key right?"),
        (404, 2, "HTTP 404: no; is the model's name right?"),
        (400, 1, "HTTP 400: no"),
        (429, 3, "HTTP 429: no"),
        (503, 3, "HTTP 503: no"),
    ],
)
def test_refused(lumos: Command, status: int, code: int, message: str) -> None:
    """What the provider refuses is one line, and the code says whether to correct or to wait."""
    with serving(refuses(status, "no")):
        with Path("lumos.toml").open("a") as file:
            file.write("[options]\nretries = 0\n")
        assert lumos(*RUN) == (code, "", f"lumos: openai/m: {message}\n")


def test_asked_again(lumos: Command) -> None:
    """A server that is busy is asked again, and a line says so."""
    with serving(refuses(503, "busy"), streams({"content": "Here."})):
        code, out, err = lumos(*RUN)
    assert (code, out) == (0, "Here.\n")
    assert "note: openai/m: HTTP 503: busy; asking again in 0." in err


def test_json_of_a_failure(lumos: Command) -> None:
    """With --json a failed run's last event says so, and stderr as well."""
    with serving(refuses(401, "no")):
        code, out, err = lumos(*RUN, "--json")
    last = json.loads(out.splitlines()[-1])
    assert (code, last["type"], last["code"]) == (2, "run_error", "authentication")
    assert err == "lumos: openai/m: HTTP 401: no; is the key right?\n"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_interrupted_stream(options: Sequence[str], folder: Path) -> None:
    """Ctrl-C in the middle of a stream ends it at once."""
    end = threading.Event()
    answers = streams(wants("get_weather", city="Oslo")), streams({"content": "W"}, hangs=end)
    with serving(*answers), program(folder, *RUN, *options) as process:
        if options:
            read_until(process.stdout, '"delta":"W"')
        else:
            read_until(process.stderr, "I look.")
        code, _, err, quick = interrupted(process)
        end.set()
    assert (code, err, quick) == (130, "lumos: interrupted\n", True)
