"""Versions on their way into force, and for whom tariffs hold."""

from datetime import datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.enums import BillingBasis, ComponentKind
from db.ids import AccountId, TariffId, TariffVersionId, UserId
from domain.accounts.operations import NoTariffAssigned
from domain.readings import operations as readings
from domain.refusals import InvalidValue, NotThere, Refused
from domain.tariffs import assignments, proposals
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import NoPriceThen, Whom
from domain.tariffs.chargeable import NotChargeable
from domain.tariffs.components import Component, Flat, Version, flat
from domain.tariffs.operations import PriceInThePast
from domain.tariffs.proposals import AlreadyDecided, AnotherPersonNeeded, TooManyProposals
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
    open_account,
)

DENIZ, CAN = UserId(1), UserId(2)
DAY = timedelta(days=1)
EXPORT = Version(
    components=(
        Component(
            name="Export", kind=ComponentKind.ENERGY, shape=Flat(Decimal(1)), register="2.8.0"
        ),
    )
)

pytestmark = pytest.mark.usefixtures("connected")


async def proposed(
    place: Place,
    version: Version | None = None,
    *,
    by: UserId | None = DENIZ,
    valid_from: datetime = NOW + DAY,
) -> TariffVersionId:
    return await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version or flat(Decimal(9)),
        valid_from=valid_from,
        by=by,
        now=NOW,
    )


async def approve(place: Place, version_id: TariffVersionId, *, by: UserId | None = DENIZ) -> None:
    await proposals.approve(company_id=place.company_id, version_id=version_id, by=by, now=NOW)


async def wants_second_person(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update company set second_person_for_tariffs = true")


async def states(place: Place) -> list[tuple[str, datetime, datetime | None]]:
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select state, valid_from, valid_until from tariff_version where company_id = $1"
            " order by id",
            place.company_id,
        )
    return [tuple(row) for row in rows]


OPENED_AT = NOW - 31 * DAY


async def test_an_approved_version_ends_the_one_before(place: Place) -> None:
    version_id = await proposed(place)
    before = await states(place)

    await approve(place, version_id)

    assert before == [("ACTIVE", OPENED_AT, None), ("DRAFT", NOW + DAY, None)]
    assert await states(place) == [
        ("ACTIVE", OPENED_AT, NOW + DAY),
        ("ACTIVE", NOW + DAY, None),
    ]


async def test_a_second_person_approves_where_the_company_wants_it(place: Place) -> None:
    await wants_second_person(place)
    version_id = await proposed(place)
    before = await states(place)

    for nobody in (DENIZ, None):
        with pytest.raises(AnotherPersonNeeded):
            await approve(place, version_id, by=nobody)
    after_refusals = await states(place)
    await approve(place, version_id, by=CAN)

    assert [state for state, *_ in before] == ["ACTIVE", "PROPOSED"]
    assert after_refusals == before
    assert [state for state, *_ in await states(place)] == ["ACTIVE", "ACTIVE"]


@pytest.mark.parametrize(
    ("valid_from", "refusal"),
    [
        pytest.param(NOW + timedelta(minutes=5), PriceInThePast, id="readings may be dated so"),
        pytest.param(NOW - DAY, PriceInThePast, id="in the past"),
    ],
)
async def test_prices_do_not_change_what_may_be_charged_already(
    place: Place, valid_from: datetime, refusal: type[Refused]
) -> None:
    version_id = await proposed(place, valid_from=valid_from)
    before = await states(place)

    with pytest.raises(refusal):
        await approve(place, version_id)

    assert await states(place) == before


async def test_what_billing_cannot_charge_does_not_take_effect(place: Place) -> None:
    version_id = await proposed(place, EXPORT)
    before = await states(place)

    with pytest.raises(NotChargeable):
        await approve(place, version_id)

    assert await states(place) == before


async def test_a_tariff_that_nobody_has_may_begin_in_the_past(place: Place) -> None:
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Empty")

    await approve(place, await proposed(place, valid_from=NOW - 100 * DAY))

    assert ("ACTIVE", NOW - 100 * DAY, None) in await states(place)


async def test_what_is_decided_stays_so(place: Place) -> None:
    approved, withdrawn = await proposed(place), await proposed(place)
    await approve(place, approved)
    await proposals.withdraw(company_id=place.company_id, version_id=withdrawn)
    before = await states(place)

    for version_id in (approved, withdrawn):
        with pytest.raises(AlreadyDecided):
            await approve(place, version_id)
        with pytest.raises(AlreadyDecided):
            await proposals.withdraw(company_id=place.company_id, version_id=version_id)

    assert await states(place) == before


async def test_versions_never_change(place: Place) -> None:
    async with access.tenant(place.company_id) as connection:
        for change in ("price_per_kwh = 1", "state = 'DRAFT'", "valid_from = now()"):
            with pytest.raises(asyncpg.RaiseError, match="immutable"):
                async with connection.transaction():
                    await connection.execute(
                        f"update tariff_version set {change} where company_id = $1",
                        place.company_id,
                    )


async def test_proposals_have_an_end(place: Place) -> None:
    for _ in range(proposals.WAITING_MAX):
        await proposed(place)

    with pytest.raises(TooManyProposals):
        await proposed(place)

    assert len(await states(place)) == 1 + proposals.WAITING_MAX


async def test_another_companys_tariff_is_not_there(place: Place) -> None:
    other = await make_place(meters=0)
    version_id = await proposed(other)
    other.company_id = place.company_id

    with pytest.raises(NotThere):
        await proposed(other)
    with pytest.raises(NotThere):
        await approve(other, version_id)

    assert [state for state, *_ in await states(place)] == ["ACTIVE"]


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


async def test_the_most_specific_assignment_wins(place: Place) -> None:
    account_id = await account_without_tariff(place)
    everybody, branch, group, own = [
        await tariff(place, name) for name in ("everybody", "branch", "group", "own")
    ]
    await assign(place, own, Whom(account_ids=[account_id]), day=4, until=5)
    await assign(place, group, Whom(account_ids=[account_id], group="shops"), day=3, until=6)
    await assign(place, branch, Whom(branch_id=place.branch_id), day=2, until=7)
    await assign(place, everybody, Whom(), day=1)

    assert await periods(place, account_id) == [
        ("everybody", 1, 2),
        ("branch", 2, 3),
        ("group", 3, 4),
        ("own", 4, 5),
        ("group", 5, 6),
        ("branch", 6, 7),
        ("everybody", 7, None),
    ]


async def test_of_equals_the_one_that_begins_last_wins(place: Place) -> None:
    account_id = await account_without_tariff(place)
    first, second = await tariff(place, "first"), await tariff(place, "second")
    await assign(place, second, Whom(), day=2)
    await assign(place, first, Whom(), day=1)

    assert await periods(place, account_id) == [("first", 1, 2), ("second", 2, None)]


async def test_what_was_agreed_holds_until_the_account_itself_gets_another(place: Place) -> None:
    account_id = account_of(place)
    await assign(place, await tariff(place, "everybody"), Whom(), day=1)
    await assign(place, await tariff(place, "own"), Whom(account_ids=[account_id]), day=2)

    found = await periods(place, account_id)

    assert [(name, ends) for name, _, ends in found] == [("Standard", 2), ("own", None)]


@pytest.mark.parametrize(
    ("whom", "day", "basis", "refusal"),
    [
        pytest.param(Whom(), 0, BillingBasis.TOTAL_REGISTER, PriceInThePast, id="in the past"),
        pytest.param(Whom(), 1, BillingBasis.INTERVAL, NotChargeable, id="by the profile"),
        pytest.param(
            Whom(account_ids=[AccountId(1), AccountId(2)]),
            1,
            BillingBasis.TOTAL_REGISTER,
            InvalidValue,
            id="several without a name",
        ),
        pytest.param(
            Whom(group="nobody"), 1, BillingBasis.TOTAL_REGISTER, InvalidValue, id="empty group"
        ),
        pytest.param(
            Whom(account_ids=[AccountId(1)], group="strangers"),
            1,
            BillingBasis.TOTAL_REGISTER,
            NotThere,
            id="no such account",
        ),
    ],
)
async def test_a_refused_assignment_changes_nothing(
    place: Place, whom: Whom, day: int, basis: BillingBasis, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        await assignments.assign(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            whom=whom,
            starts_at=NOW + day * DAY,
            basis=basis,
            now=NOW,
        )

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from tariff_assignment") == 0


async def test_a_tariff_without_prices_is_not_assigned(place: Place) -> None:
    empty = await tariffs.create_empty(company_id=place.company_id, name="Empty")

    with pytest.raises(NoPriceThen):
        await assign(place, empty, Whom())

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from tariff_assignment") == 0


async def test_energy_after_an_assignment_is_charged_by_its_tariff(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    cheap, dear = await tariff(place, "cheap"), await tariff(place, "dear", price=3)
    await assign(place, cheap, Whom(account_ids=own(place), group="shops"), day=-3)
    await assign(place, cheap, Whom(account_ids=own(place)), day=-3)
    await assign(place, dear, Whom(account_ids=own(place)), day=-1)

    charged = []
    for day, index_wh in ((-4, 1000), (-3, 2000), (-2, 4000), (0, 8000)):
        at = NOW + day * DAY
        async with access.system() as connection:
            read = make_read(place, registers, at, index_wh)
            await readings.store(connection, [read], now=at)
            charged.append(
                await connection.fetchval(
                    "select coalesce(sum(charged_micro), 0)::int8 from accrual"
                )
            )

    # Each one at 2.345678901, two at 1; then four, half of them at 1 and half at 3, by the clock.
    assert charged == [2_345_679, 4_691_358, 6_691_358, 14_691_358]


def own(place: Place) -> list[AccountId]:
    return [account_of(place)]


async def test_an_account_may_take_what_is_assigned(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    await assign(place, await tariff(place, "branch"), Whom(branch_id=place.branch_id), day=-3)
    place.tariff_id = None  # type: ignore[assignment] # an account need not name one

    account_id = await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    assert await periods(place, account_id) == [("branch", -3, None)]


async def test_an_account_without_any_tariff_is_not_opened(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    await assign(place, place.tariff_id, Whom(), day=1)
    place.tariff_id = None  # type: ignore[assignment] # an account need not name one

    with pytest.raises(NoTariffAssigned):
        await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from account") == 1
