"""Founding companies from the command line, and listing them."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.embedded.apart import run_apart
from cli.endings import Refused
from cli.servers import servers, wait_for_database
from cli.surroundings import now, read_settings
from cli.users import NewUser, asked_password, create_user
from db import access
from db.enums import Role
from db.ids import CompanyId
from db.settings import Urls
from domain.companies import operations, queries
from domain.companies.queries import CompanyName
from domain.identity.passwords import Passwords
from domain.refusals import InvalidValue

commands = typer.Typer(no_args_is_help=True, help="Companies.")


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    currency: Annotated[str, typer.Option(help="Of all its money, by ISO 4217.")],
    time_zone: Annotated[str, typer.Option(help="Whose days count, such as Europe/Istanbul.")],
    locale: Annotated[str, typer.Option(help="The language that it speaks.")] = "en",
    administrator: Annotated[
        str | None, typer.Option(help="E-mail of its first user; the password is asked for.")
    ] = None,
) -> None:
    """Found a company, with its first user if one is named."""
    password = None if administrator is None else asked_password()
    with servers(read_settings()) as found:
        wait_for_database(found.urls)
        company_id = run_apart(_found(found.urls, name, currency, time_zone, locale))
        typer.echo(f"{name} is company {company_id}.")
        if administrator is not None and password is not None:
            user = NewUser(
                email=administrator,
                name=administrator.partition("@")[0],
                password=password,
                role=Role.ADMINISTRATOR,
                company=str(company_id),
            )
            run_apart(_add_user(found.urls, user))
            typer.echo(f"{administrator} can sign in as its administrator.")


@commands.command(name="list")
def list_all() -> None:
    """List the companies that are let in, by name."""
    with servers(read_settings()) as found:
        wait_for_database(found.urls)
        companies = run_apart(_all(found.urls))
    table = Table("Number", "Name", "Time zone")
    for company in companies:
        table.add_row(str(company.company_id), company.name, company.time_zone)
    Console().print(table)


async def _found(urls: Urls, name: str, currency: str, time_zone: str, locale: str) -> CompanyId:
    await access.connect(urls, pool_size=1)
    try:
        return await operations.create(
            name=name, currency=currency, time_zone=time_zone, locale=locale, now=now()
        )
    except InvalidValue as invalid:
        what, expected = invalid.path[0], invalid.facts["expected"]
        raise Refused(f"The {what.replace('_', ' ')} is not valid; expected: {expected}.") from None
    finally:
        await access.close()


async def _add_user(urls: Urls, user: NewUser) -> None:
    await access.connect(urls, pool_size=1)
    passwords = Passwords()
    try:
        await create_user(user, passwords=passwords)
    finally:
        passwords.close()
        await access.close()


async def _all(urls: Urls) -> list[CompanyName]:
    await access.connect(urls, pool_size=1)
    try:
        return await queries.companies()
    finally:
        await access.close()
