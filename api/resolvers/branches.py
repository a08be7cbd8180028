"""Managing branches."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import VersionInput, changes_of, check_whole_company, ended, seen
from api.permissions.requires import requires
from api.schema.branches import BranchPayload, CreateBranchInput, UpdateBranchInput
from api.schema.companies import Branch
from db.enums import Scope
from db.ids import BranchId
from domain.hierarchy import branches

Created = Annotated[CreateBranchInput, strawberry.argument(description="The branch.")]
Updated = Annotated[UpdateBranchInput, strawberry.argument(description="What changes.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which branch.")]


@strawberry.type
class BranchMutation:
    @strawberry.mutation(
        description="Add a branch to the company.", extensions=[requires(Scope.COMPANY_WRITE)]
    )
    async def create_branch(self, info: Info, input: Created) -> BranchPayload | None:
        check_whole_company(info)
        operation = branches.create(company_id=info.context.signed_in.company_id, name=input.name)
        return await ended(info, BranchPayload, Branch, operation)

    @strawberry.mutation(description="Change a branch.", extensions=[requires(Scope.COMPANY_WRITE)])
    async def update_branch(self, info: Info, input: Updated) -> BranchPayload | None:
        check_whole_company(info)
        operation = branches.update(
            company_id=info.context.signed_in.company_id,
            branch_id=BranchId(await seen(info, Branch, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, BranchPayload, Branch, operation)

    @strawberry.mutation(
        description="Retire a branch that has no active fields; its history stays.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def deactivate_branch(self, info: Info, input: Which) -> BranchPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired branch into use again.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def reactivate_branch(self, info: Info, input: Which) -> BranchPayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> BranchPayload:
    check_whole_company(info)
    operation = branches.set_active(
        company_id=info.context.signed_in.company_id,
        branch_id=BranchId(await seen(info, Branch, input.id)),
        expected_version=input.expected_version,
        active=active,
    )
    return await ended(info, BranchPayload, Branch, operation)
