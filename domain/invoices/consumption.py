"""What accounts used in a month, and what the books charged them for it.

The one place that says what a monthly invoice charges; whatever else is charged comes in here.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId
from domain.billing.rules import Segment
from domain.billing.version_registers import registers_of
from domain.invoices.charges import invoiced_by_month, posted_by_month
from domain.invoices.energy import Facts, counted_from, instants, parts_of, spots
from domain.invoices.indexes import indexes
from domain.invoices.late import by_component
from domain.invoices.marks import Known, known_around, tell_registers
from domain.invoices.postpaid import Spans, postpaid_spans, while_postpaid
from domain.invoices.rules import InvoiceLine, Month, Parts, taxes_together
from domain.invoices.settlements import Charged, settlements
from domain.invoices.stretches import Stretch, stretches
from domain.month_charges.invoiced import charged_parts
from domain.profiles.queries import with_profiles
from domain.tariffs.flows import Span

# Readings come up to 90 days late, and what they change is settled with the next invoice.
SETTLED_MONTHS_MAX = 4

# A month as a whole may be judged otherwise a year later, and is settled then as well.
REVISED_SINCE = """
    select min(month) from month_charge
    where company_id = $1 and account_id = any($2::int8[]) and charged_at >= $3
"""
FIRST_INVOICED = """
    select account_id, min(month) as month from invoice
    where company_id = $1 and account_id = any($2::int8[]) and kind = 'MONTHLY' group by 1
"""


async def month_parts(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
) -> dict[AccountId, Parts]:
    """Return the lines and taxes of accounts for a month: the sum of what the books charged them.

    Only of the days on which they paid later; accounts without any have none. What came late of
    months that were invoiced is settled by component, else with a line for each month; so is what
    no line of energy tells.
    """

    async def parts_in(month: Month, account_ids: Sequence[AccountId]) -> dict[AccountId, Parts]:
        return await _used(connection, company_id, account_ids, month, zone)

    parts = await parts_in(month, account_ids)
    since = await _settled_since(connection, company_id, account_ids, month, zone)
    whose, until = (company_id, account_ids, since), month.moved(1).first
    posted = await posted_by_month(connection, *whose, until)
    invoiced = await invoiced_by_month(connection, *whose)
    firsts = {
        AccountId(row["account_id"]): Month(row["month"])
        for row in await connection.fetch(FIRST_INVOICED, company_id, account_ids)
    }
    settled: dict[AccountId, list[InvoiceLine]] = {}
    for account_id in {*parts, *posted}:
        first = min(firsts.get(account_id, month), month)
        due = {m: one for m, one in posted[account_id].items() if m >= first}
        made = parts.get(account_id, Parts())
        told = invoiced[account_id]
        told[month].gross += _gross(made)
        told[month].add(made.taxes)
        settled[account_id] = settlements({month: Charged(), **due}, told)
    late = await by_component(
        connection, company_id=company_id, settled=settled, current=month, parts_in=parts_in
    )
    for account_id, lines in late.items():
        taxes = taxes_together(tax for line in lines for tax in line.taxes)
        parts[account_id] = _together(parts.get(account_id, Parts()), Parts(lines, taxes))
    return {account_id: made for account_id, made in parts.items() if made.lines}


def settled_days(month: Month) -> tuple[date, date]:
    """Return the first day that a month's invoice may tell of, and the one after its last."""
    return month.moved(-SETTLED_MONTHS_MAX).first, month.moved(1).first


async def _used(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
) -> dict[AccountId, Parts]:
    """Return what accounts used in a month, and what it was charged as a whole."""
    within = Span(month.starts_at(zone), month.ends_at(zone))
    spans = await postpaid_spans(
        connection, company_id=company_id, account_ids=account_ids, within=within, zone=zone
    )
    parts = await _energy(connection, company_id, account_ids, month, zone, spans)
    at_end = [one for one, found in spans.items() if found[-1].ends_at == within.ends_at]
    as_a_whole = await charged_parts(connection, company_id, at_end, month)
    for account_id, made in as_a_whole.items():
        parts[account_id] = _together(parts.get(account_id, Parts()), made)
    return parts


async def _settled_since(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
) -> date:
    """Return the first day of the months to which something may have been charged late."""
    earliest = month.moved(-SETTLED_MONTHS_MAX)
    revised: date | None = await connection.fetchval(
        REVISED_SINCE, company_id, account_ids, earliest.starts_at(zone)
    )
    return min(earliest.first, revised or earliest.first)


def _together(*parts: Parts) -> Parts:
    return Parts(
        [line for one in parts for line in one.lines],
        taxes_together(tax for one in parts for tax in one.taxes),
    )


def _gross(parts: Parts) -> Decimal:
    of_lines = sum((line.amount for line in parts.lines), Decimal(0))
    return sum((tax.amount for tax in parts.taxes), of_lines)


async def _energy(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    month: Month,
    zone: ZoneInfo,
    spans: Spans,
) -> dict[AccountId, Parts]:
    within = Span(month.starts_at(zone), month.ends_at(zone))
    found = while_postpaid(
        await stretches(connection, company_id=company_id, account_ids=account_ids, within=within),
        spans,
    )
    priced = [one for one in found if one.segment.version is None]
    facts = Facts(
        month=month,
        zone=zone,
        indexes=await indexes(
            connection,
            company_id=company_id,
            spots={spot for stretch in priced for spot in spots(stretch)},
        ),
        known=await _known(
            connection, company_id, [one for one in found if one.segment.version], within, zone
        ),
    )
    made: dict[AccountId, list[Parts]] = defaultdict(list)
    for stretch in found:
        made[stretch.segment.account_id].append(parts_of(stretch, facts))
    return {account_id: _together(*parts) for account_id, parts in made.items()}


async def _known(
    connection: Connection,
    company_id: CompanyId,
    found: Sequence[Stretch],
    within: Span,
    zone: ZoneInfo,
) -> dict[MeterId, Known]:
    """Return what is known of the meters whose stretches are priced by a version."""
    spans: dict[Span, set[MeterId]] = defaultdict(set)
    by_registers: dict[MeterId, list[Segment]] = defaultdict(list)
    profiled = await with_profiles(
        connection,
        company_id=company_id,
        meter_ids={stretch.meter_id for stretch in found},
        start=within.starts_at,
        end=within.ends_at,
    )
    for stretch in found:
        spans[within].add(stretch.meter_id)
        at = counted_from(stretch, zone)
        if at is not None:
            spans[Span(at, at)].add(stretch.meter_id)
        version = stretch.segment.version
        if version and (registers_of(version) or stretch.meter_id in profiled):
            by_registers[stretch.meter_id].append(stretch.segment)
    edges = {at for stretch in found for at in instants(stretch, zone)}
    known = await known_around(connection, company_id=company_id, spans=spans, instants=edges)
    await tell_registers(
        connection, known, company_id=company_id, segments=by_registers, within=within, zone=zone
    )
    return known
