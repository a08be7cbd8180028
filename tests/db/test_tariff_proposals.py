"""Versions of tariffs on their way into force."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.acting import Actor, acting
from db.enums import ActorKind, ComponentKind
from db.ids import TariffVersionId, UserId
from domain.refusals import NotThere, Refused
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.chargeable import NotChargeable
from domain.tariffs.components import Component, Flat, Version, flat
from domain.tariffs.operations import PriceInThePast
from domain.tariffs.proposals import AlreadyDecided, AnotherPersonNeeded, TooManyProposals
from tests.api.keys import make_key
from tests.db.adjustments.adjusting import somebody
from tests.db.tariffs import DAY, OPENED_AT
from tests.factories import NOW, Place, make_place

DENIZ, CAN = UserId(1), UserId(2)
PEAK = Version(
    components=(
        Component(name="Peak", kind=ComponentKind.DEMAND, shape=Flat(Decimal(1)), register="2.6.0"),
    )
)


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


async def test_who_made_a_key_is_no_second_person_to_what_was_proposed_with_it(
    place: Place,
) -> None:
    await wants_second_person(place)
    maker, other = (await somebody()).user_id, (await somebody()).user_id
    with acting(Actor(kind=ActorKind.USER, user_id=maker)):
        key_id, _ = await make_key(place.company_id)
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=flat(Decimal(9)),
        valid_from=NOW + DAY,
        by=None,
        by_key=key_id,
        now=NOW,
    )

    with pytest.raises(AnotherPersonNeeded):
        await approve(place, version_id, by=maker)
    before = await states(place)
    await approve(place, version_id, by=other)

    assert [state for state, *_ in before] == ["ACTIVE", "PROPOSED"]
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
    version_id = await proposed(place, PEAK)
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
    before = await states(place)

    async with access.tenant(place.company_id) as connection:
        for change in ("price_per_kwh = 1", "state = 'DRAFT'", "valid_from = now()"):
            with pytest.raises(asyncpg.RaiseError, match="immutable"):
                async with connection.transaction():
                    await connection.execute(
                        f"update tariff_version set {change} where company_id = $1",
                        place.company_id,
                    )

    assert await states(place) == before


async def test_proposals_have_an_end(place: Place) -> None:
    for _ in range(proposals.WAITING_MAX):
        await proposed(place)

    with pytest.raises(TooManyProposals):
        await proposed(place)

    assert len(await states(place)) == 1 + proposals.WAITING_MAX


async def test_another_companys_tariff_is_not_there(place: Place) -> None:
    other = await make_place(meters=0)
    version_id = await proposed(other)
    stranger = replace(other, company_id=place.company_id)

    with pytest.raises(NotThere):
        await proposed(stranger)
    with pytest.raises(NotThere):
        await approve(stranger, version_id)

    assert [state for state, *_ in await states(place)] == ["ACTIVE"]
    assert [state for state, *_ in await states(other)] == ["ACTIVE", "DRAFT"]
