"""A launcher that is killed before it can stop its server."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, pathlib, signal, sys
from importlib import import_module
module, kind, home = sys.argv[1:]
getattr(import_module(module), kind)(pathlib.Path(home)).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def leave_behind(kind: type, home: Path) -> None:
    """Start a server of `kind` from a process that is killed then; the server goes on."""
    command = [sys.executable, "-c", PROGRAM, kind.__module__, kind.__name__, str(home)]
    done = subprocess.run(command, check=False, timeout=60)  # noqa: S603 -- ourselves
    assert done.returncode == -signal.SIGKILL
