"""Tariffs: adding them, proposing and approving their prices, saying for whom they hold."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.mutations import attempted, check_whole_company, ended, seen
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.companies import Branch
from api.schema.paging import Connection
from api.schema.relations import listed
from api.schema.tariff_changes import (
    AssignTariffInput,
    CreateTariffInput,
    PreviewTariffVersionInput,
    ProposeTariffVersionInput,
    TariffAssignmentPayload,
    TariffPayload,
    TariffVersionInput,
    TariffVersionPayload,
)
from api.schema.tariff_preview import TariffPreview, TariffPreviewPayload
from api.schema.tariff_prices import version_said
from api.schema.tariffs import Tariff, TariffAssignment, TariffVersion
from db.enums import Scope
from db.ids import AccountId, BranchId, TariffId, TariffVersionId
from domain.tariffs import assignments, proposals
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import GROUP_MAX, Whom
from domain.tariffs.preview import ACCOUNTS_MAX, Preview, preview
from domain.tariffs.queries import TARIFFS

Created = Annotated[CreateTariffInput, strawberry.argument(description="The tariff.")]
Proposed = Annotated[ProposeTariffVersionInput, strawberry.argument(description="The prices.")]
Tried = Annotated[PreviewTariffVersionInput, strawberry.argument(description="The prices.")]
Which = Annotated[TariffVersionInput, strawberry.argument(description="Which version.")]
Assigned = Annotated[AssignTariffInput, strawberry.argument(description="For whom, and when.")]


@strawberry.type
class TariffQuery:
    tariffs: Connection[Tariff] | None = listed(
        TARIFFS, "Tariffs, by name.", scope=Scope.ACCOUNTS_READ
    )

    @strawberry.field(
        description="Say what prices would do: from when, to whom, and what the last whole day"
        " would have cost. Changes nothing.",
        extensions=[requires(Scope.TARIFFS_WRITE)],
    )
    async def preview_tariff_version(self, info: Info, input: Tried) -> TariffPreviewPayload | None:
        check_whole_company(info)
        tariff_id = await seen(info, Tariff, input.tariff_id, argument="input.tariffId")
        if not 1 <= input.first <= ACCOUNTS_MAX:
            raise BadUserInput("input.first", f"expected 1 to {ACCOUNTS_MAX}")
        after = None
        if input.after_account_id is not None:
            argument = "input.afterAccountId"
            after = AccountId(await seen(info, Account, input.after_account_id, argument=argument))
        operation = preview(
            company_id=info.context.signed_in.company_id,
            tariff_id=TariffId(tariff_id),
            version=version_said(input.prices),
            valid_from=input.valid_from,
            first=input.first,
            after=after,
            now=info.context.clock(),
        )
        found, errors = await attempted(info, operation)
        shown = None if found is None else await _shown(info, found)
        return TariffPreviewPayload(preview=shown, user_errors=errors)


@strawberry.type
class TariffMutation:
    @strawberry.mutation(
        description="Add a tariff, which has no prices yet.",
        extensions=[requires(Scope.TARIFFS_WRITE)],
    )
    async def create_tariff(self, info: Info, input: Created) -> TariffPayload | None:
        check_whole_company(info)
        company_id = info.context.signed_in.company_id
        operation = tariffs.create_empty(company_id=company_id, name=input.name)
        return await ended(info, TariffPayload, Tariff, operation)

    @strawberry.mutation(
        description="Write down prices for a tariff; they take effect once they are approved.",
        extensions=[requires(Scope.TARIFFS_WRITE)],
    )
    async def propose_tariff_version(
        self, info: Info, input: Proposed
    ) -> TariffVersionPayload | None:
        check_whole_company(info)
        caller = info.context.signed_in
        tariff_id = await seen(info, Tariff, input.tariff_id, argument="input.tariffId")
        operation = proposals.propose(
            company_id=caller.company_id,
            tariff_id=TariffId(tariff_id),
            version=version_said(input.prices),
            valid_from=input.valid_from,
            by=caller.hand.user_id,
            by_key=caller.hand.key_id,
            now=info.context.clock(),
        )
        return await ended(info, TariffVersionPayload, TariffVersion, operation)

    @strawberry.mutation(
        description="Let prices take effect at their time; the ones before end there.",
        extensions=[requires(Scope.TARIFFS_APPROVE)],
    )
    async def approve_tariff_version(self, info: Info, input: Which) -> TariffVersionPayload | None:
        check_whole_company(info)
        operation = proposals.approve(
            company_id=info.context.signed_in.company_id,
            version_id=TariffVersionId(await seen(info, TariffVersion, input.id)),
            by=info.context.signed_in.hand.user_id,
            now=info.context.clock(),
        )
        return await ended(info, TariffVersionPayload, TariffVersion, operation)

    @strawberry.mutation(
        description="Give up prices that are not approved; they stay to be read.",
        extensions=[requires(Scope.TARIFFS_WRITE)],
    )
    async def withdraw_tariff_version(
        self, info: Info, input: Which
    ) -> TariffVersionPayload | None:
        check_whole_company(info)
        operation = proposals.withdraw(
            company_id=info.context.signed_in.company_id,
            version_id=TariffVersionId(await seen(info, TariffVersion, input.id)),
        )
        return await ended(info, TariffVersionPayload, TariffVersion, operation)

    @strawberry.mutation(
        description="Let a tariff hold for the company, a branch, a group of accounts or one"
        " account; the most specific one wins, and of equals the one that begins last.",
        extensions=[requires(Scope.TARIFFS_WRITE)],
    )
    async def assign_tariff(self, info: Info, input: Assigned) -> TariffAssignmentPayload | None:
        check_whole_company(info)
        tariff_id = await seen(info, Tariff, input.tariff_id, argument="input.tariffId")
        operation = assignments.assign(
            company_id=info.context.signed_in.company_id,
            tariff_id=TariffId(tariff_id),
            whom=await _whom(info, input),
            starts_at=input.starts_at,
            ends_at=input.ends_at,
            basis=input.billing_basis,
            now=info.context.clock(),
        )
        return await ended(info, TariffAssignmentPayload, TariffAssignment, operation)


async def _shown(info: Info, found: Preview) -> TariffPreview:
    rows = await info.context.loaders.row(Account.listing).load_many(list(found.costs))
    accounts = [Account.of(row) for row in rows if row is not None]
    return TariffPreview.of(found, accounts)


async def _whom(info: Info, input: AssignTariffInput) -> Whom:
    """Return whom an input names.

    :raises BadUserInput: there are too many accounts
    """
    if len(input.account_ids) > GROUP_MAX:
        raise BadUserInput("input.accountIds", f"expected at most {GROUP_MAX}")
    account_ids = [
        AccountId(await seen(info, Account, one, argument="input.accountIds"))
        for one in input.account_ids
    ]
    if input.branch_id is None:
        return Whom(account_ids=account_ids, group=input.group)
    branch_id = await seen(info, Branch, input.branch_id, argument="input.branchId")
    return Whom(branch_id=BranchId(branch_id), account_ids=account_ids, group=input.group)
