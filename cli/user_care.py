"""Looking after users from the command line: who there is, and helping those who are locked out."""

from typing import Annotated

import typer

from cli.company_choice import chosen_company
from cli.connected import connected
from cli.endings import Refused
from cli.surroundings import now
from db.ids import UserId
from domain.identity import second_factor, users
from domain.identity.users import UserSummary

Email = Annotated[str, typer.Argument(help="What the user signs in with.")]


def list_users(
    company: Annotated[str | None, typer.Option(help="Name or number; all by default.")] = None,
) -> None:
    """List users: e-mail, name, roles, and what keeps them from signing in."""

    async def work() -> list[UserSummary]:
        company_id = None if company is None else (await chosen_company(company)).company_id
        return await users.summaries(company_id=company_id)

    for user in connected(work):
        typer.echo("\t".join([user.email, user.name, ", ".join(_roles(user)), _notes(user)]))


def disable(email: Email) -> None:
    """Keep a user from signing in anywhere, and end all sessions."""
    _set_active(email, active=False)
    typer.echo(f"{email} cannot sign in any more.")


def enable(email: Email) -> None:
    """Let a user sign in again."""
    _set_active(email, active=True)
    typer.echo(f"{email} can sign in again.")


def reset_second_factor(email: Email) -> None:
    """Take the second factor away from a user who has lost it; the password stays."""

    async def work() -> bool:
        return await second_factor.reset(user_id=await _user(email))

    if not connected(work):
        raise Refused(f"{email} has no second factor.")
    typer.echo(f"{email} signs in with the password alone now.")


def _set_active(email: str, *, active: bool) -> None:
    async def work() -> None:
        await users.set_active(user_id=await _user(email), active=active, now=now())

    connected(work)


async def _user(email: str) -> UserId:
    found = await users.by_email(email)
    if found is None:
        raise Refused(f"There is no user {email}.")
    return found


def _roles(user: UserSummary) -> list[str]:
    of_platform = [] if user.platform_role is None else [f"platform: {user.platform_role}"]
    return [*of_platform, *user.memberships]


def _notes(user: UserSummary) -> str:
    notes = {"disabled": not user.active, "second factor": user.second_factor}
    return ", ".join(note for note, holds in notes.items() if holds)
