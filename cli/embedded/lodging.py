"""Where a server's data stands, and whom it runs as there.

Usually that is the server's home and ourselves. Root lends an account, which may not be able to
enter the home (below /root, say); we never open other people's folders to it, but take a stand-in
below the temporary folder.
"""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.accounts import Account, OutOfReach, account_for

PASSABLE = 0o711  # others may pass through, not look around


@dataclass(frozen=True, slots=True)
class Lodging:
    """A folder that the server's account can enter; `account` is None for ourselves."""

    place: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.place / "server.log"


def lodging_for(home: Path) -> Lodging:
    """Return where the server of `home` lives; the same at every start.

    home: exists, and belongs to this server alone.

    :raises OutOfReach: no folder can be used; the message says what to do
    """
    elsewhere = stand_in(home)
    account = account_for(Lodging(home, None).data, Lodging(elsewhere, None).data)
    if account is None:
        return Lodging(home, None)
    home.chmod(PASSABLE)
    if account.enters(home):
        return Lodging(home, account)
    _claim(elsewhere)
    if account.enters(elsewhere):
        return Lodging(elsewhere, account)
    raise OutOfReach(
        f"PostgreSQL runs as {account.name}, who can enter neither {home} nor {elsewhere}: set "
        "WATTLEDGER_HOME to a folder whose parents everyone may enter (/var/lib/wattledger, say), "
        "or run this as an ordinary user."
    )


def stand_in(home: Path) -> Path:
    """Return the folder that is used where an account cannot enter `home`."""
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"wattledger-{name}"


def _claim(place: Path) -> None:
    """Make the folder, or take it if it is ours: anybody may write in the temporary folder."""
    place.mkdir(mode=PASSABLE, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OutOfReach(f"{place} is somebody else's: remove it, or set WATTLEDGER_HOME.")
    place.chmod(PASSABLE)
