"""Making users from the command line: the first ones, above all."""

import secrets
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import asyncpg
import typer

from cli import user_care
from cli.company_choice import chosen_company
from cli.embedded.apart import run_apart
from cli.endings import Refused
from cli.servers import servers, wait_for_database
from cli.surroundings import now, read_settings
from db import access
from db.enums import Role
from db.ids import BranchId, CompanyId, FieldId, SubscriberId, UserId
from db.settings import Urls
from domain.hierarchy import by_name
from domain.identity import operations
from domain.identity.passwords import PASSWORD_CHARACTERS_MIN, Passwords, PasswordTooWeak

GENERATED_BYTES = 15

commands = typer.Typer(no_args_is_help=True, help="Users.")
commands.command("list")(user_care.list_users)
commands.command()(user_care.disable)
commands.command()(user_care.enable)
commands.command()(user_care.reset_second_factor)


class RoleName(StrEnum):
    """The roles, as they are typed."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    PARTNER = "partner"
    SUBSCRIBER = "subscriber"
    DEVELOPER = "developer"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to make. branch, field, subscriber: what the role is confined to, as people say it."""

    email: str
    name: str
    password: str
    role: Role
    company: str | None = None
    branch: str | None = None
    field: str | None = None
    subscriber: str | None = None


@commands.command()
def create(
    email: Annotated[str, typer.Argument(help="What the user signs in with.")],
    role: Annotated[RoleName, typer.Option(help="developer: staff of the platform.")],
    name: Annotated[str, typer.Option(help="What the user is called.")] = "",
    company: Annotated[
        str | None, typer.Option(help="Name or number; the only one by default.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="Only this branch.")] = None,
    field: Annotated[str | None, typer.Option(help="Only this field.")] = None,
    subscriber: Annotated[
        str | None, typer.Option(help="Reference of the subscriber; a subscriber's role needs it.")
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password and print it.")
    ] = False,
) -> None:
    """Create a user. The password is asked for, or read from standard input."""
    settings = read_settings()
    user = NewUser(
        email=email,
        name=name or email.partition("@")[0],
        password=secrets.token_urlsafe(GENERATED_BYTES) if generate else asked_password(),
        role=Role[role.name],
        company=company,
        branch=branch,
        field=field,
        subscriber=subscriber,
    )
    with servers(settings) as found:
        wait_for_database(found.urls)
        run_apart(_create(found.urls, user))
    typer.echo(f"{email} can sign in as {role}.")
    if generate:
        typer.echo(f"Password: {user.password}")


def asked_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    prompt = f"Password, {PASSWORD_CHARACTERS_MIN} characters or more"
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))


async def _create(urls: Urls, user: NewUser) -> None:
    await access.connect(urls, pool_size=1)
    passwords = Passwords()
    try:
        await create_user(user, passwords=passwords)
    finally:
        passwords.close()
        await access.close()


async def create_user(user: NewUser, *, passwords: Passwords) -> UserId:
    """Make a user and the one membership; what is confined to is looked up first.

    :raises Refused: nothing was made
    """
    place = None if user.role is Role.DEVELOPER else await _place_of(user)
    try:
        user_id = await operations.create_user(
            email=user.email,
            name=user.name,
            password=user.password,
            passwords=passwords,
            now=now(),
            platform_role=Role.DEVELOPER if user.role is Role.DEVELOPER else None,
        )
    except PasswordTooWeak as error:
        expected = f"{PASSWORD_CHARACTERS_MIN} characters or more"
        raise Refused(f"The password is too weak: expected {expected}.") from error
    except asyncpg.UniqueViolationError as error:
        raise Refused(f"There is a user {user.email} already.") from error
    if place is not None:
        await operations.add_membership(
            company_id=place.company_id,
            user_id=user_id,
            role=user.role,
            branch_id=place.branch_id,
            field_id=place.field_id,
            subscriber_id=place.subscriber_id,
        )
    return user_id


@dataclass(frozen=True, slots=True)
class _Place:
    company_id: CompanyId
    branch_id: BranchId | None
    field_id: FieldId | None
    subscriber_id: SubscriberId | None


async def _place_of(user: NewUser) -> _Place:
    if (user.role is Role.SUBSCRIBER) != (user.subscriber is not None):
        raise Refused("A subscriber's role, and no other, needs --subscriber.")
    if sum(part is not None for part in (user.branch, user.field, user.subscriber)) > 1:
        raise Refused("Name one of --branch, --field and --subscriber.")
    company_id = (await chosen_company(user.company)).company_id
    branch_id = field_id = subscriber_id = None
    if user.branch is not None:
        branch_id = await by_name.branch(company_id=company_id, name=user.branch)
    if user.field is not None:
        field_id = await by_name.field(company_id=company_id, name=user.field)
    if user.subscriber is not None:
        subscriber_id = await by_name.subscriber(company_id=company_id, reference=user.subscriber)
    place = _Place(company_id, branch_id, field_id, subscriber_id)
    wanted = user.branch or user.field or user.subscriber
    if wanted is not None and not (branch_id or field_id or subscriber_id):
        raise Refused(f"The company has no {wanted}.")
    return place
