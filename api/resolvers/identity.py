"""Who asks; signing in, going on, and signing out."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from api import auth
from api.auth import Origin, SignedIn
from api.company_ids import company_id_of
from api.context import Info
from api.mutations import said
from api.permissions.requires import in_person, public, signed_in
from api.schema.identity import (
    CompleteSignInInput,
    InvalidCredentials,
    RefreshSessionInput,
    RefreshSessionPayload,
    SecondFactorRequired,
    SessionEnded,
    SessionTokens,
    SignInInput,
    SignInPayload,
    SignOutPayload,
    Viewer,
)
from api.schema.oidc import ExchangeSignInCodeInput
from api.schema.scalars import DateTime
from api.schema.user_errors import RuleBroken, UserError
from domain import refusals
from domain.identity import sessions


@strawberry.type
class IdentityQuery:
    @strawberry.field(description="Who asks, and what that allows.", extensions=[signed_in()])
    def viewer(self, info: Info) -> Viewer | None:
        return Viewer.of(info.context.signed_in)


@strawberry.type
class IdentityMutation:
    @strawberry.mutation(
        description="Open a session; a few attempts a minute are let through.",
        extensions=[public()],
    )
    async def sign_in(
        self,
        info: Info,
        input: Annotated[SignInInput, strawberry.argument(description="Who, and the proof.")],
    ) -> SignInPayload | None:
        company_id = input.company_id
        return await _signed_in(
            info,
            info.context.equipment.auth.sign_in(
                email=input.email,
                password=input.password,
                company_id=None
                if company_id is None
                else company_id_of("input.companyId", company_id),
                origin=_origin(info),
            ),
        )

    @strawberry.mutation(
        description="Open the session that the password alone did not; each code is good for once.",
        extensions=[public()],
    )
    async def complete_sign_in(
        self,
        info: Info,
        input: Annotated[CompleteSignInInput, strawberry.argument(description="The proof.")],
    ) -> SignInPayload | None:
        signing_in = info.context.equipment.auth.complete(
            input.challenge, input.code, origin=_origin(info)
        )
        return await _signed_in(info, signing_in)

    @strawberry.mutation(
        description="Open the session of somebody who has come back from the company's provider;"
        " it is good in that company alone.",
        extensions=[public()],
    )
    async def exchange_sign_in_code(
        self,
        info: Info,
        input: Annotated[ExchangeSignInCodeInput, strawberry.argument(description="The proof.")],
    ) -> SignInPayload | None:
        return await _signed_in(
            info, info.context.equipment.auth.exchange(input.code, origin=_origin(info))
        )

    @strawberry.mutation(
        description="Exchange a refresh token for new tokens. A token that is used again was"
        " stolen: that ends its session, but for a few seconds in which two tabs may do the same.",
        extensions=[public()],
    )
    async def refresh_session(
        self,
        info: Info,
        input: Annotated[RefreshSessionInput, strawberry.argument(description="The proof.")],
    ) -> RefreshSessionPayload | None:
        try:
            tokens = await info.context.equipment.auth.refresh(
                input.refresh_token, origin=_origin(info)
            )
        except sessions.SessionEnded as refusal:
            ended = SessionEnded(**said(info, refusal))
            return RefreshSessionPayload(tokens=None, user_errors=[ended])
        return RefreshSessionPayload(tokens=SessionTokens.of(tokens), user_errors=[])

    @strawberry.mutation(description="End this session.", extensions=[in_person()])
    async def sign_out(self, info: Info) -> SignOutPayload | None:
        await info.context.equipment.auth.sign_out(info.context.signed_in.session_id)
        return SignOutPayload(signed_out=True, user_errors=[])


async def _signed_in(info: Info, signing_in: Awaitable[SignedIn]) -> SignInPayload:
    try:
        return SignInPayload(tokens=SessionTokens.of(await signing_in), user_errors=[])
    except refusals.Refused as refusal:
        return SignInPayload(tokens=None, user_errors=[_error(info, refusal)])


def _error(info: Info, refusal: refusals.Refused) -> UserError:
    facts = said(info, refusal)
    match refusal:
        case sessions.InvalidCredentials():
            return InvalidCredentials(**facts)
        case auth.SecondFactorRequired(challenge=challenge, expires_at=expires_at):
            return SecondFactorRequired(
                challenge=challenge, expires_at=DateTime(expires_at), **facts
            )
    return RuleBroken(**facts)


def _origin(info: Info) -> Origin:
    return Origin(address=info.context.address, user_agent=info.context.user_agent)
