"""The command that imports readouts from files."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import Progress

from cli.company_choice import chosen_company
from cli.embedded.apart import run_apart
from cli.endings import REFUSED
from cli.processes import GATEWAY_NOTE
from cli.replay.importer import ImportOptions
from cli.replay.readout_file import files_at
from cli.replay.report import FAILED, FileReport, show
from cli.replay.run import Replay
from cli.servers import living_note, servers, wait_for_database
from cli.surroundings import now, read_settings
from db import access
from db.settings import Settings, Urls
from domain.readings.rules import clock_zone

POOL_SIZE = 2
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not we

SpokenFor = Annotated[
    str | None,
    typer.Option(
        metavar="FLAG:SERIAL",
        help="Which collector to speak as; one that stands for imports by default. The gateway"
        " hangs up on the real one meanwhile.",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="When files were read that do not say: ISO 8601."),
]
Zone = Annotated[
    str | None,
    typer.Option(help="The zone of the meters' clocks, such as +03:00; the company's else."),
]


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="Files of one readout each, or folders of them.")
    ],
    company: Annotated[
        str | None, typer.Option(help="Name or number; the only one by default.")
    ] = None,
    collector: SpokenFor = None,
    token: Annotated[
        str | None, typer.Option(help="Its token; better in a file.", show_default=False)
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="A file with its token.")] = None,
    create_meters: Annotated[
        bool,
        typer.Option("--create-meters", help="Make meters that nobody knows, and a collector."),
    ] = False,
    field: Annotated[
        str | None, typer.Option(help="Where the collector for imports is made; any by default.")
    ] = None,
    serial: Annotated[str | None, typer.Option(help="The meter of files without one.")] = None,
    at: Time = None,
    zone: Zone = None,
    gateway: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where the gateway listens.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for each group to be processed.")
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")] = False,
) -> None:
    """Import readouts (IEC 62056-21, DSMR) from files, as a collector would deliver them.

    Says of each file what was stored, held, skipped or refused, and why; fails if one was refused.
    """
    settings = read_settings()
    files = files_at(paths)
    options = ImportOptions(
        collector=None if collector is None else _pair(collector, "--collector"),
        token=token_file.read_text().strip() if token_file else token,
        may_create=create_meters,
        field=field,
        home=settings.home,
    )
    host, port = _gateway_address(gateway, settings)
    console = Console()
    with (
        servers(settings) as found,
        Progress(
            console=Console(stderr=True), transient=True, disable=not console.is_terminal
        ) as progress,
    ):
        wait_for_database(found.urls)
        task = progress.add_task("Delivering", total=len(files))
        prepared = partial(
            Replay,
            options=options,
            host=host,
            port=port,
            clock=now,
            serial=serial,
            at=_time(at),
            zone=_zone(zone),
            patience_s=patience,
            told=lambda: progress.advance(task),
        )
        reports = run_apart(_replay(found.urls, prepared, company, files))
    _print(console, reports, as_json=as_json)
    if any(report.end in FAILED for report in reports):
        raise typer.Exit(REFUSED)


async def _replay(
    urls: Urls, prepared: Callable[..., Replay], company: str | None, files: list[Path]
) -> list[FileReport]:
    await access.connect(urls, pool_size=POOL_SIZE)
    try:
        return await prepared(company=await chosen_company(company)).run(files)
    finally:
        await access.close()


def _print(console: Console, reports: list[FileReport], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([report.facts() for report in reports], indent=2))
    else:
        show(console, reports)


def _gateway_address(given: str | None, settings: Settings) -> tuple[str, int]:
    """Return where the gateway is: as told, else where one of this home listens."""
    if given is not None:
        host, port = _pair(given, "--gateway")
        if not port.isdecimal():
            raise typer.BadParameter(f"expected HOST:PORT, got {given!r}", param_hint="--gateway")
        return host.strip("[]"), int(port)
    note = living_note(settings.home / GATEWAY_NOTE)
    if note is not None:
        return ANY_ADDRESS.get(note["host"], note["host"]), note["port"]
    return ANY_ADDRESS.get(settings.gateway_host, settings.gateway_host), settings.gateway_port


def _pair(text: str, option: str) -> tuple[str, str]:
    left, colon, right = text.rpartition(":")
    if not (left and colon and right):
        raise typer.BadParameter(f"expected two parts and a colon, got {text!r}", param_hint=option)
    return left, right


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"expected a time such as 2026-03-18T12:00+03:00, got {text!r}", param_hint="--at"
        ) from error


def _zone(text: str | None) -> str | None:
    """Return the rule if it is one."""
    if text is not None:
        try:
            clock_zone(text)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise typer.BadParameter(
                f"expected an IANA zone or an offset such as +03:00, got {text!r}",
                param_hint="--zone",
            ) from error
    return text
