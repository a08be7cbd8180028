"""API keys from the command line: making, listing, rotating, revoking."""

import json
from typing import Annotated

import typer

from cli.company_choice import chosen_company
from cli.connected import connected
from cli.durations import duration
from cli.keys.making import PLATFORM, Wanted, found_key, made, new_key
from cli.keys.show import facts_of, show_list
from cli.surroundings import now
from db.enums import Scope
from db.ids import KeyId
from domain.keys import operations, queries
from domain.keys.text import KeyText, new_secret, written

commands = typer.Typer(no_args_is_help=True, help="API keys.")

Company = Annotated[
    str | None, typer.Option(help="Name or number of the company; the only one by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")]
Which = Annotated[str, typer.Argument(help="The key's prefix, wlk_…, or its name.")]


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called; no other live key is.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
    company: Company = None,
    partner: Annotated[
        str | None, typer.Option(help="Only this partner's registered documents.")
    ] = None,
    document: Annotated[
        list[str] | None, typer.Option(help="Only this document, sha256:…; may be repeated.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Only this branch.")] = None,
    field: Annotated[str | None, typer.Option(help="Only this field.")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="Only from this network; may be repeated.")
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(help="How long it lives: 90d, say; for ever by default.")
    ] = None,
    cost_max: Annotated[int | None, typer.Option(help="What its full budget holds.")] = None,
    cost_per_s: Annotated[
        int | None, typer.Option(help="What comes back to its budget in a second.")
    ] = None,
) -> None:
    """Make a key, and print it this once."""
    wanted = Wanted(
        name=name,
        scopes=scope,
        partner=partner,
        documents=document or [],
        branch=branch,
        field=field,
        addresses=address or [],
        lifetime=None if expires_in is None else duration(expires_in),
        cost_max=cost_max,
        cost_per_s=cost_per_s,
    )
    secret, moment = new_secret(), now()

    async def work() -> KeyId:
        company_id = (await chosen_company(company)).company_id
        return await operations.create(
            company_id=company_id,
            key=await new_key(company_id, wanted, moment),
            maker=PLATFORM,
            secret=secret,
            now=moment,
        )

    typer.echo(written(KeyText(made(work), secret)))


@commands.command(name="list")
def list_(
    company: Company = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List keys, without their secrets."""

    async def work() -> list[queries.ListedKey]:
        company_id = (await chosen_company(company)).company_id
        return await queries.listed(company_id=company_id, ended=ended, now=now())

    found = connected(work)
    if as_json:
        typer.echo(json.dumps([facts_of(key) for key in found], indent=2, ensure_ascii=False))
    else:
        show_list(found)


@commands.command()
def rotate(
    which: Which,
    company: Company = None,
    overlap: Annotated[
        str | None, typer.Option(help="How long the old one goes on.", show_default="1d")
    ] = None,
) -> None:
    """Make a key like this one, which ends soon, and print the new one this once."""
    secret, moment = new_secret(), now()
    old_ends_at = None if overlap is None else moment + duration(overlap)

    async def work() -> KeyId:
        company_id = (await chosen_company(company)).company_id
        return await operations.rotate(
            company_id=company_id,
            key_id=await found_key(company_id, which),
            old_ends_at=old_ends_at,
            maker=PLATFORM,
            secret=secret,
            now=moment,
        )

    typer.echo(written(KeyText(made(work), secret)))


@commands.command()
def revoke(which: Which, company: Company = None) -> None:
    """End a key at once."""

    async def work() -> None:
        company_id = (await chosen_company(company)).company_id
        key_id = await found_key(company_id, which)
        await operations.revoke(company_id=company_id, key_id=key_id, now=now())

    connected(work)
    typer.echo(f"{which} is revoked.")
