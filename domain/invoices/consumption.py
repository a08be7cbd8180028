"""What accounts used in a month, by meter and price, and what the books charged them for it.

The one place that says what a monthly invoice charges; whatever else is charged comes in here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from db.access import Connection
from db.enums import InvoiceLineKind
from db.ids import AccountId, CompanyId, MeterId
from domain.billing.portions import apportioned
from domain.billing.rules import cost_micro
from domain.invoices.indexes import Spot, indexes
from domain.invoices.rules import Index, InvoiceLine, Metered, Month, settlements
from domain.listing import Record
from domain.money import major

# Readings come up to 90 days late, and what they change is settled with the next invoice.
SETTLED_MONTHS_MAX = 4

Charges: TypeAlias = dict[AccountId, dict[Month, Decimal]]

SEGMENTS = """
    select ap.account_id, mo.meter_id, m.serial, mo.multiplier, v.price_per_kwh,
        greatest(mo.started_at, ap.started_at, v.valid_from, t.starts_at) as starts_at,
        least(mo.ended_at, ap.ended_at, v.valid_until, t.ends_at) as ends_at,
        greatest(mo.started_at, ap.started_at) as counted_from, sharers.account_ids,
        sharers.shares_ppm
    from account_point ap
    left join lateral (
        select array_agg(o.account_id order by o.account_id) as account_ids,
            array_agg(o.share_ppm order by o.account_id) as shares_ppm
        from account_point o
        where o.company_id = ap.company_id and o.point_id = ap.point_id
            and o.sharing_id = ap.sharing_id
    ) sharers on ap.share_ppm < 1000000
    join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join mounting mo on mo.company_id = ap.company_id and mo.point_id = ap.point_id
    join meter m on m.company_id = mo.company_id and m.id = mo.meter_id
    cross join lateral account_tariffs(ap.company_id, ap.account_id) t
    join tariff_version v on v.company_id = ap.company_id and v.tariff_id = t.tariff_id
        and v.state = 'ACTIVE'
    where ap.company_id = $1 and ap.account_id = any($2::int8[])
        and greatest(mo.started_at, ap.started_at, v.valid_from, t.starts_at)
            < least(mo.ended_at, ap.ended_at, v.valid_until, t.ends_at, $4)
        and coalesce(least(mo.ended_at, ap.ended_at, v.valid_until, t.ends_at), 'infinity') > $3
    order by ap.account_id, m.serial, starts_at
"""
POSTED = """
    select account_id, date_trunc('month', local_date)::date as month,
        sum(posted_micro)::int8 as amount_micro
    from accrual
    where company_id = $1 and account_id = any($2::int8[])
        and local_date >= $3::date and local_date < $4::date
    group by 1, 2
"""
# From the first month on that was invoiced at all: what was before was paid in another way.
INVOICED = """
    select i.account_id, l.energy_month as month, sum(l.amount_micro)::int8 as amount_micro
    from invoice i
    join invoice_line l on l.company_id = i.company_id and l.invoice_id = i.id
    where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
        and i.month >= $3::date and l.energy_month >= $3::date
    group by 1, 2
"""
FIRST_INVOICED = """
    select account_id, min(month) as month from invoice
    where company_id = $1 and account_id = any($2::int8[]) and kind = 'MONTHLY' group by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What of a segment of constant terms lies in the month."""

    row: Record
    first_at: datetime
    last_at: datetime

    def spots(self) -> Iterable[Spot]:
        meter_id = MeterId(self.row["meter_id"])
        yield (meter_id, self.first_at)
        yield (meter_id, self.last_at)
        yield (meter_id, self.base_at)

    @property
    def base_at(self) -> datetime:
        """From where on its charges count: what is shared, since these accounts share it."""
        at: datetime = self.row["starts_at" if self.row["account_ids"] is None else "counted_from"]
        return at

    def line(self, known: Mapping[Spot, Index], month: Month) -> InvoiceLine | None:
        """Return the line of its energy, priced cumulatively as the charges were."""
        found = [known.get(spot) for spot in self.spots()]
        first, last, base = found
        if first is None or last is None or base is None:
            return None
        first_wh, last_wh = (self._counted(index, base) for index in (first, last))
        metered = Metered(
            meter_id=MeterId(self.row["meter_id"]),
            serial=self.row["serial"],
            multiplier=self.row["multiplier"],
            first=first,
            last=last,
            price_per_kwh=self.row["price_per_kwh"],
            shared_wh=None if self.row["account_ids"] is None else last_wh - first_wh,
        )
        if metered.price_per_kwh is None:
            return InvoiceLine(
                kind=InvoiceLineKind.ENERGY, amount=Decimal(0), energy_month=month, metered=metered
            )
        until, since = (
            cost_micro(
                price_per_kwh=metered.price_per_kwh,
                multiplier=metered.multiplier,
                energy_wh=energy_wh,
            )
            for energy_wh in (last_wh, first_wh)
        )
        return InvoiceLine(
            kind=InvoiceLineKind.ENERGY,
            amount=major(until - since),
            energy_month=month,
            metered=metered,
        )

    def _counted(self, index: Index, base: Index) -> int:
        """Return the Wh that its charges count up to an index."""
        energy_wh = index.index_wh - base.index_wh
        if self.row["account_ids"] is None:
            return energy_wh
        shares = list(zip(self.row["account_ids"], self.row["shares_ppm"], strict=True))
        return apportioned(energy_wh, shares)[self.row["account_id"]]


async def month_lines(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
) -> dict[AccountId, list[InvoiceLine]]:
    """Return the lines of accounts for a month, which sum to what the books charged them.

    Accounts without any have none. What came late of months that were invoiced is settled with a
    line for each; so is what no line of energy tells.
    """
    lines = await _energy_lines(connection, company_id, account_ids, month, zone)
    since = month.moved(-SETTLED_MONTHS_MAX)
    posted = await _charges(
        connection, POSTED, company_id, account_ids, since.first, month.moved(1).first
    )
    invoiced = await _charges(connection, INVOICED, company_id, account_ids, since.first)
    firsts = {
        AccountId(row["account_id"]): Month(row["month"])
        for row in await connection.fetch(FIRST_INVOICED, company_id, account_ids)
    }
    for account_id in posted:
        first = min(firsts.get(account_id, month), month)
        due = {m: amount for m, amount in posted[account_id].items() if m >= first}
        told = dict(invoiced.get(account_id, {}))
        told_month = told.get(month, Decimal(0))
        _charge_components(lines[account_id], due.get(month, Decimal(0)) - told_month)
        of_energy = sum((line.amount for line in lines[account_id]), Decimal(0))
        told[month] = told_month + of_energy
        lines[account_id] += settlements(due, told)
    return {account_id: made for account_id, made in lines.items() if made}


def _charge_components(lines: list[InvoiceLine], charged: Decimal) -> None:
    """Put what the books charged beyond single prices on the last meter with components.

    charged: all of the month. A tariff with components has no one price to tell.
    """
    unpriced = [
        place
        for place, line in enumerate(lines)
        if line.metered is not None and line.metered.price_per_kwh is None
    ]
    if unpriced:
        rest = charged - sum((line.amount for line in lines), Decimal(0))
        lines[unpriced[-1]] = replace(lines[unpriced[-1]], amount=rest)


async def _energy_lines(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
) -> dict[AccountId, list[InvoiceLine]]:
    start, end = month.starts_at(zone), month.ends_at(zone)
    stretches = [
        _Stretch(
            row=row,
            first_at=max(row["starts_at"], start),
            last_at=end if row["ends_at"] is None else min(row["ends_at"], end),
        )
        for row in await connection.fetch(SEGMENTS, company_id, account_ids, start, end)
    ]
    spots = {spot for stretch in stretches for spot in stretch.spots()}
    known = await indexes(connection, company_id=company_id, spots=spots)
    lines: dict[AccountId, list[InvoiceLine]] = defaultdict(list)
    for stretch in stretches:
        line = stretch.line(known, month)
        if line is not None:
            lines[stretch.row["account_id"]].append(line)
    return lines


async def _charges(
    connection: Connection,
    query: str,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    *days: object,
) -> Charges:
    charges: Charges = defaultdict(dict)
    for row in await connection.fetch(query, company_id, account_ids, *days):
        charges[row["account_id"]][Month(row["month"])] = major(row["amount_micro"])
    return charges
