"""Managing companies: the own one, and all of them for staff of the platform."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.mutations import VersionInput, changes_of, check_whole_company, ended
from api.permissions.requires import requires
from api.schema.companies import Company
from api.schema.company_changes import (
    CompanyPayload,
    CreateCompanyInput,
    SetCompanyApiAllowedInput,
    UpdateCompanyInput,
)
from api.schema.node import Node, decoded
from api.schema.paging import Connection, Paged
from db.enums import Scope
from db.ids import CompanyId
from domain.companies import operations, queries, settings
from domain.listing import Window

Created = Annotated[CreateCompanyInput, strawberry.argument(description="The company.")]
Updated = Annotated[UpdateCompanyInput, strawberry.argument(description="What changes.")]
Allowed = Annotated[
    SetCompanyApiAllowedInput, strawberry.argument(description="Which company, and whether.")
]
Which = Annotated[VersionInput, strawberry.argument(description="Which company.")]


async def _companies(window: Window) -> Connection[Company]:
    page = await queries.page(window)
    return Connection.of(page, queries.OF_ALL, lambda: queries.count(window.where))


async def _of_any(_: Info, kind: type[Node], row_id: int) -> Node | None:
    row = await queries.by_id(CompanyId(row_id))
    return None if row is None else kind.of(row)


@strawberry.type
class CompaniesQuery:
    companies: Connection[Company] | None = strawberry.field(
        resolver=_companies,
        description="All companies of the platform, by name.",
        extensions=[Paged(queries.OF_ALL), requires(Scope.PLATFORM_WRITE)],
    )


@strawberry.type
class CompanyMutation:
    @strawberry.mutation(
        description="Found a company.", extensions=[requires(Scope.PLATFORM_WRITE)]
    )
    async def create_company(self, info: Info, input: Created) -> CompanyPayload | None:
        operation = operations.create(
            name=input.name,
            currency=input.currency,
            time_zone=input.time_zone,
            locale=input.locale,
            now=info.context.clock(),
        )
        return await ended(info, CompanyPayload, Company, operation, shown=_of_any)

    @strawberry.mutation(
        description="Change the settings of the company that the request acts in.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def update_company(self, info: Info, input: Updated) -> CompanyPayload | None:
        check_whole_company(info)
        operation = settings.update(
            company_id=info.context.signed_in.company_id,
            expected_version=input.expected_version,
            changes=changes_of(input),
        )
        return await ended(info, CompanyPayload, Company, operation)

    @strawberry.mutation(
        description="Let a company's partners use API keys, or end that at once.",
        extensions=[requires(Scope.PLATFORM_WRITE)],
    )
    async def set_company_api_allowed(self, info: Info, input: Allowed) -> CompanyPayload | None:
        operation = operations.set_api_allowed(
            company_id=_company_id(input.id),
            expected_version=input.expected_version,
            allowed=input.allowed,
        )
        return await ended(info, CompanyPayload, Company, operation, shown=_of_any)

    @strawberry.mutation(
        description="Shut a company out, with its users and collectors; its data stays.",
        extensions=[requires(Scope.PLATFORM_WRITE)],
    )
    async def deactivate_company(self, info: Info, input: Which) -> CompanyPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Let a company in again.", extensions=[requires(Scope.PLATFORM_WRITE)]
    )
    async def reactivate_company(self, info: Info, input: Which) -> CompanyPayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> CompanyPayload:
    operation = operations.set_active(
        company_id=_company_id(input.id), expected_version=input.expected_version, active=active
    )
    return await ended(info, CompanyPayload, Company, operation, shown=_of_any)


def _company_id(id: str) -> CompanyId:
    kind, row_id = decoded(id, argument="input.id")
    if kind is not Company:
        raise BadUserInput("input.id", "expected the id of a Company")
    return CompanyId(row_id)
