"""A mall and a shop within it, each with a meter and an account of its own."""

from datetime import datetime
from decimal import Decimal

from db.ids import AccountId, PointId, TariffId
from domain.accounts import operations as accounts
from domain.ledger.queries import balance_of
from domain.metering import points
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.components import Version
from tests.db.stored_readings import HOUR, fetch, store
from tests.factories import NOW, OPENED_AT, Place, Supply, make_place, make_read

SHOPS_PRICE, MALLS_PRICE = Decimal(3), Decimal(2)


async def make_mall() -> Place:
    """Make a place whose own tariff is the shops'."""
    return await make_place(meters=0, price=SHOPS_PRICE)


async def open_mall(
    place: Place,
    mall: Supply,
    *,
    tariff_id: TariffId | None = None,
    opened_at: datetime = OPENED_AT,
    index_wh: int = 0,
    number: str = "MALL",
) -> AccountId:
    return await accounts.open_account(
        company_id=place.company_id,
        number=number,
        subscriber_id=place.subscriber_id,
        premises_id=mall.premises_id,
        tariff_id=tariff_id or await flat_tariff(place, MALLS_PRICE),
        points={mall.point_id: index_wh},
        opened_at=opened_at,
        now=NOW,
    )


async def flat_tariff(place: Place, price: Decimal) -> TariffId:
    return await tariffs.create(
        company_id=place.company_id,
        name=f"At {price}",
        price_per_kwh=price,
        valid_from=OPENED_AT - HOUR,
    )


async def tariff_of(
    place: Place, version: Version, *, valid_from: datetime = OPENED_AT - HOUR
) -> TariffId:
    tariff_id = await tariffs.create_empty(company_id=place.company_id, name="With components")
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=tariff_id,
        version=version,
        valid_from=valid_from,
        by=None,
        now=valid_from - HOUR,
    )
    await proposals.approve(
        company_id=place.company_id, version_id=version_id, by=None, now=valid_from - HOUR
    )
    return tariff_id


async def put_below(
    place: Place, supply: Supply, parent_id: PointId | None, *, now: datetime = NOW
) -> None:
    (row,) = await fetch(
        "select version from metering_point where company_id = $1 and id = $2",
        place.company_id,
        supply.point_id,
    )
    await points.update(
        company_id=place.company_id,
        point_id=supply.point_id,
        expected_version=row["version"],
        changes={"parent_id": parent_id},
        now=now,
    )


async def tell(place: Place, registers: int, *told: tuple[Supply, int, int]) -> None:
    """Store reads one by one: a supply, hours before NOW, and the index in Wh."""
    for supply, hours, index_wh in told:
        await store([make_read(place, registers, NOW - hours * HOUR, index_wh, supply=supply)])


async def balance(place: Place, account_id: AccountId | None) -> Decimal:
    assert account_id is not None
    return await balance_of(company_id=place.company_id, account_id=account_id)
