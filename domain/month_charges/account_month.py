"""What one account is charged for a month as a whole, with what that changes of its year."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from db.access import Connection
from db.ids import AccountId, CompanyId, PointId
from domain.invoices.rules import Month
from domain.ledger.posting import LOCK_BALANCES
from domain.month_charges import measures, posting, stored
from domain.month_charges.measured import Measured, demand_registers, due
from domain.month_charges.netting_measures import netting_of
from domain.month_charges.terms import PointTerms, terms_of
from domain.month_charges.verdicts import Judged, year
from domain.tariffs.flows import Span

Verdicts = Sequence[tuple[Measured, Judged]]


async def charge(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    month: Month,
    zone: ZoneInfo,
    now: datetime,
) -> int:
    """Measure a month of an account, judge its year, and post what is due and was not charged.

    In the caller's transaction; safe to repeat. Returns how many revisions were posted.
    """
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    known = await stored.kept(connection, company_id, account_id, month.first.year)
    before = {one.point_id: one for one in known if one.month == month}
    found = await terms_of(
        connection,
        company_id=company_id,
        account_id=account_id,
        within=Span(month.starts_at(zone), month.ends_at(zone)),
    )
    verdicts = await _judged(
        connection,
        company_id,
        [
            *(one for one in known if one.month != month),
            *await _measured(connection, company_id, account_id, month, zone, found, before),
        ],
    )
    await stored.keep(connection, company_id, account_id, verdicts, now=now)
    posted = 0
    for one in _unsettled(verdicts, month):
        posted += await posting.settle(
            connection,
            company_id=company_id,
            account_id=account_id,
            month=one,
            due=due((of for of in verdicts if of[0].month == one), zone),
            now=now,
        )
    return posted


async def _measured(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    month: Month,
    zone: ZoneInfo,
    found: Sequence[PointTerms],
    before: Mapping[PointId, Measured],
) -> list[Measured]:
    made = {point_id: one.unmeasured() for point_id, one in before.items()}
    for terms in found:
        registers = () if terms.is_shared else demand_registers(terms.version)
        measured = Measured(
            point_id=terms.point_id,
            month=month,
            tariff_id=terms.tariff_id,
            version_from=terms.version_from,
            version=terms.version,
            facts=terms.facts,
            is_shared=terms.is_shared,
            energies=await measures.energies_of(connection, company_id, terms.pieces),
            peaks=await measures.peaks_of(connection, company_id, terms.pieces, registers),
            netting=await netting_of(connection, company_id, account_id, terms, month.last, zone),
        )
        made[terms.point_id] = measured.after(before.get(terms.point_id))
    return list(made.values())


async def _judged(
    connection: Connection, company_id: CompanyId, known: Sequence[Measured]
) -> Verdicts:
    """Return all months of a year with what becomes of them, by point and time."""
    if not known:
        return []
    by_point: dict[PointId, list[Measured]] = defaultdict(list)
    for one in sorted(known, key=lambda one: (one.point_id, one.month)):
        by_point[one.point_id].append(one)
    of_year = known[0].month.first.year
    faults = await stored.faults(connection, company_id, sorted(by_point), of_year)
    made: list[tuple[Measured, Judged]] = []
    for point_id, months in by_point.items():
        told = [
            replace(one, compensation_fault=(point_id, one.month.first) in faults) for one in months
        ]
        judged = year([one.month_facts() for one in told])
        made += [(one, judged[one.month.first]) for one in told]
    return made


def _unsettled(verdicts: Verdicts, month: Month) -> list[Month]:
    """Return the months to be charged: this one, and those that are judged otherwise by now."""
    otherwise = {one.month for one, judged in verdicts if one.charged_varh != judged.charged_varh}
    return sorted({month} | otherwise)
