"""Indicators: what branches and fields come to, in buckets of local days."""

from decimal import Decimal
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.companies import Branch, Field
from api.schema.money import Money
from api.schema.scalars import DateTime, ExactNumber, Kwh, kwh
from db.enums import JournalKind, LedgerAccountKind, Scope, Segment
from domain.analytics import queries
from domain.analytics.rules import RUN_OUT_DAYS, IndicatorGrouping, midnight
from domain.hierarchy.queries import BRANCHES, FIELDS

HUNDREDTH = Decimal("0.01")


@strawberry.type(description="What one kind of transaction comes to on one side of the books.")
class IndicatorMovement:
    kind: JournalKind = strawberry.field(description="What the transactions are about.")
    side: LedgerAccountKind = strawberry.field(description="On which side of the books.")
    debited: Money = strawberry.field(description="What was taken from it, at least zero.")
    credited: Money = strawberry.field(description="What was put on it, at least zero.")
    debit_count: int = strawberry.field(description="In how many entries it was debited.")
    credit_count: int = strawberry.field(description="In how many entries it was credited.")

    @classmethod
    def of(cls, movement: queries.Movement, currency: str) -> Self:
        return cls(
            kind=movement.kind,
            side=movement.side,
            debited=Money.of(movement.debited, currency),
            credited=Money.of(movement.credited, currency),
            debit_count=movement.debits,
            credit_count=movement.credits,
        )


@strawberry.type(description="Open accounts of a segment.")
class SegmentCount:
    segment: Segment = strawberry.field(description="Which segment.")
    account_count: int = strawberry.field(description="How many accounts.")


@strawberry.type(description="Prepaid accounts whose credit ends within a span of days.")
class RunOutCount:
    from_days: int = strawberry.field(description="In how many days at the earliest.")
    to_days: int | None = strawberry.field(
        description="In fewer days than these; 0 to 0: it has ended; null: any time later."
    )
    account_count: int = strawberry.field(description="How many accounts.")

    @classmethod
    def of(cls, counts: list[int]) -> list[Self]:
        ended, *others = counts
        ends: list[int | None] = [*RUN_OUT_DAYS, None]
        return [
            cls(from_days=0, to_days=0, account_count=ended),
            *(
                cls(from_days=first or 0, to_days=end, account_count=count)
                for (first, end), count in zip(pairwise(ends), others, strict=True)
            ),
        ]


@strawberry.type(description="How accounts stood, the last time that anybody looked.")
class IndicatorStanding:
    as_of: DateTime = strawberry.field(
        description="When that was; the sums are the ledger's of that moment."
    )
    segments: list[SegmentCount] = strawberry.field(description="Open accounts, by segment.")
    below_warning_count: int = strawberry.field(
        description="Open prepaid accounts at or below their warning limit, cut off or not."
    )
    balance: Money = strawberry.field(description="What all balances come to.")
    debt: Money = strawberry.field(description="What is owed beside the balances.")
    emergency_used: Money = strawberry.field(description="What was lent and is not repaid.")
    in_flight: Money = strawberry.field(description="What was paid and is not confirmed.")
    daily_use: Money = strawberry.field(
        description="What a day costs all of them at the rate of the last days, as forecasts say."
    )
    average_run_out_days: ExactNumber | None = strawberry.field(
        description="In how many days credit ends on average, of prepaid accounts that have a"
        " forecast or no credit left; null when there is none."
    )
    run_outs: list[RunOutCount] = strawberry.field(
        description="Those accounts, by when their credit is expected to end."
    )

    @classmethod
    def of(cls, standing: queries.Standing, currency: str) -> Self:
        days = standing.run_out_days
        return cls(
            as_of=DateTime(standing.as_of),
            segments=[
                SegmentCount(segment=segment, account_count=count)
                for segment, count in standing.segments.items()
            ],
            below_warning_count=standing.below_warning,
            balance=Money.of(standing.balance, currency),
            debt=Money.of(standing.debt, currency),
            emergency_used=Money.of(standing.emergency_used, currency),
            in_flight=Money.of(standing.in_flight, currency),
            daily_use=Money.of(standing.daily_use, currency),
            average_run_out_days=None if days is None else ExactNumber(days.quantize(HUNDREDTH)),
            run_outs=RunOutCount.of(list(standing.run_outs)),
        )


@strawberry.type(description="What a local day or month comes to.")
class IndicatorBucket:
    start: DateTime = strawberry.field(description="When it begins, inclusive.")
    end: DateTime = strawberry.field(description="When it ends, exclusive.")
    paid: Money = strawberry.field(description="What was paid, in cash, by bank or a provider.")
    paid_back: Money = strawberry.field(description="What of payments went back.")
    payment_count: int = strawberry.field(
        description="How many payments there were. One that paid invoices and bought credit is two."
    )
    charged: Money = strawberry.field(description="What the energy of these days costs.")
    energy: Kwh = strawberry.field(
        description="What was consumed, on the consumer's side of transformers, on the day of the"
        " reading that tells."
    )
    is_settled: bool = strawberry.field(
        description="Whether every charge is counted, until readings come late."
    )
    charged_as_of: DateTime | None = strawberry.field(
        description="Of when charges and energy are as long as they are not settled; null when"
        " they are, or nobody has looked yet."
    )
    movements: list[IndicatorMovement] = strawberry.field(
        description="All entries of the books that are dated in it, by kind and side."
    )
    standing: IndicatorStanding | None = strawberry.field(
        description="How accounts stood at its end; null when nobody looked."
    )

    @classmethod
    def of(cls, bucket: queries.Bucket, currency: str, zone: ZoneInfo) -> Self:
        standing, charged = bucket.standing, bucket.charged
        return cls(
            start=DateTime(midnight(bucket.first, zone)),
            end=DateTime(midnight(bucket.end, zone)),
            paid=Money.of(bucket.paid, currency),
            paid_back=Money.of(bucket.paid_back, currency),
            payment_count=bucket.payments,
            charged=Money.of(charged.amount, currency),
            energy=kwh(charged.energy_wh),
            is_settled=charged.is_settled,
            charged_as_of=None if charged.as_of is None else DateTime(charged.as_of),
            movements=[IndicatorMovement.of(one, currency) for one in bucket.movements],
            standing=None if standing is None else IndicatorStanding.of(standing, currency),
        )


@strawberry.type(description="The indicators of a branch, of a field, or of all that you may see.")
class IndicatorGroup:
    row_id: strawberry.Private[int]
    by: strawberry.Private[IndicatorGrouping]
    buckets: list[IndicatorBucket] = strawberry.field(description="The buckets, oldest first.")

    @classmethod
    def of(cls, group: queries.Group, *, by: IndicatorGrouping, zone: ZoneInfo) -> Self:
        buckets = [IndicatorBucket.of(one, group.currency, zone) for one in group.buckets]
        return cls(row_id=group.id, by=by, buckets=buckets)

    @strawberry.field(
        description="Which branch, when they are told by branch.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def branch(self, info: Info) -> Branch | None:
        if self.by is not IndicatorGrouping.BRANCH:
            return None
        row = await info.context.loaders.row(BRANCHES).load(self.row_id)
        return None if row is None else Branch.of(row)

    @strawberry.field(
        description="Which field, when they are told by field.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def field(self, info: Info) -> Field | None:
        if self.by is not IndicatorGrouping.FIELD:
            return None
        row = await info.context.loaders.row(FIELDS).load(self.row_id)
        return None if row is None else Field.of(row)
