"""Charges into accounts: accrual per local day, its taxes, balance, and crossings of wake marks."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from db.access import Connection
from db.enums import LedgerAccountKind
from db.ids import AccountId, CompanyId

# Shared by those who charge days; the close takes it alone to decide that a day has no more.
OPEN_DAYS_LOCK = "select pg_advisory_xact_lock_shared(hashtext('open_day'))"
OPEN_DAYS_LOCK_ALONE = "select pg_advisory_xact_lock(hashtext('open_day'))"

# What of an account's standing the hot path changes, and all that postings may.
BALANCE_ALONE = ("balance_micro",)
ALL_PROJECTIONS = ("balance_micro", "debt_micro", "emergency_used_micro", "in_flight_micro")

CHARGE = """
    create temp table if not exists charge (
        company_id int4 not null, account_id int8 not null, local_date date not null,
        amount_micro int8 not null, energy_wh numeric not null,
        tax_side text, tax text, tax_micro int8 not null default 0
    ) on commit delete rows;
    delete from charge;
"""


class Charge(NamedTuple):
    """What a local day of an account is charged more: a row of the temporary `charge` table.

    amount_micro: in millionths, with taxes. energy_wh: as supplied. tax_micro: what of all that is
    charged to the day is a tax, on which side of the books; a row of its own for each tax.
    """

    company_id: CompanyId
    account_id: AccountId
    local_date: date
    amount_micro: int
    energy_wh: Decimal
    tax_side: LedgerAccountKind | None = None
    tax: str | None = None
    tax_micro: int = 0


async def stage(connection: Connection, charges: Sequence[Charge]) -> None:
    """Make these the transaction's temporary `charge` rows, and no others."""
    await connection.execute(CHARGE)
    await connection.copy_records_to_table("charge", records=charges, schema_name="pg_temp")


async def accrue(connection: Connection, *, now: datetime) -> None:
    """Add the transaction's temporary `charge` rows to accounts, locked in account order."""
    await connection.execute(OPEN_DAYS_LOCK)
    await connection.execute(
        """
        insert into accrual as a (company_id, account_id, local_date, charged_micro, energy_wh)
        select company_id, account_id, local_date, sum(amount_micro), sum(energy_wh)
        from charge group by company_id, account_id, local_date
        order by company_id, account_id, local_date
        on conflict (company_id, account_id, local_date) do update
        set charged_micro = a.charged_micro + excluded.charged_micro,
            energy_wh = a.energy_wh + excluded.energy_wh
        """
    )
    await connection.execute(
        """
        insert into accrued_tax as t (company_id, account_id, local_date, side, tax, charged_micro)
        select company_id, account_id, local_date, tax_side, tax, sum(tax_micro)
        from charge where tax is not null
        group by company_id, account_id, local_date, tax_side, tax
        order by company_id, account_id, local_date, tax_side, tax
        on conflict (company_id, account_id, local_date, side, tax) do update
        set charged_micro = t.charged_micro + excluded.charged_micro
        """
    )
    await connection.execute(
        "insert into open_day select distinct company_id, local_date from charge"
        " order by 1, 2 on conflict do nothing"
    )
    await change_balances(
        connection,
        "select company_id, account_id, -sum(amount_micro)::int8 as balance_micro from charge"
        " group by company_id, account_id having sum(amount_micro) <> 0",
        now=now,
    )


async def change_balances(connection: Connection, changes: str, *, now: datetime) -> None:
    """Change balances, note the accounts that crossed a wake mark, and tell of all of them.

    changes: a trusted query of company_id, account_id, balance_micro; one row an account.
    """
    await connection.execute(f"with {balances_changed(changes)} select", now)


def balances_changed(changes: str, projections: Sequence[str] = BALANCE_ALONE) -> str:
    """Return what changes balances as parts of a `with`, in which `$1` is now.

    changes: a trusted query of company_id, account_id and each of `projections`, which are columns
    of account_balance; one row an account. Every account has its balance already; inserting locks
    and changes each in order in one pass.
    """
    columns = ", ".join(projections)
    sums = ", ".join(f"{column} = b.{column} + excluded.{column}" for column in projections)
    return f"""
        changed as (
            insert into account_balance as b (company_id, account_id, {columns}, changed_at)
            select company_id, account_id, {columns}, $1 from ({changes}) change
            order by company_id, account_id
            on conflict (company_id, account_id) do update set {sums}, changed_at = $1
            returning company_id, account_id, balance_micro, wake_below_micro, wake_above_micro
        ), crossed as (
            insert into attention (company_id, account_id, since)
            select company_id, account_id, $1 from changed
            where balance_micro <= wake_below_micro or balance_micro >= wake_above_micro
            order by company_id, account_id on conflict do nothing
        ), told as (
            insert into outbox (company_id, topic, created_at, account_ids)
            select company_id, 'balances', $1, array_agg(account_id order by account_id)
            from changed group by company_id
        )"""
