"""Who is signed in, and the inputs and payloads of signing in and out."""

import strawberry

from api import auth
from api.caller import Caller
from api.context import Info
from api.global_ids import encode
from api.schema.scalars import DateTime, TimeZone
from api.schema.user_errors import UserError
from db.enums import Role, Scope
from domain.identity import queries, sessions
from domain.identity.queries import MEMBERSHIPS_MAX
from domain.identity.sessions import SESSIONS_MAX

EMAIL_CHARACTERS_MAX = 320


@strawberry.type(description="No active user has this e-mail and password.")
class InvalidCredentials(UserError):
    pass


@strawberry.type(description="The session has ended, or its token was used before.")
class SessionEnded(UserError):
    pass


@strawberry.type(description="The password is right, but signing in takes a code as well.")
class SecondFactorRequired(UserError):
    challenge: str = strawberry.field(description="For `completeSignIn`, with the code.")
    expires_at: DateTime = strawberry.field(description="Until when it is good.")


@strawberry.type(description="A company that you may act in.")
class Membership:
    company_id: strawberry.ID = strawberry.field(
        description=f"Its id; requests name it in the header `{auth.COMPANY_HEADER}`."
    )
    company_name: str = strawberry.field(description="What it is called.")
    role: Role | None = strawberry.field(
        description="What you are there; null for a role of the company's own."
    )
    role_name: str = strawberry.field(description="What the role is called, whoever defined it.")
    current: bool = strawberry.field(description="Whether this request acts in it.")


@strawberry.type(description="A device that somebody is signed in on.")
class Session:
    id: strawberry.ID = strawberry.field(description="For `endSession`.")
    created_at: DateTime = strawberry.field(description="When somebody signed in.")
    last_used_at: DateTime = strawberry.field(description="When new tokens were taken last.")
    address: str | None = strawberry.field(description="From where, then.")
    user_agent: str | None = strawberry.field(description="With what, as it called itself then.")
    current: bool = strawberry.field(description="Whether this request belongs to it.")


@strawberry.type(description="Who asks.")
class Viewer:
    caller: strawberry.Private[Caller]
    user_id: strawberry.ID | None = strawberry.field(
        description="The user's id; null where an API key asks."
    )
    name: str = strawberry.field(description="What the user, or the API key, is called.")
    email: str | None = strawberry.field(
        description="What the user signs in with; null where an API key asks."
    )
    role: Role | None = strawberry.field(
        description="What the user is in the company; null when acting in none, and for a role of"
        " the company's own."
    )
    role_name: str | None = strawberry.field(
        description="What the role is called, whoever defined it; null when acting in none."
    )
    scopes: list[Scope] = strawberry.field(description="What the user may do there.")
    locale: str = strawberry.field(
        description="The language of messages: the one that the request asks for, or the user's"
        " own, or the company's."
    )
    time_zone: TimeZone = strawberry.field(description="The company's time zone.")
    session_expires_at: DateTime = strawberry.field(description="Until when the token is good.")
    second_factor_enabled: bool = strawberry.field(
        description="Whether signing in takes a code as well."
    )
    second_factor_missing: bool = strawberry.field(
        description="Whether the company wants a second factor, and allows nothing until it is"
        " there."
    )

    @classmethod
    def of(cls, caller: Caller) -> "Viewer":
        return cls(
            caller=caller,
            user_id=None if caller.key else strawberry.ID(encode("User", caller.user_id)),
            name=caller.name,
            email=caller.email or None,
            role=caller.role,
            role_name=caller.role_name,
            scopes=sorted(caller.scopes, key=lambda scope: scope.name),
            locale=caller.locale,
            time_zone=TimeZone(caller.time_zone),
            session_expires_at=DateTime(caller.expires_at),
            second_factor_enabled=caller.has_second_factor,
            second_factor_missing=caller.needs_second_factor,
        )

    @strawberry.field(description="The API key that asks; null where a user does.")
    def api_key_id(self) -> strawberry.ID | None:
        key = self.caller.key
        return None if key is None else strawberry.ID(encode("ApiKey", key.id))

    @strawberry.field(
        description=f"Where the user may act, by name; the first {MEMBERSHIPS_MAX}."
        " For staff of the platform that is any company."
    )
    async def memberships(self) -> list[Membership]:
        return [
            Membership(
                company_id=strawberry.ID(encode("Company", membership.company_id)),
                company_name=membership.company_name,
                role=membership.role,
                role_name=membership.role_name,
                current=membership.company_id == self.caller.company_id,
            )
            for membership in await queries.memberships(user_id=self.caller.user_id)
        ]

    @strawberry.field(
        description=f"Where the user is signed in, the last used first; the first {SESSIONS_MAX}."
    )
    async def sessions(self, info: Info) -> list[Session]:
        return [
            Session(
                id=strawberry.ID(encode("Session", row["id"])),
                created_at=DateTime(row["created_at"]),
                last_used_at=DateTime(row["last_used_at"] or row["created_at"]),
                address=row["address"],
                user_agent=row["user_agent"],
                current=row["id"] == self.caller.session_id,
            )
            for row in await sessions.live(user_id=self.caller.user_id, now=info.context.clock())
        ]


@strawberry.input(description="How to sign in.")
class SignInInput:
    email: str = strawberry.field(description="In any case.")
    password: str = strawberry.field(description="As it was chosen.")
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where to act unless told otherwise; your first by default."
    )


@strawberry.input(description="The second half of signing in.")
class CompleteSignInInput:
    challenge: str = strawberry.field(description="What `signIn` answered with.")
    code: str = strawberry.field(description="Of the authenticator, or a recovery code.")


@strawberry.input(description="How to go on.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The newest one; each is good for one use.")


@strawberry.type(description="The tokens of a session.")
class SessionTokens:
    access_token: str = strawberry.field(
        description="For the header `Authorization: Bearer`, and the socket's `connection_init`."
    )
    access_token_expires_at: DateTime = strawberry.field(description="Until when it is good.")
    refresh_token: str = strawberry.field(description="For `refreshSession`, once.")
    refresh_token_expires_at: DateTime = strawberry.field(description="Until when it is good.")

    @classmethod
    def of(cls, signed_in: auth.SignedIn) -> "SessionTokens":
        return cls(
            access_token=signed_in.access_token,
            access_token_expires_at=DateTime(signed_in.access_token_expires_at),
            refresh_token=signed_in.refresh_token,
            refresh_token_expires_at=DateTime(signed_in.refresh_token_expires_at),
        )


@strawberry.type(description="How signing in ended.")
class SignInPayload:
    tokens: SessionTokens | None = strawberry.field(description="Null when nothing was opened.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was opened.")


@strawberry.type(description="How going on ended.")
class RefreshSessionPayload:
    tokens: SessionTokens | None = strawberry.field(description="Null when the session has ended.")
    user_errors: list[UserError] = strawberry.field(description="Why it did not go on.")


@strawberry.type(description="How signing out ended.")
class SignOutPayload:
    signed_out: bool = strawberry.field(description="Always: its tokens are refused from now on.")
    user_errors: list[UserError] = strawberry.field(description="Always empty.")
