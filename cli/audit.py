"""Proving the audit from the command line."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.embedded.apart import run_apart
from cli.endings import REFUSED, Refused
from cli.servers import Addresses, completed, servers, wait_for_database
from cli.surroundings import now, read_settings
from db import access
from db.ids import CompanyId
from db.settings import Settings, Urls
from domain.audit import verification
from domain.audit.chain import Head
from domain.audit.heads import ForgedHead, HeadSigner
from domain.audit.sealing import seal
from domain.audit.verification import Verdict

HEADS_FILE_BYTES_MAX = 10 * 1024 * 1024

commands = typer.Typer(no_args_is_help=True, help="The daily entries: who did what.")


@commands.command()
def verify(
    heads: Annotated[
        Path | None,
        typer.Option(help="What `audit heads` wrote before: a chain must still contain it."),
    ] = None,
) -> None:
    """Follow every company's chain, and fail at the first entry that was touched."""
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        known = None if heads is None else _read_heads(heads, _signer(settings, found))
        verdicts = run_apart(_verify(found.urls, known))
    _show(verdicts)
    if any(verdict.broken for verdict in verdicts):
        raise typer.Exit(REFUSED)


@commands.command()
def heads() -> None:
    """Print the signed head of every company's chain, a line each, to be kept elsewhere."""
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        signer = _signer(settings, found)
        verdicts = run_apart(_verify(found.urls, None))
    if any(verdict.broken for verdict in verdicts):
        raise Refused("A chain is broken; `wattledger audit verify` says where.")
    for verdict in verdicts:
        typer.echo(signer.sign(verdict))


@commands.command()
def key() -> None:
    """Print the public key that heads are signed with, as a JWK."""
    settings = read_settings()
    with servers(settings) as found:
        typer.echo(orjson.dumps(_signer(settings, found).public_key).decode())


def _signer(settings: Settings, found: Addresses) -> HeadSigner:
    return HeadSigner(str(completed(settings, found).token_secret))


def _read_heads(file: Path, signer: HeadSigner) -> dict[CompanyId, Head]:
    if not file.is_file() or file.stat().st_size > HEADS_FILE_BYTES_MAX:
        raise Refused(f"Expected a file of heads at {file}.")
    try:
        return dict(signer.read(line) for line in file.read_text().split())
    except (ForgedHead, UnicodeDecodeError) as error:
        raise Refused(f"{file} has a line that was not signed with this key.") from error


async def _verify(urls: Urls, known: dict[CompanyId, Head] | None) -> list[Verdict]:
    await access.connect(urls, pool_size=1)
    try:
        await seal(now=now())
        return await verification.verify(now=now(), heads=known)
    finally:
        await access.close()


def _show(verdicts: list[Verdict]) -> None:
    table = Table("Company", "Entries that hold", "Broken")
    for verdict in verdicts:
        broken = verdict.broken
        where = "" if broken is None else f"{broken.kind} at {broken.number}"
        if broken is not None and broken.entry_id is not None:
            where += f", entry {broken.entry_id}"
        table.add_row(str(verdict.company_id or "platform"), str(verdict.head.number), where)
    Console().print(table)
