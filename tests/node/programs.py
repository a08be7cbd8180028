"""Programs that others wrote for Node: installed as the lock names them, and run.

They are installed once for each state of this folder, under `.cache` of the repository. Where Node
or the registry is missing, the tests that need them are skipped and say why.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent
CACHE = Path(__file__).parents[2] / ".cache"
NODE_MAJOR_MIN = 20
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0")
INSTALL_S_MAX = 60.0
RUN_S_MAX = 60.0
# How npm says that it got no answer; anything else that it says is a fault of ours.
UNREACHABLE = re.compile(
    r"\b(EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ENOTCACHED|ETIMEDOUT"
    r"|ERR_SOCKET_TIMEOUT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\b"
)


class Programs:
    """The scripts of this folder with what they import."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def run(self, script: str, *arguments: str) -> Any:
        """Run a script and return the JSON that it prints."""
        process = await asyncio.create_subprocess_exec(
            "node",
            script,
            *arguments,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(RUN_S_MAX):
                output, complaints = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, complaints.decode()
        return json.loads(output)


def installed() -> Programs:
    """Return the programs, installed; skip the test where they cannot be."""
    _require_node()
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in _sources())).hexdigest()
    folder = CACHE / f"node-{digest[:16]}"
    if not folder.is_dir():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            fresh = Path(temporary) / "fresh"
            _install(fresh)
            _put(fresh, folder)
    return Programs(folder)


def _require_node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not installed")
    version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)  # noqa: S607 - from PATH, as npm is
    if int(version.stdout.strip().removeprefix("v").partition(".")[0]) < NODE_MAJOR_MIN:
        pytest.skip(f"Node {NODE_MAJOR_MIN} or later is not installed")


def _sources() -> list[Path]:
    return sorted([*SOURCE.glob("*.json"), *SOURCE.glob("*.mjs")])


def _install(folder: Path) -> None:
    folder.mkdir()
    for file in _sources():
        shutil.copy(file, folder)
    try:
        ended = subprocess.run(  # noqa: S603 - a constant
            INSTALL,
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_S_MAX,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm's registry has not answered within {INSTALL_S_MAX:g} s")
    if ended.returncode != 0:
        if UNREACHABLE.search(ended.stdout):
            pytest.skip("npm's registry cannot be reached")
        pytest.fail(ended.stdout)


def _put(fresh: Path, folder: Path) -> None:
    try:
        fresh.rename(folder)
    except OSError:
        # Another worker of this run was quicker.
        if not os.access(folder, os.R_OK):
            raise
