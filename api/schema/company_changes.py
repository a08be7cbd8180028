"""Inputs and payloads of managing companies."""

import strawberry

from api.schema.companies import Company
from api.schema.scalars import DateTime, ExactNumber, MoneyAmount, TimeZone
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import MessageChannel, Role, SharePeriod


@strawberry.input(description="A company to found.")
class CreateCompanyInput:
    name: str = strawberry.field(description="What it is called.")
    currency: str = strawberry.field(description="The currency of all its money, by ISO 4217.")
    time_zone: TimeZone = strawberry.field(description="Whose days and months count.")
    locale: str = strawberry.field(
        default="en", description="The language that it speaks by default: en, tr-TR."
    )


@strawberry.input(description="What changes of the company; what is left out stays.")
class UpdateCompanyInput:
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    name: strawberry.Maybe[str] = strawberry.field(description="What it is called.")
    currency: strawberry.Maybe[str] = strawberry.field(
        description="The currency of all its money, by ISO 4217; fixed once any is charged."
    )
    time_zone: strawberry.Maybe[TimeZone] = strawberry.field(
        description="Whose days and months count, from now on."
    )
    locale: strawberry.Maybe[str] = strawberry.field(
        description="The language that it speaks by default: en, tr-TR."
    )
    address: strawberry.Maybe[str | None] = strawberry.field(description="Where it is.")
    email: strawberry.Maybe[str | None] = strawberry.field(description="Where to write to.")
    phone: strawberry.Maybe[str | None] = strawberry.field(description="Where to call.")
    tax_office: strawberry.Maybe[str | None] = strawberry.field(
        description="Where it pays its taxes."
    )
    tax_number: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is called there."
    )
    adjustment_approval_limit: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="Adjustments of credit above it need a second person; null: none does."
    )
    warning_limit: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="At or below which credit prepaid accounts are warned, if they have no limit"
        " of their own."
    )
    cut_off_limit: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="At or below which credit they have run out of it, likewise."
    )
    reconnect_limit: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="Above which credit supply comes back, likewise."
    )
    warning_margin: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="How far above the warning limit credit has to get before an account is warned"
        " again; not below zero."
    )
    emergency_credit: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="What is lent to a prepaid account near its limit; zero for nothing."
    )
    emergency_near: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="At or below which credit it is lent; null for the account's warning limit."
    )
    message_channels: strawberry.Maybe[list[MessageChannel]] = strawberry.field(
        description="By which channels subscribers are told."
    )
    fault_notice_roles: strawberry.Maybe[list[Role]] = strawberry.field(
        description="Members with which roles are told when devices fall silent: ADMINISTRATOR,"
        " OPERATOR, AUDITOR, PARTNER; none for nobody."
    )
    invoice_number_format: strawberry.Maybe[str] = strawberry.field(
        description="How invoices are numbered: a text with {series}, {year} and {number}, the"
        " last with a width, such as {series}{year}{number:09}."
    )
    invoice_series: strawberry.Maybe[str] = strawberry.field(
        description="The series of monthly invoices, 1 to 8 capital letters and digits."
    )
    purchase_series: strawberry.Maybe[str] = strawberry.field(
        description="The series of invoices of bought credit."
    )
    credit_note_series: strawberry.Maybe[str] = strawberry.field(
        description="The series of credit notes."
    )
    invoice_due_days: strawberry.Maybe[int] = strawberry.field(
        description="How many days after its issue an invoice is due, 0 to 365."
    )
    invoice_after_days: strawberry.Maybe[int | None] = strawberry.field(
        description="How many days after a month's end its invoices are made, 0 to 27; null: only"
        " when somebody asks."
    )
    notice_after_days: strawberry.Maybe[int | None] = strawberry.field(
        description="How many days after the day on which an invoice is due its first notice goes"
        " out by itself, 0 to 365, on a working day, also of what is overdue already; the second"
        " follows the proven delivery of the first after `noticeWorkingDays`; null: both only when"
        " somebody asks."
    )
    notice_working_days: strawberry.Maybe[int] = strawberry.field(
        description="How many whole working days lie between the proven delivery of the second"
        " notice of an overdue invoice and a cut, 0 to 60."
    )
    einvoices_since: strawberry.Maybe[DateTime | None] = strawberry.field(
        name="eInvoicesSince",
        description="From when on its invoices go to an integrator; null: none do.",
    )
    top_up_minimum: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="The least credit that can be bought at a time, above zero."
    )
    top_up_maximum: strawberry.Maybe[MoneyAmount] = strawberry.field(
        description="The most credit that can be bought at a time."
    )
    top_up_presets: strawberry.Maybe[list[MoneyAmount]] = strawberry.field(
        description="Amounts to offer for buying credit, at most 10."
    )
    debt_share_percent: strawberry.Maybe[ExactNumber | None] = strawberry.field(
        description="What of each top-up goes to debt: above 0, up to 100; null: all debt is due"
        " at once."
    )
    debt_share_cap: strawberry.Maybe[MoneyAmount | None] = strawberry.field(
        description="The most that goes to debt in a period; null: no cap."
    )
    debt_share_period: strawberry.Maybe[SharePeriod] = strawberry.field(
        description="In what time the cap of that share counts, by the company's calendar."
    )
    max_meters_per_rf_module: strawberry.Maybe[int] = strawberry.field(
        description="How many active meters an RF module may have, 1 to 1,000; those with more"
        " keep them."
    )
    review_first: strawberry.Maybe[bool] = strawberry.field(
        description="Whether all its frames wait until somebody releases them."
    )
    second_person_for_tariffs: strawberry.Maybe[bool] = strawberry.field(
        description="Whether prices take effect only when somebody else has approved them."
    )
    clock_drift_max_s: strawberry.Maybe[int] = strawberry.field(
        name="clockDriftMaxSeconds",
        description="How far clocks of devices may be off, 1 to 86,400.",
    )
    raw_frame_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long frames are kept once they are processed, 1 to 90."
    )
    reading_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long readings are kept, 365 to 36,500."
    )
    profile_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long load profiles are kept, 90 to 36,500."
    )
    contact_read_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long it is kept who looked at contact data, 30 to 3,650."
    )
    message_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long it is kept what people were sent, 30 to 3,650."
    )
    transfer_text_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long it is kept what payers wrote with their transfers, from when it was"
        " decided whose money it is, 30 to 3,650."
    )
    synchronisation_retention_days: strawberry.Maybe[int] = strawberry.field(
        description="How long it is kept when devices were in step, 30 to 3,650."
    )


@strawberry.input(description="A company, and whether its partners may use API keys.")
class SetCompanyApiAllowedInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    allowed: bool = strawberry.field(description="Whether they may.")


@strawberry.type(description="How changing a company ended.")
class CompanyPayload:
    company: Company | None = strawberry.field(description="The company as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
