"""Running our commands as somebody at a terminal does.

Each runs in a process of its own, which is forked from one that has read our code already: reading
it takes a second, and nothing that a command does depends on when it was read.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from cli.main import app
from db.settings import Urls
from tests.cli.demo_run import PATIENCE_S

FORKED = get_context("forkserver")
FORKED.set_forkserver_preload(["cli.main", "api.contract.files", "tests.cli.command_line"])
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def run(env: Mapping[str, str], *arguments: str, said: str = "") -> Ended:
    """Run a command until it ends. env: all that it sees. said: what it is told at its terminal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stdin").write_text(said)
        process = FORKED.Process(target=_be_the_command, args=(folder, dict(env), arguments))
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(" ".join(arguments))
        said_by_it = [(folder / stream).read_text() for stream in STREAMS[1:]]
        return Ended(process.exitcode, *said_by_it)


def _be_the_command(folder: Path, env: Mapping[str, str], arguments: tuple[str, ...]) -> None:
    os.environ.clear()
    os.environ.update(env)
    for number, stream in enumerate(STREAMS):
        mode = os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY
        os.dup2(os.open(folder / stream, mode), number)
    sys.stdin = os.fdopen(0)
    sys.argv = ["wattledger", *arguments]
    app()


def database_settings(database: Urls) -> dict[str, str]:
    """Return the environment that names a database."""
    return {
        "DATABASE_URL": database.owner,
        "DATABASE_APP_URL": database.app,
        "DATABASE_SYSTEM_URL": database.system,
    }
