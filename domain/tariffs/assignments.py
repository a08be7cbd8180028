"""For whom tariffs hold: the company, a branch, a group of accounts, or one account.

The most specific assignment wins, and of equally specific ones the one that begins last; what an
account agreed to when it was opened comes before all but a later assignment to it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import access
from db.access import Connection
from db.enums import AssignmentLevel, BillingBasis
from db.ids import AccountId, BranchId, CompanyId, TariffAssignmentId, TariffId
from domain import rows, values
from domain.readings.rules import AHEAD_MAX
from domain.refusals import InvalidValue, NotThere, Refused
from domain.tariffs import operations
from domain.tariffs.chargeable import check_bands
from domain.tariffs.deductible import check_deductible, depends_on_points
from domain.tariffs.operations import PriceInThePast
from domain.tariffs.proposals import version_of

GROUP_MAX = 500

VERSIONS = """
    select price_per_kwh, definition from tariff_version
    where company_id = $1 and tariff_id = $2 and state = 'ACTIVE'
        and (valid_until is null or valid_until > $3)
"""


class NoPriceThen(Refused):
    """The tariff has no prices at that time: energy would cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """To whom a tariff is assigned: at most one of these; nothing for the whole company.

    account_ids: a group, by the name `group`; a single account without one.
    """

    branch_id: BranchId | None = None
    account_ids: Sequence[AccountId] = ()
    group: str | None = None

    @property
    def level(self) -> AssignmentLevel:
        if self.group is not None:
            return AssignmentLevel.GROUP
        if self.account_ids:
            return AssignmentLevel.ACCOUNT
        return AssignmentLevel.COMPANY if self.branch_id is None else AssignmentLevel.BRANCH


async def assign(
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    whom: Whom,
    starts_at: datetime,
    ends_at: datetime | None = None,
    basis: BillingBasis = BillingBasis.TOTAL_REGISTER,
    now: datetime,
) -> TariffAssignmentId:
    """Let a tariff hold for somebody over a time; nothing ends or replaces an assignment but time.

    :raises NotThere, InvalidValue, PriceInThePast, NoPriceThen, NotChargeable, NotDeductible,
        RegistersShared: nothing was written
    """
    columns = _checked(whom)
    if starts_at <= now + AHEAD_MAX:
        raise PriceInThePast("starts_at", earliest=(now + AHEAD_MAX).isoformat())
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidValue("ends_at", expected="a time after the beginning")
    async with access.tenant(company_id) as connection:
        await operations.hold(connection, company_id=company_id, tariff_id=tariff_id)
        await _check_prices(connection, company_id, tariff_id, starts_at)
        if basis is BillingBasis.TOU_REGISTERS:
            await _check_bands(connection, company_id, tariff_id, starts_at)
        assignment_id = await rows.insert(
            connection,
            "tariff_assignment",
            company_id=company_id,
            tariff_id=tariff_id,
            level=whom.level,
            billing_basis=basis,
            starts_at=starts_at,
            ends_at=ends_at,
            **columns,
        )
        if whom.group is not None:
            await _add_members(connection, company_id, assignment_id, whom.account_ids)
        if await depends_on_points(connection, company_id, tariff_id):
            await check_deductible(connection, company_id, None, "tariff_id", since=now)
    return TariffAssignmentId(assignment_id)


def _checked(whom: Whom) -> dict[str, Any]:
    """Return the columns that say whom.

    :raises InvalidValue: it is nobody, or two at once
    """
    if whom.branch_id is not None and (whom.account_ids or whom.group is not None):
        raise InvalidValue("branch_id", expected="a branch or accounts, not both")
    if len(set(whom.account_ids)) < len(whom.account_ids):
        raise InvalidValue("account_ids", expected="each account once")
    if whom.group is None:
        if len(whom.account_ids) > 1:
            raise InvalidValue("group", expected="a name for several accounts")
        account_id = whom.account_ids[0] if whom.account_ids else None
        return {"branch_id": whom.branch_id, "account_id": account_id}
    if not 1 <= len(whom.account_ids) <= GROUP_MAX:
        raise InvalidValue("account_ids", expected=f"1 to {GROUP_MAX} accounts")
    return {"group_name": values.name(whom.group, "group")}


async def _check_prices(
    connection: Connection, company_id: CompanyId, tariff_id: TariffId, at: datetime
) -> None:
    row = await connection.fetchrow(
        "select exists (select from tariff_version v where v.company_id = t.company_id"
        " and v.tariff_id = t.id and v.state = 'ACTIVE' and v.valid_from <= $3"
        " and (v.valid_until is null or v.valid_until > $3)) as has_prices"
        " from tariff t where t.company_id = $1 and t.id = $2",
        company_id,
        tariff_id,
        at,
    )
    if row is None:
        raise NotThere
    if not row["has_prices"]:
        raise NoPriceThen("starts_at")


async def _check_bands(
    connection: Connection, company_id: CompanyId, tariff_id: TariffId, since: datetime
) -> None:
    for row in await connection.fetch(VERSIONS, company_id, tariff_id, since):
        check_bands(version_of(row))


async def _add_members(
    connection: Connection,
    company_id: CompanyId,
    assignment_id: int,
    account_ids: Sequence[AccountId],
) -> None:
    known = await connection.fetchval(
        "select count(*) from account where company_id = $1 and id = any($2::int8[])",
        company_id,
        list(account_ids),
    )
    if known < len(account_ids):
        raise NotThere
    await connection.execute(
        "insert into tariff_assignment_member (company_id, assignment_id, account_id)"
        " select $1, $2, unnest($3::int8[])",
        company_id,
        assignment_id,
        list(account_ids),
    )
