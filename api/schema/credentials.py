"""Inputs and payloads of what users do with their own passwords, second factors and sessions."""

import strawberry

from api.schema.identity import Viewer
from api.schema.user_errors import UserError


@strawberry.input(description="An invitation to accept.")
class AcceptInvitationInput:
    token: str = strawberry.field(description="Behind `#token=` in the link of the mail.")
    password: str | None = strawberry.field(
        default=None,
        description="To sign in with, for somebody new; not looked at for anybody else.",
    )


@strawberry.type(description="How accepting an invitation ended.")
class AcceptInvitationPayload:
    email: str | None = strawberry.field(description="What to sign in with now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was accepted.")


@strawberry.input(description="Whose password is forgotten.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="Where a link is mailed, if somebody has it.")


@strawberry.type(description="What asking for a new password brings: the same for everybody.")
class RequestPasswordResetPayload:
    requested: bool = strawberry.field(
        description="Always: whether somebody has the address, the mail tells."
    )
    user_errors: list[UserError] = strawberry.field(description="Always empty.")


@strawberry.input(description="A new password, by a mailed link.")
class ResetPasswordInput:
    token: str = strawberry.field(description="Behind `#token=` in the link of the mail.")
    password: str = strawberry.field(description="The new one.")


@strawberry.type(description="How choosing a new password ended.")
class ResetPasswordPayload:
    reset: bool | None = strawberry.field(
        description="Whether it counts now; all sessions have ended then."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="A new password, by the old one.")
class ChangePasswordInput:
    password: str = strawberry.field(description="The old one.")
    new_password: str = strawberry.field(description="The new one.")


@strawberry.type(description="How changing the password ended.")
class ChangePasswordPayload:
    changed: bool | None = strawberry.field(
        description="Whether it counts now; your other sessions have ended then."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="What changes of yourself; what is left out stays.")
class UpdateViewerInput:
    name: strawberry.Maybe[str] = strawberry.field(description="What you are called.")
    locale: strawberry.Maybe[str | None] = strawberry.field(
        description="The language of messages and mails, `en` or `tr`; null takes the company's."
    )


@strawberry.type(description="How changing yourself ended.")
class ViewerPayload:
    viewer: Viewer | None = strawberry.field(description="You as you are now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="The proof that it is you who sets up a second factor.")
class SetUpSecondFactorInput:
    password: str = strawberry.field(description="Your password.")


@strawberry.type(description="How setting up a second factor ended.")
class SetUpSecondFactorPayload:
    secret: str | None = strawberry.field(description="For an authenticator, in base 32.")
    uri: str | None = strawberry.field(description="The same for a QR code, as `otpauth:`.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was set up.")


@strawberry.input(description="A code of a second factor.")
class SecondFactorInput:
    code: str = strawberry.field(description="Of the authenticator, good for once.")


@strawberry.type(description="How confirming a second factor ended.")
class ConfirmSecondFactorPayload:
    recovery_codes: list[str] | None = strawberry.field(
        description="Each stands in for a code once. They are never shown again."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was confirmed.")


@strawberry.type(description="How removing a second factor ended.")
class RemoveSecondFactorPayload:
    removed: bool | None = strawberry.field(
        description="Whether the password alone signs you in now."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was removed.")


@strawberry.input(description="Whether the company's users need a second factor.")
class RequireSecondFactorInput:
    required: bool = strawberry.field(
        description="True: whoever has none may do nothing but set one up, at once."
    )


@strawberry.type(description="How requiring a second factor ended.")
class RequireSecondFactorPayload:
    required: bool | None = strawberry.field(description="Whether it is required now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How ending sessions ended.")
class EndSessionsPayload:
    ended: int | None = strawberry.field(description="How many ended; their tokens are refused.")
    user_errors: list[UserError] = strawberry.field(description="Why none ended.")
