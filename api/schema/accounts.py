"""Accounts and what is left on them.

A field guarded more strictly than its parent is nullable: a refusal then costs only that field.
"""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.invoices import Invoice
from api.schema.ledger import AccountStatement, LedgerEntry
from api.schema.messages import Message
from api.schema.meters import Meter
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.payments import Payment
from api.schema.premises import MeteringPoint, Premises
from api.schema.readings import Freshness, TimeRangeInput
from api.schema.relations import belongs_to, children, related
from api.schema.scalars import DateTime, MoneyAmount
from api.schema.subscribers import Subscriber
from api.schema.tariffs import Tariff
from api.schema.topups import AutomaticTopUp, TopUp
from db.enums import BillingMode, Scope, Segment
from domain.accounts.forecasts import Forecast, projected
from domain.accounts.queries import (
    ACCOUNTS,
    METERS_OF_ACCOUNT,
    POINTS_OF_ACCOUNT,
    SUBSCRIBERS,
    Standing,
)
from domain.invoices.listings import INVOICES_OF_ACCOUNT
from domain.ledger.listings import ENTRIES_OF_ACCOUNT
from domain.messages.listings import MESSAGES_OF_ACCOUNT
from domain.metering.queries import PREMISES
from domain.money import major
from domain.payments.listings import PAYMENTS_OF_ACCOUNT
from domain.tariffs.queries import TARIFFS
from domain.topups.listings import AUTOMATIC_TOP_UPS, TOP_UPS_OF_ACCOUNT


@strawberry.type(description="What is left on an account.")
class AccountBalance:
    standing: strawberry.Private[Standing]
    amount: MoneyAmount = strawberry.field(description="Credit; below zero when money is owed.")
    currency: str = strawberry.field(description="The amount's currency, by ISO 4217.")
    debt: MoneyAmount = strawberry.field(description="What is owed beside it.")
    emergency_used: MoneyAmount = strawberry.field(
        description="Emergency credit that was used and is not repaid; the amount has it already."
    )
    in_flight: MoneyAmount = strawberry.field(
        description="What was paid and is not confirmed; the amount does not have it yet."
    )
    as_of: DateTime = strawberry.field(
        description="Up to when the energy of all its meters is charged."
    )

    @classmethod
    def of(cls, standing: Standing) -> Self:
        return cls(
            standing=standing,
            amount=MoneyAmount(standing.balance),
            currency=standing.currency,
            debt=MoneyAmount(standing.debt),
            emergency_used=MoneyAmount(standing.emergency_used),
            in_flight=MoneyAmount(standing.in_flight),
            as_of=DateTime(standing.as_of),
        )

    @strawberry.field(description="How fresh it is; null when no meter is charged to the account.")
    def freshness(self, info: Info) -> Freshness | None:
        period = self.standing.reading_period
        if period is None:
            return None
        now = info.context.loaders.reach.now
        return Freshness.of(self.standing.as_of, reading_period=period, now=now)


@strawberry.type(description="For how long credit lasts, at the recent rate of use.")
class AccountForecast:
    daily_use: MoneyAmount = strawberry.field(
        description="What was charged a day in the last week."
    )
    runs_out_at: DateTime | None = strawberry.field(
        description="When the cut-off limit is reached if that goes on; null when it never is."
    )
    projected_balance: MoneyAmount = strawberry.field(
        description="What would be left by now if that went on since the balance's `asOf`: an"
        " estimate for as long as meters are silent; it moves no balance."
    )

    @classmethod
    def of(cls, forecast: Forecast, standing: Standing, *, now: datetime) -> Self:
        runs_out_at = forecast.runs_out_at
        left_micro = projected(
            balance_micro=standing.balance_micro,
            daily_use_micro=forecast.daily_use_micro,
            as_of=standing.as_of,
            now=now,
        )
        return cls(
            projected_balance=MoneyAmount(major(left_micro)),
            daily_use=MoneyAmount(major(forecast.daily_use_micro)),
            runs_out_at=None if runs_out_at is None else DateTime(runs_out_at),
        )


async def _automatic(root: Node, info: Info) -> int | None:
    return await info.context.loaders.automatic_of_account.load(root.row_id)


@strawberry.type(description="A subscriber's contract for one or more metering points of premises.")
class Account(Node, listing=ACCOUNTS, scope=Scope.ACCOUNTS_READ):
    number: str = strawberry.field(description="What the company calls it.")
    billing_mode: BillingMode = strawberry.field(description="Whether it pays before or after.")
    category: str | None = strawberry.field(
        description="Of what kind its use is: what taxes may exempt; as long as it lasts."
    )
    opened_at: DateTime = strawberry.field(description="When it began.")
    closed_at: DateTime | None = strawberry.field(description="When it ended; null while it lasts.")
    suspended_at: DateTime | None = strawberry.field(
        description="Since when it is suspended: energy is charged on, but nobody is warned and"
        " nothing bought by itself."
    )
    suspension_reason: str | None = strawberry.field(description="Why it is suspended.")
    version: int = strawberry.field(description="Goes up with each change.")
    subscriber: Subscriber | None = belongs_to(
        SUBSCRIBERS, "subscriber_id", "Who pays.", scope=Scope.SUBSCRIBERS_READ
    )
    premises: Premises | None = belongs_to(
        PREMISES, "premises_id", "What is supplied.", scope=Scope.PREMISES_READ
    )
    tariff: Tariff | None = belongs_to(
        TARIFFS, "tariff_id", "By which prices it pays now.", scope=Scope.ACCOUNTS_READ
    )
    metering_points: Connection[MeteringPoint] | None = children(
        POINTS_OF_ACCOUNT, "The points that it pays for now, by code.", scope=Scope.PREMISES_READ
    )
    meters: Connection[Meter] | None = children(
        METERS_OF_ACCOUNT, "The meters that it pays for now, by serial.", scope=Scope.METERS_READ
    )
    invoices: Connection[Invoice] | None = children(
        INVOICES_OF_ACCOUNT, "Its invoices, the newest first.", scope=Scope.INVOICES_READ
    )
    payments: Connection[Payment] | None = children(
        PAYMENTS_OF_ACCOUNT, "What was paid for it, the newest first.", scope=Scope.INVOICES_READ
    )
    top_ups: Connection[TopUp] | None = children(
        TOP_UPS_OF_ACCOUNT, "Credit that was bought, the newest first.", scope=Scope.TOPUPS_READ
    )
    automatic_top_up: AutomaticTopUp | None = related(
        AUTOMATIC_TOP_UPS,
        _automatic,
        "What is bought when credit runs low.",
        scope=Scope.TOPUPS_READ,
    )
    ledger_entries: Connection[LedgerEntry] | None = children(
        ENTRIES_OF_ACCOUNT,
        "What moved on any of its sides of the books, the newest first.",
        scope=Scope.BALANCES_READ,
    )

    messages: Connection[Message] | None = children(
        MESSAGES_OF_ACCOUNT,
        "What was sent to people about it, newest first.",
        scope=Scope.MESSAGES_READ,
    )

    @strawberry.field(
        description="At which credit to warn; null when the company's limit counts.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    def warning_limit(self) -> MoneyAmount | None:
        return _amount(self.row["warning_limit_micro"])

    @strawberry.field(
        description="At or below which credit has run out; null when the company's limit counts.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    def cut_off_limit(self) -> MoneyAmount | None:
        return _amount(self.row["cut_off_limit_micro"])

    @strawberry.field(
        description="Above which credit supply comes back; null when the company's limit counts.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    def reconnect_limit(self) -> MoneyAmount | None:
        return _amount(self.row["reconnect_limit_micro"])

    @strawberry.field(description="What is left on it.", extensions=[requires(Scope.BALANCES_READ)])
    async def balance(self, info: Info) -> AccountBalance | None:
        standing = await info.context.loaders.standing.load(self.row_id)
        return None if standing is None else AccountBalance.of(standing)

    @strawberry.field(
        description="Where it stands; follows from its balance, mode and supply.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def segment(self, info: Info) -> Segment | None:
        standing = await info.context.loaders.standing.load(self.row_id)
        return None if standing is None else standing.segment

    @strawberry.field(
        description="What moved its balance in a span of time.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def statement(
        self,
        info: Info,
        range: Annotated[TimeRangeInput, strawberry.argument(description="From when to when.")],
    ) -> AccountStatement | None:
        range.check()
        start, end = range.from_, range.to
        found = await info.context.loaders.statement(start, end).load(self.row_id)
        if found is None:
            return None
        return AccountStatement.of(self.row_id, found, start=start, end=end)

    @strawberry.field(
        description="Whether its credit has run out, and it has energy still.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def cut_pending(self, info: Info) -> bool | None:
        standing = await info.context.loaders.standing.load(self.row_id)
        return None if standing is None else standing.is_cut_pending

    @strawberry.field(
        description="For how long its credit lasts; null for accounts that pay afterwards or are"
        " suspended, and while too little is known.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def forecast(self, info: Info) -> AccountForecast | None:
        found = await info.context.loaders.forecast.load(self.row_id)
        standing = await info.context.loaders.standing.load(self.row_id)
        if found is None or standing is None:
            return None
        return AccountForecast.of(found, standing, now=info.context.clock())

    @strawberry.field(
        description="The smallest top-up that brings supply back or, while it is on, ends the"
        " warning; null when none is needed.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def smallest_top_up(self, info: Info) -> MoneyAmount | None:
        standing = await info.context.loaders.standing.load(self.row_id)
        return None if standing is None else _amount(standing.smallest_top_up_micro)

    @strawberry.field(
        description="What may be borrowed near the limit now; null when nothing is offered, or what"
        " was borrowed is not repaid.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def emergency_credit_offered(self, info: Info) -> MoneyAmount | None:
        standing = await info.context.loaders.standing.load(self.row_id)
        return None if standing is None else _amount(standing.emergency_offered_micro)


def _amount(amount_micro: int | None) -> MoneyAmount | None:
    return None if amount_micro is None else MoneyAmount(major(amount_micro))
