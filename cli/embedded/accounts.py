"""Whom a server runs as.

PostgreSQL refuses to run as root; root therefore lends it an account of the system. No account is
added to the system for it.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ACCOUNTS = ("postgres", "nobody")


class OutOfReach(Exception):
    """Root has no account for a server, or the account cannot use the folders that it needs."""


class Credentials(TypedDict, total=False):
    """What `subprocess` needs to run a program as somebody else; empty for ourselves."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account that root lends to a server."""

    name: str
    uid: int
    gid: int

    def enters(self, folder: Path) -> bool:
        """Return whether the account can work in `folder`; tried, since modes are not all."""
        return _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], self)

    def runs(self, program: Path) -> bool:
        """Return whether the account can execute `program`."""
        return _succeeds([str(program), "--version"], self)

    def give(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)


def account_for(*data_folders: Path) -> Account | None:
    """Return whom the server runs as; None for ourselves, when we are not root.

    data_folders: where data of an earlier start may stand; their owner goes on owning them.

    :raises OutOfReach: there is no account to lend
    """
    if os.geteuid() != 0:
        return None
    for folder in data_folders:
        if folder.exists() and (found := folder.stat()).st_uid != 0:
            return Account(name=f"uid {found.st_uid}", uid=found.st_uid, gid=found.st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return Account(name=name, uid=known[name].pw_uid, gid=known[name].pw_gid)
    raise OutOfReach(
        f"PostgreSQL refuses to run as root, and there is no account {' or '.join(ACCOUNTS)}: "
        "run this as an ordinary user."
    )


def credentials(account: Account | None) -> Credentials:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _succeeds(command: list[str], account: Account) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 -- our own commands
            command,
            check=False,
            capture_output=True,
            cwd="/",
            env={"PATH": os.defpath},
            **credentials(account),
        )
    except OSError:
        return False
    return done.returncode == 0
