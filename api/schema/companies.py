"""Companies, their branches and fields."""

from typing import TYPE_CHECKING, Annotated

import orjson
import strawberry

from api.context import Info
from api.schema.health import FieldHealth
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.placements import FieldPlacement
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, ExactNumber, GeoPoint, GeoPolygon, MoneyAmount, TimeZone
from db.enums import MessageChannel, Role, Scope, SharePeriod
from domain.hierarchy.geometry import Point
from domain.hierarchy.queries import (
    BRANCHES,
    BRANCHES_OF_COMPANY,
    COLLECTORS_OF_FIELD,
    COMPANIES,
    FIELDS,
    FIELDS_OF_BRANCH,
    PLACEMENTS_OF_FIELD,
)
from domain.metering.queries import PREMISES_OF_FIELD
from domain.money import major

if TYPE_CHECKING:
    from api.schema.devices import Collector
    from api.schema.premises import Premises

LazyCollector = Annotated["Collector", strawberry.lazy("api.schema.devices")]
LazyPremises = Annotated["Premises", strawberry.lazy("api.schema.premises")]


@strawberry.type(description="Who sells the energy.")
class Company(Node, listing=COMPANIES, scope=Scope.COMPANY_READ):
    name: str = strawberry.field(description="What it is called.")
    currency: str = strawberry.field(description="The currency of all its money, by ISO 4217.")
    time_zone: TimeZone = strawberry.field(description="Whose days and months count.")
    locale: str = strawberry.field(description="The language that it speaks by default.")
    active: bool = strawberry.field(description="Whether it is let in.")
    api_allowed: bool = strawberry.field(description="Whether its partners may use API keys.")
    address: str | None = strawberry.field(description="Where it is.")
    email: str | None = strawberry.field(description="Where to write to.")
    phone: str | None = strawberry.field(description="Where to call.")
    tax_office: str | None = strawberry.field(description="Where it pays its taxes.")
    tax_number: str | None = strawberry.field(description="What it is called there.")
    debt_share_percent: ExactNumber | None = strawberry.field(
        description="What of each top-up goes to debt; null: all debt is due at once."
    )
    debt_share_period: SharePeriod = strawberry.field(
        description="In what time the cap of that share counts."
    )
    max_meters_per_rf_module: int = strawberry.field(
        description="How many active meters an RF module may have."
    )
    review_first: bool = strawberry.field(
        description="Whether all its frames wait until somebody releases them."
    )
    second_person_for_tariffs: bool = strawberry.field(
        description="Whether prices take effect only when somebody else has approved them."
    )
    clock_drift_max_s: int = strawberry.field(
        name="clockDriftMaxSeconds",
        description="How far clocks of devices may be off before they stop counting.",
    )
    raw_frame_retention_days: int = strawberry.field(
        description="How long frames are kept once they are processed."
    )
    reading_retention_days: int = strawberry.field(description="How long readings are kept.")
    profile_retention_days: int = strawberry.field(description="How long load profiles are kept.")
    contact_read_retention_days: int = strawberry.field(
        description="How long it is kept who looked at contact data."
    )
    message_channels: list[MessageChannel] = strawberry.field(
        description="By which channels its subscribers are told, as far as they can be reached."
    )
    fault_notice_roles: list[Role] = strawberry.field(
        description="Members with which roles are told when devices fall silent, each where they"
        " may see them."
    )
    message_retention_days: int = strawberry.field(
        description="How long it is kept what people were sent, and what became of it."
    )
    transfer_text_retention_days: int = strawberry.field(
        description="How long it is kept what payers wrote with their transfers, from when it was"
        " decided whose money it is."
    )
    synchronisation_retention_days: int = strawberry.field(
        description="How long it is kept when devices were in step."
    )
    invoice_number_format: str = strawberry.field(
        description="How invoices are numbered: a text with {series}, {year} and {number}."
    )
    invoice_series: str = strawberry.field(description="The series of monthly invoices.")
    purchase_series: str = strawberry.field(description="The series of invoices of bought credit.")
    credit_note_series: str = strawberry.field(description="The series of credit notes.")
    invoice_due_days: int = strawberry.field(
        description="How many days after its issue an invoice is due."
    )
    invoice_after_days: int | None = strawberry.field(
        description="How many days after a month's end its invoices are made; null: only when"
        " somebody asks."
    )
    notice_after_days: int | None = strawberry.field(
        description="How many days after the day on which an invoice is due its first notice goes"
        " out by itself, also of what was overdue when that was set; null: only when somebody asks."
    )
    notice_working_days: int = strawberry.field(
        description="How many whole working days lie between the proven delivery of the second"
        " notice of an overdue invoice and a cut, at the least."
    )
    einvoices_since: DateTime | None = strawberry.field(
        name="eInvoicesSince",
        description="From when on its invoices go to an integrator; null: none do.",
    )
    created_at: DateTime = strawberry.field(description="When it was founded.")
    version: int = strawberry.field(description="Goes up with each change.")

    @strawberry.field(
        description="Adjustments of credit above it need a second person; null: none does."
    )
    def adjustment_approval_limit(self) -> MoneyAmount | None:
        limit_micro: int | None = self.row["adjustment_approval_limit_micro"]
        return None if limit_micro is None else MoneyAmount(major(limit_micro))

    @strawberry.field(
        description="At or below which credit its prepaid accounts are warned, if they have no"
        " limit of their own."
    )
    def warning_limit(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["warning_limit_micro"]))

    @strawberry.field(
        description="At or below which credit they have run out of it, likewise; nobody is cut off"
        " without being at the warning limit as well."
    )
    def cut_off_limit(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["cut_off_limit_micro"]))

    @strawberry.field(
        description="Above which credit supply comes back, likewise; never below the cut-off limit."
    )
    def reconnect_limit(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["reconnect_limit_micro"]))

    @strawberry.field(
        description="How far above the warning limit credit has to get before an account is warned"
        " again."
    )
    def warning_margin(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["warning_margin_micro"]))

    @strawberry.field(
        description="What is lent to a prepaid account near its limit, until it is repaid; zero"
        " when nothing is."
    )
    def emergency_credit(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["emergency_credit_micro"]))

    @strawberry.field(
        description="At or below which credit it is lent; null for the account's warning limit."
    )
    def emergency_near(self) -> MoneyAmount | None:
        near_micro: int | None = self.row["emergency_near_micro"]
        return None if near_micro is None else MoneyAmount(major(near_micro))

    @strawberry.field(description="The least credit that can be bought at a time.")
    def top_up_minimum(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["top_up_minimum_micro"]))

    @strawberry.field(description="The most credit that can be bought at a time.")
    def top_up_maximum(self) -> MoneyAmount:
        return MoneyAmount(major(self.row["top_up_maximum_micro"]))

    @strawberry.field(description="Amounts to offer for buying credit.")
    def top_up_presets(self) -> list[MoneyAmount]:
        return [MoneyAmount(major(one)) for one in self.row["top_up_presets_micro"]]

    @strawberry.field(description="The most that goes to debt in a period; null: no cap.")
    def debt_share_cap(self) -> MoneyAmount | None:
        cap_micro: int | None = self.row["debt_share_cap_micro"]
        return None if cap_micro is None else MoneyAmount(major(cap_micro))

    branches: Connection["Branch"] | None = children(
        BRANCHES_OF_COMPANY,
        "Its branches, by name; none unless the request acts in it.",
        scope=Scope.COMPANY_READ,
    )


@strawberry.type(description="A regional branch of a company.")
class Branch(Node, listing=BRANCHES, scope=Scope.COMPANY_READ):
    name: str = strawberry.field(description="What it is called.")
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")
    fields: Connection["Field"] | None = children(
        FIELDS_OF_BRANCH, "Its fields, by name.", scope=Scope.COMPANY_READ
    )


@strawberry.type(description="One operational site of a branch: a mall, an industrial zone.")
class Field(Node, listing=FIELDS, scope=Scope.COMPANY_READ):
    name: str = strawberry.field(description="What it is called.")
    active: bool = strawberry.field(description="Whether it is in use.")
    review_first: bool = strawberry.field(
        description="Whether its frames wait until somebody releases them."
    )
    version: int = strawberry.field(description="Goes up with each change.")
    branch: Branch | None = belongs_to(
        BRANCHES, "branch_id", "The branch that runs it.", scope=Scope.COMPANY_READ
    )
    collectors: Connection[LazyCollector] | None = children(
        COLLECTORS_OF_FIELD, "Its collectors, by serial.", scope=Scope.COMPANY_READ
    )
    premises: Connection[LazyPremises] | None = children(
        PREMISES_OF_FIELD, "Its premises, by name.", scope=Scope.PREMISES_READ
    )
    placements: Connection[FieldPlacement] | None = children(
        PLACEMENTS_OF_FIELD, "The branches that it belonged to, by time.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(description="How its devices do.")
    async def health(self, info: Info) -> FieldHealth:
        return FieldHealth.of(await info.context.loaders.field_health.load(self.row_id))

    @strawberry.field(description="Where it is on the map, WGS 84.")
    def location(self) -> GeoPoint | None:
        latitude, longitude = self.row["latitude"], self.row["longitude"]
        return None if latitude is None else GeoPoint(Point(latitude, longitude))

    @strawberry.field(description="What belongs to it, on the map, WGS 84.")
    def boundary(self) -> GeoPolygon | None:
        stored = self.row["boundary"]
        return None if stored is None else GeoPolygon(orjson.loads(stored))
