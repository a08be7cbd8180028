"""Who asks; signing in, going on, and signing out."""

from typing import Annotated

import strawberry

from api.auth import company_id_of
from api.context import Info
from api.permissions.requires import public, signed_in
from api.schema.identity import (
    InvalidCredentials,
    RefreshSessionInput,
    RefreshSessionPayload,
    SessionEnded,
    SessionTokens,
    SignInInput,
    SignInPayload,
    SignOutPayload,
    Viewer,
)
from domain.identity import operations


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
        try:
            tokens = await info.context.auth.sign_in(
                email=input.email,
                password=input.password,
                company_id=None if company_id is None else company_id_of("companyId", company_id),
                address=info.context.address,
            )
        except operations.InvalidCredentials:
            refused = InvalidCredentials(
                message="The e-mail or the password is wrong.",
                path=["input"],
                code="INVALID_CREDENTIALS",
                params=[],
            )
            return SignInPayload(tokens=None, user_errors=[refused])
        return SignInPayload(tokens=SessionTokens.of(tokens), user_errors=[])

    @strawberry.mutation(
        description="Exchange a refresh token for new tokens. A token that is used twice was"
        " stolen: that ends its session.",
        extensions=[public()],
    )
    async def refresh_session(
        self,
        info: Info,
        input: Annotated[RefreshSessionInput, strawberry.argument(description="The proof.")],
    ) -> RefreshSessionPayload | None:
        try:
            tokens = await info.context.auth.refresh(
                input.refresh_token, address=info.context.address
            )
        except operations.SessionEnded:
            refused = SessionEnded(
                message="The session has ended; sign in again.",
                path=["input", "refreshToken"],
                code="SESSION_ENDED",
                params=[],
            )
            return RefreshSessionPayload(tokens=None, user_errors=[refused])
        return RefreshSessionPayload(tokens=SessionTokens.of(tokens), user_errors=[])

    @strawberry.mutation(description="End this session.", extensions=[signed_in()])
    async def sign_out(self, info: Info) -> SignOutPayload | None:
        await info.context.auth.sign_out(info.context.signed_in.session_id)
        return SignOutPayload(signed_out=True, user_errors=[])
