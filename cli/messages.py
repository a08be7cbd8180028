"""Commands on messages: what mail servers report of those that were sent."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from cli.embedded.apart import run_apart
from cli.endings import Refused
from cli.servers import completed, servers, wait_for_database
from cli.surroundings import now, read_settings
from db import access
from db.settings import Urls
from domain.identity.keys import Keys
from domain.messages import returns
from domain.messages.reports import REPORT_BYTES_MAX, DeliveryReport, NotAReport, reports_in

commands = typer.Typer(no_args_is_help=True, help="What becomes of messages.")


@commands.callback()
def _messages() -> None:
    """Keep the command a word of its own."""


@commands.command()
def take_report(
    file: Annotated[
        Path | None, typer.Argument(help="The report, as it came; standard input by default.")
    ] = None,
) -> None:
    """Keep what a mail server reports of a message: a delivery status notification (RFC 3464).

    Let the mailbox that messages come from pipe its mail to it. What is no report about a message
    of ours is refused and changes nothing; a report may come twice.
    """
    try:
        reports = reports_in(_read(file))
    except NotAReport as error:
        raise Refused(f"This is no report about a message of ours: {error}.") from error
    settings = read_settings()
    with servers(settings) as found:
        wait_for_database(found.urls)
        keys = Keys(str(completed(settings, found).token_secret))
        for line in run_apart(_note_all(reports, keys, found.urls)):
            typer.echo(line)


async def _note_all(reports: list[DeliveryReport], keys: Keys, urls: Urls) -> list[str]:
    await access.connect(urls, pool_size=1)
    try:
        return [await _note(report, keys) for report in reports]
    finally:
        await access.close()


async def _note(report: DeliveryReport, keys: Keys) -> str:
    state = await returns.note(report, keys=keys, now=now())
    if state is None:
        raise Refused("This is about no message of ours.")
    return f"Message {report.letter_id.rpartition('.')[0]}: {report.action}, now {state}."


def _read(file: Path | None) -> bytes:
    stream: BinaryIO
    if file is None:
        return sys.stdin.buffer.read(REPORT_BYTES_MAX + 1)
    with file.open("rb") as stream:
        return stream.read(REPORT_BYTES_MAX + 1)
