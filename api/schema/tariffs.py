"""Tariffs, their versions, and for whom they hold."""

import strawberry

from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, ExactNumber, LocalDate
from api.schema.tariff_components import NettingTerms, ReactiveTerms, TariffComponent, TariffTax
from db.enums import AssignmentLevel, BillingBasis, Scope, TariffState, TaxPoint
from domain.tariffs.components import Version
from domain.tariffs.proposals import version_of
from domain.tariffs.queries import (
    ASSIGNMENTS,
    ASSIGNMENTS_OF_TARIFF,
    TARIFFS,
    VERSIONS,
    VERSIONS_OF_TARIFF,
)


@strawberry.type(description="Prices that hold together from an instant on; never changed.")
class TariffVersion(Node, listing=VERSIONS, scope=Scope.TARIFFS_READ):
    state: TariffState = strawberry.field(description="Whether it is charged by.")
    valid_from: DateTime = strawberry.field(description="When it takes effect.")
    valid_until: DateTime | None = strawberry.field(
        description="When another one takes its place; null while none is known."
    )
    proposed_at: DateTime | None = strawberry.field(
        description="When it was written down; null for prices that were set at once."
    )
    approved_at: DateTime | None = strawberry.field(
        description="When it was approved; null for what was not."
    )

    @property
    def version(self) -> Version:
        return version_of(self.row)

    @strawberry.field(description="What is paid for.")
    def components(self) -> list[TariffComponent]:
        return [TariffComponent.of(one) for one in self.version.components]

    @strawberry.field(description="Taxes, in the order in which they apply.")
    def taxes(self) -> list[TariffTax]:
        return [TariffTax.of(tax) for tax in self.version.taxes]

    @strawberry.field(description="When its taxes fall due.")
    def tax_point(self) -> TaxPoint:
        return self.version.tax_point

    @strawberry.field(description="Days that are no weekday, for prices by the hour.")
    def special_days(self) -> list[LocalDate]:
        return [LocalDate(day) for day in sorted(self.version.special_days)]

    @strawberry.field(description="Limits of reactive energy; null without such a component.")
    def reactive(self) -> ReactiveTerms | None:
        rules = self.version.reactive
        return None if rules is None else ReactiveTerms.of(rules)

    @strawberry.field(description="How export makes up for import; null where it does not.")
    def netting(self) -> NettingTerms | None:
        netting = self.version.netting
        return None if netting is None else NettingTerms.of(netting)

    @strawberry.field(
        description="The price per kWh of a version that has nothing else; null for any other."
    )
    def price_per_kwh(self) -> ExactNumber | None:
        price = self.row["price_per_kwh"]
        return None if price is None else ExactNumber(price.normalize())


@strawberry.type(description="For whom a tariff holds, and when.")
class TariffAssignment(Node, listing=ASSIGNMENTS, scope=Scope.TARIFFS_READ):
    level: AssignmentLevel = strawberry.field(description="To whom; the most specific one wins.")
    group_name: str | None = strawberry.field(
        description="What the group of accounts is called; null for any other."
    )
    billing_basis: BillingBasis = strawberry.field(
        description="What says how much energy was used."
    )
    starts_at: DateTime = strawberry.field(description="From when on.")
    ends_at: DateTime | None = strawberry.field(description="Until when; null for no end.")
    tariff: "Tariff | None" = belongs_to(
        TARIFFS, "tariff_id", "Which tariff.", scope=Scope.ACCOUNTS_READ
    )


@strawberry.type(description="A price list.")
class Tariff(Node, listing=TARIFFS, scope=Scope.ACCOUNTS_READ):
    name: str = strawberry.field(description="What it is called.")
    versions: Connection[TariffVersion] | None = children(
        VERSIONS_OF_TARIFF, "Its prices, the newest first.", scope=Scope.TARIFFS_READ
    )
    assignments: Connection[TariffAssignment] | None = children(
        ASSIGNMENTS_OF_TARIFF, "For whom it holds, the newest first.", scope=Scope.TARIFFS_READ
    )
