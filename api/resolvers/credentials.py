"""What users do with their own passwords and second factors, and with mailed links."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import attempted, changes_of, check_whole_company
from api.permissions.requires import in_person, public, requires
from api.schema.credentials import (
    AcceptInvitationInput,
    AcceptInvitationPayload,
    ChangePasswordInput,
    ChangePasswordPayload,
    ConfirmSecondFactorPayload,
    RemoveSecondFactorPayload,
    RequestPasswordResetInput,
    RequestPasswordResetPayload,
    RequireSecondFactorInput,
    RequireSecondFactorPayload,
    ResetPasswordInput,
    ResetPasswordPayload,
    SecondFactorInput,
    SetUpSecondFactorInput,
    SetUpSecondFactorPayload,
    UpdateViewerInput,
    ViewerPayload,
)
from api.schema.identity import Viewer
from db.enums import Scope
from domain.identity import credentials, invitations, second_factor, users

Accepted = Annotated[AcceptInvitationInput, strawberry.argument(description="The proof.")]
Forgotten = Annotated[RequestPasswordResetInput, strawberry.argument(description="Whose.")]
Reset = Annotated[ResetPasswordInput, strawberry.argument(description="The proof.")]
Changed = Annotated[ChangePasswordInput, strawberry.argument(description="The old and the new.")]
Updated = Annotated[UpdateViewerInput, strawberry.argument(description="What changes.")]
Owner = Annotated[SetUpSecondFactorInput, strawberry.argument(description="The proof.")]
Code = Annotated[SecondFactorInput, strawberry.argument(description="The proof.")]
Required = Annotated[RequireSecondFactorInput, strawberry.argument(description="Whether.")]


@strawberry.type
class LinkMutation:
    @strawberry.mutation(description="Join a company by the link of a mail.", extensions=[public()])
    async def accept_invitation(
        self, info: Info, input: Accepted
    ) -> AcceptInvitationPayload | None:
        auth = info.context.equipment.auth
        await auth.attempts.link(info.context.address)
        operation = invitations.accept(
            token=input.token,
            password=input.password,
            passwords=auth.passwords,
            now=info.context.clock(),
        )
        accepted, errors = await attempted(info, operation)
        email = None if accepted is None else accepted.email
        return AcceptInvitationPayload(email=email, user_errors=errors)

    @strawberry.mutation(
        description="Have a link mailed for choosing a new password. The answer is the same whether"
        " or not anybody has the address.",
        extensions=[public()],
    )
    async def request_password_reset(
        self, info: Info, input: Forgotten
    ) -> RequestPasswordResetPayload | None:
        auth = info.context.equipment.auth
        await auth.attempts.reset(email=input.email, address=info.context.address)
        await credentials.request_reset(
            email=input.email,
            keys=auth.keys,
            locale=info.context.locale,
            now=info.context.clock(),
        )
        return RequestPasswordResetPayload(requested=True, user_errors=[])

    @strawberry.mutation(
        description="Choose a new password by the link of a mail, which is good for one; all"
        " sessions end.",
        extensions=[public()],
    )
    async def reset_password(self, info: Info, input: Reset) -> ResetPasswordPayload | None:
        auth = info.context.equipment.auth
        await auth.attempts.link(info.context.address)
        operation = credentials.reset_password(
            token=input.token,
            password=input.password,
            passwords=auth.passwords,
            locale=info.context.locale,
            now=info.context.clock(),
        )
        _, errors = await attempted(info, operation)
        return ResetPasswordPayload(reset=None if errors else True, user_errors=errors)


@strawberry.type
class CredentialMutation:
    @strawberry.mutation(
        description="Change your password; your other sessions end.", extensions=[in_person()]
    )
    async def change_password(self, info: Info, input: Changed) -> ChangePasswordPayload | None:
        auth, caller = info.context.equipment.auth, info.context.signed_in
        await auth.attempts.password(caller.user_id)
        operation = credentials.change_password(
            user_id=caller.user_id,
            session_id=caller.session_id,
            password=input.password,
            new_password=input.new_password,
            passwords=auth.passwords,
            locale=info.context.locale,
            now=info.context.clock(),
        )
        _, errors = await attempted(info, operation)
        return ChangePasswordPayload(changed=None if errors else True, user_errors=errors)

    @strawberry.mutation(
        description="Change what you are called, and your language.", extensions=[in_person()]
    )
    async def update_viewer(self, info: Info, input: Updated) -> ViewerPayload | None:
        caller = info.context.signed_in
        operation = users.update_own(user_id=caller.user_id, changes=changes_of(input))
        _, errors = await attempted(info, operation)
        renewed = (
            None
            if errors
            else await info.context.equipment.auth.renewed(caller, language=info.context.language)
        )
        return ViewerPayload(
            viewer=None if renewed is None else Viewer.of(renewed), user_errors=errors
        )

    @strawberry.mutation(
        description="Set up a second factor, which counts once `confirmSecondFactor` has seen a"
        " code of it.",
        extensions=[in_person()],
    )
    async def set_up_second_factor(
        self, info: Info, input: Owner
    ) -> SetUpSecondFactorPayload | None:
        auth, caller = info.context.equipment.auth, info.context.signed_in
        await auth.attempts.password(caller.user_id)
        proof = credentials.check_password(
            user_id=caller.user_id, password=input.password, passwords=auth.passwords
        )
        _, errors = await attempted(info, proof)
        if errors:
            return SetUpSecondFactorPayload(secret=None, uri=None, user_errors=errors)
        operation = second_factor.set_up(
            user_id=caller.user_id, email=caller.email, keys=auth.keys, now=info.context.clock()
        )
        made, errors = await attempted(info, operation)
        return SetUpSecondFactorPayload(
            secret=None if made is None else made.secret,
            uri=None if made is None else made.uri,
            user_errors=errors,
        )

    @strawberry.mutation(
        description="Take the second factor into use: from now on signing in takes a code as well.",
        extensions=[in_person()],
    )
    async def confirm_second_factor(
        self, info: Info, input: Code
    ) -> ConfirmSecondFactorPayload | None:
        auth, caller = info.context.equipment.auth, info.context.signed_in
        await auth.attempts.code(caller.user_id)
        operation = second_factor.confirm(
            user_id=caller.user_id, code=input.code, keys=auth.keys, now=info.context.clock()
        )
        recovery_codes, errors = await attempted(info, operation)
        return ConfirmSecondFactorPayload(recovery_codes=recovery_codes, user_errors=errors)

    @strawberry.mutation(
        description="Do without the second factor; a last code proves that it is you.",
        extensions=[in_person()],
    )
    async def remove_second_factor(
        self, info: Info, input: Code
    ) -> RemoveSecondFactorPayload | None:
        auth, caller = info.context.equipment.auth, info.context.signed_in
        await auth.attempts.code(caller.user_id)
        operation = second_factor.remove(
            user_id=caller.user_id, code=input.code, keys=auth.keys, now=info.context.clock()
        )
        _, errors = await attempted(info, operation)
        return RemoveSecondFactorPayload(removed=None if errors else True, user_errors=errors)

    @strawberry.mutation(
        description="Say whether the company's users need a second factor.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def require_second_factor(
        self, info: Info, input: Required
    ) -> RequireSecondFactorPayload | None:
        check_whole_company(info)
        await second_factor.require(
            company_id=info.context.signed_in.company_id, required=input.required
        )
        return RequireSecondFactorPayload(required=input.required, user_errors=[])
