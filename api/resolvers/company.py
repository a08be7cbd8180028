"""The company, and all of each kind that the caller may see in it."""

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.accounts import Account
from api.schema.companies import Branch, Company, Field
from api.schema.devices import Collector, RfModule
from api.schema.meters import Meter
from api.schema.paging import Connection
from api.schema.premises import MeteringPoint, Premises
from api.schema.relations import listed
from api.schema.subscribers import Subscriber
from db.enums import Scope
from domain.accounts.queries import ACCOUNTS, SUBSCRIBERS
from domain.hierarchy.queries import BRANCHES, COLLECTORS, COMPANIES, FIELDS, METERS, RF_MODULES
from domain.metering.queries import POINTS, PREMISES


@strawberry.type
class CompanyQuery:
    @strawberry.field(
        description="The company that the request acts in.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def company(self, info: Info) -> Company | None:
        row = await info.context.loaders.row(COMPANIES).load(info.context.signed_in.company_id)
        return None if row is None else Company.of(row)

    branches: Connection[Branch] | None = listed(
        BRANCHES, "Branches, by name.", scope=Scope.COMPANY_READ
    )
    fields: Connection[Field] | None = listed(FIELDS, "Fields, by name.", scope=Scope.COMPANY_READ)
    collectors: Connection[Collector] | None = listed(
        COLLECTORS, "Collectors, by serial.", scope=Scope.COMPANY_READ
    )
    rf_modules: Connection[RfModule] | None = listed(
        RF_MODULES, "RF modules, by serial.", scope=Scope.COMPANY_READ
    )
    meters: Connection[Meter] | None = listed(METERS, "Meters, by serial.", scope=Scope.METERS_READ)
    premises: Connection[Premises] | None = listed(
        PREMISES, "Premises, by name.", scope=Scope.PREMISES_READ
    )
    metering_points: Connection[MeteringPoint] | None = listed(
        POINTS, "Metering points, by code.", scope=Scope.PREMISES_READ
    )
    subscribers: Connection[Subscriber] | None = listed(
        SUBSCRIBERS, "Subscribers, by reference.", scope=Scope.SUBSCRIBERS_READ
    )
    accounts: Connection[Account] | None = listed(
        ACCOUNTS, "Accounts, by number.", scope=Scope.ACCOUNTS_READ
    )
