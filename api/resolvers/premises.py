"""Managing premises."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, changes_of, ended, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.companies import Field
from api.schema.premises import Premises
from api.schema.premises_changes import (
    CreatePremisesInput,
    MovePremisesInput,
    PremisesPayload,
    SetPremisesOwnerInput,
    UpdatePremisesInput,
)
from db.enums import Scope
from db.ids import AccountId, FieldId, PremisesId
from domain.metering import premises

Created = Annotated[CreatePremisesInput, strawberry.argument(description="The premises.")]
Updated = Annotated[UpdatePremisesInput, strawberry.argument(description="What changes.")]
Moved = Annotated[MovePremisesInput, strawberry.argument(description="Which, and where to.")]
Owned = Annotated[SetPremisesOwnerInput, strawberry.argument(description="Which, and who pays.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which premises.")]


@strawberry.type
class PremisesMutation:
    @strawberry.mutation(
        description="Add an office or shop to a field.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def create_premises(self, info: Info, input: Created) -> PremisesPayload | None:
        field_id = await seen(info, Field, input.field_id, argument="input.fieldId")
        operation = premises.create(
            company_id=info.context.signed_in.company_id,
            field_id=FieldId(field_id),
            name=input.name,
        )
        return await ended(info, PremisesPayload, Premises, operation)

    @strawberry.mutation(
        description="Change premises.", extensions=[requires(Scope.PREMISES_WRITE)]
    )
    async def update_premises(self, info: Info, input: Updated) -> PremisesPayload | None:
        operation = premises.update(
            company_id=info.context.signed_in.company_id,
            premises_id=PremisesId(await seen(info, Premises, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, PremisesPayload, Premises, operation)

    @strawberry.mutation(
        description="Say that premises belong to another field; all their history goes along.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def move_premises(self, info: Info, input: Moved) -> PremisesPayload | None:
        field_id = await seen(info, Field, input.field_id, argument="input.fieldId")
        operation = premises.move(
            company_id=info.context.signed_in.company_id,
            premises_id=PremisesId(await seen(info, Premises, input.id)),
            expected_version=input.expected_version,
            field_id=FieldId(field_id),
            now=info.context.clock(),
        )
        return await ended(info, PremisesPayload, Premises, operation)

    @strawberry.mutation(
        description="Say which account pays for premises while no subscriber does: from the next"
        " end of an account there, or from the last one if that was within 31 days.",
        extensions=[requires(Scope.PREMISES_WRITE), requires(Scope.ACCOUNTS_WRITE)],
    )
    async def set_premises_owner(self, info: Info, input: Owned) -> PremisesPayload | None:
        account_id: AccountId | None = None
        if input.account_id is not None:
            found = await seen(info, Account, input.account_id, argument="input.accountId")
            account_id = AccountId(found)
        operation = premises.set_owner_account(
            company_id=info.context.signed_in.company_id,
            premises_id=PremisesId(await seen(info, Premises, input.id)),
            expected_version=input.expected_version,
            account_id=account_id,
            now=info.context.clock(),
        )
        return await ended(info, PremisesPayload, Premises, operation)

    @strawberry.mutation(
        description="Retire premises without open accounts and active metering points; their"
        " history stays.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def deactivate_premises(self, info: Info, input: Which) -> PremisesPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take retired premises into use again.",
        extensions=[requires(Scope.PREMISES_WRITE)],
    )
    async def reactivate_premises(self, info: Info, input: Which) -> PremisesPayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> PremisesPayload:
    operation = premises.set_active(
        company_id=info.context.signed_in.company_id,
        premises_id=PremisesId(await seen(info, Premises, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, PremisesPayload, Premises, operation)
