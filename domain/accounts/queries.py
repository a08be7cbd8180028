"""Reading subscribers and accounts, and how the accounts stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from db.access import Connection
from db.enums import BillingMode, Segment, Supply
from domain.accounts.facets import ACCOUNT_FACETS, SUBSCRIBER_FACETS
from domain.accounts.forecasts import smallest_top_up
from domain.accounts.rules import Limits, emergency_credit_offered, is_cut_pending, segment
from domain.hierarchy.queries import METERS
from domain.listing import Listing, Record, Relation, Wall, fetch
from domain.metering.queries import POINTS
from domain.money import decimals_of, major
from domain.topups.clearing import Owed, Share
from domain.topups.shares import SHARE, share_of

IS_PROTECTED = """exists (
    select from protection_proof pp join company c on c.id = pp.company_id
    where pp.company_id = subscriber.company_id and pp.subscriber_id = subscriber.id
        and ({now}::timestamptz at time zone c.time_zone)::date
            between pp.valid_from and coalesce(pp.valid_until, 'infinity')) as is_protected"""
SUBSCRIBERS = Listing(
    table="subscriber",
    columns=("id", "reference", "erased_at", "erasure_reason", IS_PROTECTED, "version"),
    facets=SUBSCRIBER_FACETS,
    order="reference",
)
TARIFF_NOW = """(
    select t.tariff_id from account_tariffs(account.company_id, account.id) t
    where t.starts_at <= {now}::timestamptz
        and (t.ends_at is null or t.ends_at > {now}::timestamptz)) as tariff_id"""
ACCOUNTS = Listing(
    table="account",
    columns=(
        "id",
        "number",
        "subscriber_id",
        "premises_id",
        TARIFF_NOW,
        "billing_mode",
        "category",
        "warning_limit_micro",
        "cut_off_limit_micro",
        "reconnect_limit_micro",
        "opened_at",
        "closed_at",
        "suspended_at",
        "suspension_reason",
        "version",
    ),
    facets=ACCOUNT_FACETS,
    order="number",
)

ACCOUNTS_OF_SUBSCRIBER = Relation(ACCOUNTS, "account.subscriber_id = parent.id")
ACCOUNTS_OF_PREMISES = Relation(ACCOUNTS, "account.premises_id = parent.id")
POINTS_OF_ACCOUNT = Relation(
    POINTS,
    """exists (
        select from account_point ap
        where ap.company_id = metering_point.company_id and ap.point_id = metering_point.id
            and ap.account_id = parent.id
            and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz
    )""",
)
METERS_OF_ACCOUNT = Relation(
    METERS,
    """exists (
        select from mounting mo
        join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        where mo.company_id = meter.company_id and mo.meter_id = meter.id
            and ap.account_id = parent.id
            and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
            and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz
    )""",
)

STANDINGS = (
    """
    select a.id, a.billing_mode, a.closed_at, a.suspended_at, c.currency,
        b.balance_micro, b.changed_at, b.debt_micro, b.emergency_used_micro, b.in_flight_micro,
        coalesce(a.warning_limit_micro, c.warning_limit_micro) as warning_limit_micro,
        coalesce(a.cut_off_limit_micro, c.cut_off_limit_micro) as cut_off_limit_micro,
        coalesce(a.reconnect_limit_micro, c.reconnect_limit_micro) as reconnect_limit_micro,
        c.warning_margin_micro, c.emergency_credit_micro, c.emergency_near_micro,
        c.top_up_minimum_micro,"""
    + SHARE.format(at="{now}")
    + """,
        meters.supplies, meters.billed_at, meters.reading_period_s
    from account a
    join company c on c.id = a.company_id
    join account_balance b on b.company_id = a.company_id and b.account_id = a.id
    cross join lateral (
        select coalesce(array_agg(m.supply), '{{}}') as supplies,
            min(coalesce(s.billed_at, greatest(ap.started_at, mo.started_at))) as billed_at,
            max(r.reading_period_s) as reading_period_s
        from account_point ap
        join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
            and p.role in ('BILLING', 'COMMON_AREA')
        join mounting mo on mo.company_id = ap.company_id and mo.point_id = ap.point_id
            and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
        join meter m on m.company_id = mo.company_id and m.id = mo.meter_id
        join rf_module r on r.company_id = m.company_id and r.id = m.rf_module_id
        left join billing_state s on s.company_id = m.company_id and s.meter_id = m.id
        where ap.company_id = a.company_id and ap.account_id = a.id
            and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz
    ) meters
    where a.company_id = {company} and a.id = any({ids}::int8[])
"""
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's balance, what stands beside it (ADR 9), and what follows from it.

    is_watched: it pays in advance, and is neither closed nor suspended: it may be warned.
    emergency_offered_micro: what may be borrowed now, if anything.
    share: what of a payment goes to debt, as it would be paid now.
    margin_micro: how far above the warning limit it has recovered.
    as_of: up to when all its energy is charged: the time of the meter that is furthest behind.
    reading_period: how often news may be expected; None when no meter feeds the account.
    """

    balance_micro: int
    debt: Decimal
    emergency_used: Decimal
    in_flight: Decimal
    currency: str
    is_watched: bool
    limits: Limits
    margin_micro: int
    share: Share | None
    top_up_minimum_micro: int
    emergency_offered_micro: int | None
    as_of: datetime
    reading_period: timedelta | None
    segment: Segment

    @classmethod
    def of(cls, row: Record) -> Self:
        period_s = row["reading_period_s"]
        mode = BillingMode(row["billing_mode"])
        limits = Limits.of(
            warning_micro=row["warning_limit_micro"],
            cut_off_micro=row["cut_off_limit_micro"],
            reconnect_micro=row["reconnect_limit_micro"],
        )
        is_watched = (
            mode is BillingMode.PREPAID and row["closed_at"] is None and row["suspended_at"] is None
        )
        near_micro = row["emergency_near_micro"]
        return cls(
            balance_micro=row["balance_micro"],
            debt=major(row["debt_micro"]),
            emergency_used=major(row["emergency_used_micro"]),
            in_flight=major(row["in_flight_micro"]),
            currency=row["currency"],
            is_watched=is_watched,
            limits=limits,
            margin_micro=row["warning_margin_micro"],
            share=share_of(row),
            top_up_minimum_micro=row["top_up_minimum_micro"],
            emergency_offered_micro=emergency_credit_offered(
                lent_micro=row["emergency_credit_micro"] if is_watched else 0,
                near_micro=limits.warning_micro if near_micro is None else near_micro,
                balance_micro=row["balance_micro"],
                used_micro=row["emergency_used_micro"],
            ),
            as_of=row["billed_at"] or row["changed_at"],
            reading_period=None if period_s is None else timedelta(seconds=period_s),
            segment=segment(
                billing_mode=mode,
                supplies=[Supply(supply) for supply in row["supplies"]],
                balance_micro=row["balance_micro"],
                warning_limit_micro=limits.warning_micro,
            ),
        )

    @property
    def balance(self) -> Decimal:
        """In major units."""
        return major(self.balance_micro)

    @property
    def is_without_supply(self) -> bool:
        return self.segment is Segment.NO_ENERGY

    @property
    def is_cut_pending(self) -> bool:
        return is_cut_pending(self.segment, balance_micro=self.balance_micro, limits=self.limits)

    @property
    def is_used_up(self) -> bool:
        return self.balance_micro <= self.limits.cut_off_micro

    @property
    def smallest_top_up_micro(self) -> int | None:
        if not self.is_watched:
            return None
        owed = Owed.of(
            debt=self.debt,
            balance=self.balance,
            emergency_used=self.emergency_used,
            share=self.share,
        )
        return smallest_top_up(
            owed,
            limits=self.limits,
            margin_micro=self.margin_micro,
            share=self.share,
            minimum_micro=self.top_up_minimum_micro,
            decimals=decimals_of(self.currency),
        )


async def standings(
    connection: Connection, account_ids: Sequence[int], *, wall: Wall
) -> dict[int, Standing]:
    """Return how accounts stand at the wall's `now`, by account."""
    rows = await fetch(connection, STANDINGS, {**wall.values, "ids": list(account_ids)})
    return {row["id"]: Standing.of(row) for row in rows}
