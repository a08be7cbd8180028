"""Premises of a field: adding, renaming, moving, retiring."""

from collections.abc import Mapping
from datetime import datetime

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId, FieldId, PremisesId
from domain import rows, values
from domain.accounts import vacancies
from domain.hierarchy import parents
from domain.metering.points import LOCK_TREES
from domain.refusals import InUse, ParentInactive

IN_USE = """
    select exists (select from account where company_id = $1 and premises_id = $2
            and closed_at is null)
        or exists (select from metering_point where company_id = $1 and premises_id = $2 and active)
"""
OWNERS = "select closed_at is null from account where company_id = $1 and id = $2 for share"
OWNER_NOW = """
    select owner_account_id from premises where company_id = $1 and id = $2 for no key update
"""
# An account pays for points of its own premises otherwise.
PAYS_AS_OWNER = """
    select exists (
        select from premises pr
        join metering_point p on p.company_id = pr.company_id and p.premises_id = pr.id
        join account_point ap on ap.company_id = p.company_id and ap.point_id = p.id
            and ap.account_id = $3 and ap.ended_at is null and ap.share_ppm = 1000000
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where pr.company_id = $1 and pr.id = $2 and a.premises_id <> pr.id)
"""
# Who moves twice on a day was that day where it was in the morning.
STAYED = """
    insert into premises_stay (company_id, premises_id, until_date, field_id)
    select p.company_id, p.id, ($4 at time zone c.time_zone)::date, p.field_id
    from premises p join company c on c.id = p.company_id
    where p.company_id = $1 and p.id = $2 and p.field_id <> $3
    on conflict (company_id, premises_id, until_date) do nothing
"""
POINTS_ACROSS = """
    select exists (
        select from metering_point p
        join metering_point q on q.company_id = p.company_id
            and (q.id = p.parent_id or q.parent_id = p.id) and q.premises_id <> p.premises_id
        where p.company_id = $1 and p.premises_id = $2)
"""
SHARED_ACROSS = """
    select exists (
        select from account_point ap
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
        where ap.company_id = $1 and ap.share_ppm < 1000000 and ap.ended_at is null
            and $2 in (a.premises_id, p.premises_id) and a.premises_id <> p.premises_id)
"""


async def create(*, company_id: CompanyId, field_id: FieldId, name: str) -> PremisesId:
    """Add an office or shop to a field.

    :raises AlreadyExists, InvalidValue, NotThere, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await add(connection, company_id=company_id, field_id=field_id, name=name)


async def add(
    connection: Connection, *, company_id: CompanyId, field_id: FieldId, name: str
) -> PremisesId:
    """Do what `create` does, in the caller's transaction."""
    checked = values.name(name, "name")
    await parents.hold_active(connection, "field", company_id=company_id, row_id=field_id)
    return PremisesId(
        await rows.insert(
            connection, "premises", company_id=company_id, field_id=field_id, name=checked
        )
    )


async def update(
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    expected_version: int,
    changes: Mapping[str, str],
) -> PremisesId:
    """Change premises. changes: `name`, if it is to change.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    checked = {field: values.name(text, field) for field, text in changes.items()}
    async with access.tenant(company_id) as connection:
        await rows.change(
            connection,
            "premises",
            company_id=company_id,
            row_id=premises_id,
            expected_version=expected_version,
            changes=checked,
        )
    return premises_id


async def set_owner_account(
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    expected_version: int,
    account_id: AccountId | None,
    now: datetime,
) -> PremisesId:
    """Say which account pays for premises while no subscriber does; None for none.

    If their subscriber has left lately, it pays from then on. A retry changes nothing.

    :raises InUse: the account that was said before pays for them now; open another in its place
    :raises ParentInactive: the account has ended
    :raises StaleVersion, NotThere, NotDeductible, SharedAbove, AlreadyBilled: nothing was written
    """
    async with access.tenant(company_id) as connection:
        before = await connection.fetchval(OWNER_NOW, company_id, premises_id)
        is_changed = await rows.change_once(
            connection,
            "premises",
            company_id=company_id,
            row_id=premises_id,
            expected_version=expected_version,
            changes={"owner_account_id": account_id},
        )
        if not is_changed:
            return premises_id
        if account_id is not None and not await connection.fetchval(OWNERS, company_id, account_id):
            raise ParentInactive("account_id")
        # Last, for an account that ends there meanwhile may leave them to who was the owner before.
        point_ids = await vacancies.hold_points(connection, company_id, premises_id)
        if account_id != before and await connection.fetchval(
            PAYS_AS_OWNER, company_id, premises_id, before
        ):
            raise InUse("account_id")
        if account_id is not None:
            await vacancies.take_over(
                connection,
                company_id=company_id,
                premises_id=premises_id,
                point_ids=point_ids,
                account_id=account_id,
                now=now,
            )
    return premises_id


async def move(
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    expected_version: int,
    field_id: FieldId,
    now: datetime,
) -> PremisesId:
    """Say that premises belong to another field. Meters, accounts and history go along.

    What the field's money and energy come to is another matter: until the end of the local day
    they count where the premises were (ADR 12).

    :raises InUse: a metering point there is above or below one of other premises, which would
        then be in another field; or their account shares a supply with others', or others share
        theirs
    :raises StaleVersion, NotThere, AlreadyExists, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK_TREES, company_id)
        await parents.hold_active(connection, "field", company_id=company_id, row_id=field_id)
        await connection.execute(STAYED, company_id, premises_id, field_id, now)
        await rows.change(
            connection,
            "premises",
            company_id=company_id,
            row_id=premises_id,
            expected_version=expected_version,
            changes={"field_id": field_id},
        )
        for across in (POINTS_ACROSS, SHARED_ACROSS):
            if await connection.fetchval(across, company_id, premises_id):
                raise InUse("field_id")
    return premises_id


async def set_active(
    *, company_id: CompanyId, premises_id: PremisesId, expected_version: int, active: bool
) -> PremisesId:
    """Retire premises, or take them into use again; their history stays either way.

    :raises InUse: they have an open account or an active metering point
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        # The row goes first: whoever adds a point or an account to it waits for it.
        await rows.change(
            connection,
            "premises",
            company_id=company_id,
            row_id=premises_id,
            expected_version=expected_version,
            changes={"active": active},
        )
        if not active and await connection.fetchval(IN_USE, company_id, premises_id):
            raise InUse("id")
    return premises_id
