"""What is kept of judged months, and what months were charged."""

from collections.abc import Sequence
from datetime import date, datetime

import orjson

from db.access import Connection
from db.enums import ComponentKind, LedgerAccountKind, LineUnit, NotJudged
from db.ids import AccountId, CompanyId, JournalId, PointId, TariffId
from domain.invoices.rules import Month
from domain.listing import Record
from domain.month_charges import kept_netting, kept_readings
from domain.month_charges.charges import Amount, Charges, LineKey, Taxed, TaxKey
from domain.month_charges.energies import Energies
from domain.month_charges.measured import Measured
from domain.month_charges.netting import Netted
from domain.month_charges.verdicts import Facts, Judged
from domain.tariffs.definitions import read

# Whose verdicts a year has: all months that are kept of an account.
KEPT = """
    select m.*, v.definition
    from month_verdict m
    join tariff_version v on v.company_id = $1 and v.tariff_id = m.tariff_id
        and v.valid_from = m.version_from and v.state = 'ACTIVE'
    where m.company_id = $1 and m.account_id = $2 and m.month >= $3 and m.month < $4
    order by m.point_id, m.month
"""
FAULTS = """
    select point_id, month from compensation_fault
    where company_id = $1 and point_id = any($2::int8[]) and month >= $3 and month < $4
        and revoked_at is null
"""
KEEP = """
    insert into month_verdict (company_id, account_id, point_id, month, tariff_id, version_from,
        category, installed_kva, connection_kw, phases, active_wh, inductive_varh, capacitive_varh,
        peaks_w, compensation_fault, not_judged, inductive_limit, capacitive_limit, inductive_over,
        capacitive_over, charged_varh, waived, recalled_by, judged_at, netting, measured_by,
        peaks_told_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $24, $25, $26, $27)
    on conflict (company_id, account_id, point_id, month) do update
    set tariff_id = excluded.tariff_id, version_from = excluded.version_from,
        category = excluded.category, installed_kva = excluded.installed_kva,
        connection_kw = excluded.connection_kw, phases = excluded.phases,
        active_wh = excluded.active_wh, inductive_varh = excluded.inductive_varh,
        capacitive_varh = excluded.capacitive_varh, peaks_w = excluded.peaks_w,
        compensation_fault = excluded.compensation_fault, not_judged = excluded.not_judged,
        inductive_limit = excluded.inductive_limit, capacitive_limit = excluded.capacitive_limit,
        inductive_over = excluded.inductive_over, capacitive_over = excluded.capacitive_over,
        charged_varh = excluded.charged_varh, waived = excluded.waived,
        recalled_by = excluded.recalled_by, judged_at = excluded.judged_at,
        netting = excluded.netting, measured_by = excluded.measured_by,
        peaks_told_by = excluded.peaks_told_by
"""
CHARGED_LINES = """
    select point_id, component, kind, unit, price, rate, sum(quantity) as quantity,
        sum(amount_micro)::int8 as amount_micro
    from month_charge_line where company_id = $1 and account_id = $2 and month = $3
    group by 1, 2, 3, 4, 5, 6 order by min(revision), min(line)
"""
CHARGED_TAXES = """
    select l.point_id, l.component, l.kind, l.unit, l.price, l.rate as of_rate, t.side, t.name,
        t.rate, sum(t.base_micro)::int8 as base_micro, sum(t.amount_micro)::int8 as amount_micro
    from month_charge_tax t
    join month_charge_line l on (l.company_id, l.account_id, l.month, l.revision, l.line)
        = (t.company_id, t.account_id, t.month, t.revision, t.line)
    where t.company_id = $1 and t.account_id = $2 and t.month = $3
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by min(t.revision), min(t.line), min(t.place)
"""
LAST_REVISION = """
    select coalesce(max(revision), 0) from month_charge
    where company_id = $1 and account_id = $2 and month = $3
"""
ADD = """
    insert into month_charge (company_id, account_id, month, revision, journal_id, amount_micro,
        charged_at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
ADD_LINE = """
    insert into month_charge_line (company_id, account_id, month, revision, line, point_id,
        component, kind, unit, price, rate, quantity, amount_micro)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
ADD_TAX = """
    insert into month_charge_tax (company_id, account_id, month, revision, line, place, side, name,
        rate, base_micro, amount_micro)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def kept(
    connection: Connection, company_id: CompanyId, account_id: AccountId, year: int
) -> list[Measured]:
    """Return what is kept of an account's months of a year, by point and time."""
    rows = await connection.fetch(KEPT, company_id, account_id, *_bounds(year))
    return [_measured(row) for row in rows]


def _measured(row: Record) -> Measured:
    reason = NotJudged.READINGS_MISSING
    if row["not_judged"] is not None and NotJudged(row["not_judged"]) in (
        NotJudged.READINGS_IMPLAUSIBLE,
        NotJudged.READINGS_MISSING,
    ):
        reason = NotJudged(row["not_judged"])
    known = row["active_wh"] is not None
    energies = Energies(
        row["active_wh"],
        row["inductive_varh"],
        row["capacitive_varh"],
        kept_readings.read(orjson.loads(row["measured_by"])),
    )
    return Measured(
        point_id=PointId(row["point_id"]),
        month=Month(row["month"]),
        tariff_id=TariffId(row["tariff_id"]),
        version_from=row["version_from"],
        version=read(orjson.loads(row["definition"])),
        facts=Facts(
            installed_kva=row["installed_kva"],
            connection_kw=row["connection_kw"],
            phases=row["phases"],
            category=row["category"],
        ),
        is_shared=row["not_judged"] == NotJudged.SHARED,
        energies=energies if known else reason,
        peaks=kept_readings.read_peaks(
            orjson.loads(row["peaks_w"]), orjson.loads(row["peaks_told_by"])
        ),
        compensation_fault=row["compensation_fault"],
        charged_varh=row["charged_varh"],
        netting=netting_kept(row),
    )


def netting_kept(row: Record) -> Netted | None:
    """Return what is netted of the month of a row; None where its tariff nets nothing."""
    said = row["netting"]
    return None if said is None else kept_netting.read(orjson.loads(said))


async def faults(
    connection: Connection, company_id: CompanyId, point_ids: Sequence[PointId], year: int
) -> set[tuple[PointId, date]]:
    """Return the months in which a fault of compensation is recorded, by point."""
    rows = await connection.fetch(FAULTS, company_id, point_ids, *_bounds(year))
    return {(PointId(row["point_id"]), row["month"]) for row in rows}


async def keep(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    verdicts: Sequence[tuple[Measured, Judged]],
    *,
    now: datetime,
) -> None:
    """Keep what became of months, in place of what was kept before."""
    await connection.executemany(
        KEEP,
        [_row(company_id, account_id, measured, judged, now) for measured, judged in verdicts],
    )


def _row(
    company_id: CompanyId, account_id: AccountId, measured: Measured, judged: Judged, now: datetime
) -> tuple[object, ...]:
    facts, verdict, limits = measured.facts, judged.verdict, judged.limits
    energies = measured.energies if isinstance(measured.energies, Energies) else None
    return (
        company_id,
        account_id,
        measured.point_id,
        measured.month.first,
        measured.tariff_id,
        measured.version_from,
        facts.category,
        facts.installed_kva,
        facts.connection_kw,
        facts.phases,
        None if energies is None else energies.active_wh,
        None if energies is None else energies.inductive_varh,
        None if energies is None else energies.capacitive_varh,
        orjson.dumps(
            {name: None if one is None else one.power_w for name, one in measured.peaks.items()}
        ).decode(),
        measured.compensation_fault,
        judged.not_judged,
        None if limits is None else limits.inductive,
        None if limits is None else limits.capacitive,
        verdict is not None and verdict.inductive_over,
        verdict is not None and verdict.capacitive_over,
        judged.charged_varh,
        verdict is not None and verdict.waived,
        judged.recalled_by,
        now,
        _netting_written(measured),
        orjson.dumps(kept_readings.written(energies.measured_by if energies else ())).decode(),
        orjson.dumps(kept_readings.peaks_written(measured.peaks)).decode(),
    )


def _netting_written(measured: Measured) -> str | None:
    netting = measured.netting
    return None if netting is None else orjson.dumps(kept_netting.written(netting)).decode()


async def charged(
    connection: Connection, company_id: CompanyId, account_id: AccountId, month: Month
) -> Charges:
    """Return the sum of all revisions of a month."""
    made = Charges()
    for row in await connection.fetch(CHARGED_LINES, company_id, account_id, month.first):
        made.lines[_key(row, row["rate"])] = Amount(row["quantity"], row["amount_micro"])
    for row in await connection.fetch(CHARGED_TAXES, company_id, account_id, month.first):
        of = TaxKey(
            _key(row, row["of_rate"]), LedgerAccountKind(row["side"]), row["name"], row["rate"]
        )
        made.taxes[of] = Taxed(row["base_micro"], row["amount_micro"])
    return made


def _key(row: Record, rate: str) -> LineKey:
    return LineKey(
        PointId(row["point_id"]),
        row["component"],
        ComponentKind(row["kind"]),
        LineUnit(row["unit"]),
        row["price"],
        rate,
    )


async def last_revision(
    connection: Connection, company_id: CompanyId, account_id: AccountId, month: Month
) -> int:
    return int(await connection.fetchval(LAST_REVISION, company_id, account_id, month.first))


async def add(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    month: Month,
    revision: int,
    charges: Charges,
    *,
    journal_id: JournalId,
    now: datetime,
) -> None:
    """Write a revision down, for good."""
    key = (company_id, account_id, month.first, revision)
    await connection.execute(ADD, *key, journal_id, charges.gross_micro, now)
    numbers = {line: number for number, line in enumerate(charges.lines, 1)}
    await connection.executemany(
        ADD_LINE,
        [(*key, numbers[line], *line, *amount) for line, amount in charges.lines.items()],
    )
    await connection.executemany(
        ADD_TAX,
        [
            (*key, numbers[line], place, side, name, rate, *taxed)
            for place, ((line, side, name, rate), taxed) in enumerate(charges.taxes.items(), 1)
        ],
    )


def _bounds(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year + 1, 1, 1)
