"""Tariffs of a place, and the days on which an account has which."""

from datetime import timedelta
from decimal import Decimal

from db import access
from db.ids import AccountId, TariffId
from domain.tariffs import assignments
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import Whom
from tests.factories import NOW, Place, account_of

DAY = timedelta(days=1)
OPENED_AT = NOW - 31 * DAY


async def tariff(place: Place, name: str, *, price: int = 1) -> TariffId:
    return await tariffs.create(
        company_id=place.company_id,
        name=name,
        price_per_kwh=Decimal(price),
        valid_from=OPENED_AT,
    )


async def assign(
    place: Place, tariff_id: TariffId, whom: Whom, *, day: int = 1, until: int | None = None
) -> None:
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=tariff_id,
        whom=whom,
        starts_at=NOW + day * DAY,
        ends_at=None if until is None else NOW + until * DAY,
        now=NOW + (day - 1) * DAY,
    )


async def periods(place: Place, account_id: AccountId) -> list[tuple[str, object, object]]:
    """Return the account's tariffs, with the days after NOW on which they begin and end."""
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select t.name, extract(epoch from p.starts_at - $3::timestamptz) / 86400 as starts,"
            " extract(epoch from p.ends_at - $3::timestamptz) / 86400 as ends"
            " from account_tariffs($1, $2) p join tariff t on t.company_id = $1"
            " and t.id = p.tariff_id order by p.starts_at",
            place.company_id,
            account_id,
            NOW,
        )
    return [(row["name"], row["starts"], row["ends"]) for row in rows]


async def account_without_tariff(place: Place) -> AccountId:
    account_id = account_of(place)
    async with access.system() as connection:
        await connection.execute("update account set tariff_id = null where id = $1", account_id)
    return account_id
