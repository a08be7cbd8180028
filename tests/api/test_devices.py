"""Managing fields, collectors, RF modules and meters: the same way for all of them."""

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from tests.api.devices import COLLECTOR, Kind, own, parent_of
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place

FIELD = Kind("Field", "field", "branchId", {"name": "New"}, {"name": "Newer"}, {"name": ""})
RF_MODULE = Kind(
    "RfModule",
    "rfModule",
    "collectorId",
    {"serial": "new", "frequency": "MHZ_2400", "make": "U-MOTE", "ipAddress": "192.0.2.8"},
    {"serial": "newer", "readingPeriodSeconds": 3600, "frequency": "MHZ_868"},
    {"readingPeriodSeconds": 59},
)
METER = Kind(
    "Meter",
    "meter",
    "rfModuleId",
    {"serial": "new", "make": "KLM", "relay": "INTERNAL"},
    {"serial": "newer", "powerMaxWatts": 9_000, "clockRule": "+02:00"},
    {"powerMaxWatts": 0},
)
KINDS = pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.name) for kind in (FIELD, COLLECTOR, RF_MODULE, METER)]
)


async def entries(kind: Kind, place: Place) -> int:
    """Count what was ever done to objects of the kind."""
    async with access.tenant(place.company_id) as connection:
        return int(
            await connection.fetchval(
                "select count(*) from daily_entry where company_id = $1 and object_type = $2",
                place.company_id,
                kind.name,
            )
        )


@KINDS
async def test_one_is_added(web: Web, place: Place, administrator: User, kind: Kind) -> None:
    answer = await kind.ask(web, administrator, "create", **parent_of(kind, place), **kind.create)

    made = answer.data["done"]["object"]
    assert (made["version"], made["active"]) == (1, True)
    assert made[kind.called].lower() == "new"


@KINDS
async def test_one_of_that_name_is_there_already(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    given = {**parent_of(kind, place), **kind.create}
    await kind.ask(web, administrator, "create", **given)
    before = await entries(kind, place)

    answer = await kind.ask(web, administrator, "create", **given)

    assert answer.data["done"]["object"] is None
    assert answer.data["done"]["userErrors"] == [
        {"code": "ALREADY_EXISTS", "path": ["input", kind.called]}
    ]
    assert await entries(kind, place) == before


@KINDS
async def test_one_is_changed(web: Web, place: Place, administrator: User, kind: Kind) -> None:
    answer = await kind.ask(web, administrator, "update", **own(kind, place), **kind.update)

    changed = answer.data["done"]["object"]
    assert changed["version"] == 2
    assert changed[kind.called].lower() == "newer"


@KINDS
async def test_a_bad_value_is_refused_where_it_stands(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    before = await entries(kind, place)

    answer = await kind.ask(web, administrator, "update", **own(kind, place), **kind.bad)

    (name,) = kind.bad
    assert answer.data["done"]["userErrors"] == [{"code": "INVALID_VALUE", "path": ["input", name]}]
    assert await entries(kind, place) == before


@KINDS
async def test_an_older_version_is_refused(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    seen = own(kind, place)
    await kind.ask(web, administrator, "update", **seen, **kind.update)
    before = await entries(kind, place)

    answers = [
        await kind.ask(web, administrator, verb, **seen, **more)
        for verb, more in [
            ("update", kind.update),
            ("move", parent_of(kind, place)),
            ("deactivate", {}),
        ]
    ]

    for answer in answers:
        (error,) = answer.data["done"]["userErrors"]
        assert (error["code"], error["current"]["id"]) == ("STALE_VERSION", seen["id"])
    assert await entries(kind, place) == before


@KINDS
async def test_one_that_nothing_depends_on_is_retired_and_taken_back(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    made = await kind.ask(web, administrator, "create", **parent_of(kind, place), **kind.create)
    made_id = made.data["done"]["object"]["id"]

    retired = await kind.ask(web, administrator, "deactivate", id=made_id, expectedVersion=1)
    back = await kind.ask(web, administrator, "reactivate", id=made_id, expectedVersion=2)

    assert retired.data["done"]["object"]["active"] is False
    assert back.data["done"]["object"]["active"] is True


@KINDS
async def test_one_that_is_depended_on_stays(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    before = await entries(kind, place)

    answer = await kind.ask(web, administrator, "deactivate", **own(kind, place))

    assert answer.data["done"]["userErrors"] == [{"code": "IN_USE", "path": ["input", "id"]}]
    assert await entries(kind, place) == before


@KINDS
@pytest.mark.parametrize("verb", ["create", "update", "move", "deactivate", "reactivate"])
async def test_another_companys_is_not_found(web: Web, place: Place, kind: Kind, verb: str) -> None:
    stranger = await web.user((await make_place()).company_id)
    before = await entries(kind, place)
    given = {
        "create": parent_of(kind, place) | kind.create,
        "update": own(kind, place) | kind.update,
        "move": own(kind, place) | parent_of(kind, place),
    }.get(verb, own(kind, place))

    answer = await kind.ask(web, stranger, verb, **given)

    assert answer.errors == [("NOT_FOUND", ["done"])]
    assert await entries(kind, place) == before


@KINDS
async def test_an_own_one_does_not_move_to_another_company(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    theirs = parent_of(kind, await make_place())
    before = await entries(kind, place)

    answer = await kind.ask(web, administrator, "move", **own(kind, place), **theirs)

    assert answer.errors == [("NOT_FOUND", ["done"])]
    assert await entries(kind, place) == before


@KINDS
async def test_without_the_scope_nothing_happens(web: Web, place: Place, kind: Kind) -> None:
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    before = await entries(kind, place)

    for verb, given in [
        ("create", parent_of(kind, place) | kind.create),
        ("update", own(kind, place) | kind.update),
        ("move", own(kind, place) | parent_of(kind, place)),
        ("deactivate", own(kind, place)),
        ("reactivate", own(kind, place)),
    ]:
        answer = await kind.ask(web, subscriber, verb, **given)
        assert answer.errors == [("FORBIDDEN", ["done"])]

    assert await entries(kind, place) == before


@pytest.mark.parametrize("verb", ["create", "move", "deactivate"])
async def test_who_is_confined_to_a_field_manages_no_fields(
    web: Web, place: Place, verb: str
) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)
    before = await entries(FIELD, place)
    given = {
        "create": parent_of(FIELD, place) | FIELD.create,
        "move": own(FIELD, place) | parent_of(FIELD, place),
    }.get(verb, own(FIELD, place))

    answer = await FIELD.ask(web, confined, verb, **given)

    assert answer.errors == [("FORBIDDEN", ["done"])]
    assert await entries(FIELD, place) == before


async def test_who_is_confined_to_a_field_adds_devices_there(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)

    answer = await METER.ask(web, confined, "create", **parent_of(METER, place), **METER.create)

    assert answer.data["done"]["object"]["serial"] == "new"


async def test_a_full_rf_module_says_how_many_it_may_have(
    web: Web, place: Place, administrator: User
) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update company set max_meters_per_rf_module = 1 where id = $1", place.company_id
        )

    answer = await METER.ask(
        web, administrator, "create", **parent_of(METER, place), **METER.create
    )

    assert answer.data["done"] == {
        "object": None,
        "userErrors": [{"code": "RF_MODULE_FULL", "path": ["input", "rfModuleId"], "limit": 1}],
    }
    assert await entries(METER, place) == 1


async def test_moves_are_shown_as_stays(web: Web, place: Place, administrator: User) -> None:
    made = await RF_MODULE.ask(
        web, administrator, "create", **parent_of(RF_MODULE, place), **RF_MODULE.create
    )
    module_id = made.data["done"]["object"]["id"]
    meter = own(METER, place)
    await METER.ask(web, administrator, "move", **meter, rfModuleId=module_id)

    answer = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on Meter { rfModule { id meterCount }"
        " placements { nodes { startedAt endedAt rfModule { id meterCount } } } } } }",
        administrator,
        id=meter["id"],
    )

    old = {"id": encode("RfModule", place.rf_module_id), "meterCount": 0}
    new = {"id": module_id, "meterCount": 1}
    assert answer.data["node"] == {
        "rfModule": new,
        "placements": {
            "nodes": [
                {"startedAt": None, "endedAt": NOW.isoformat(), "rfModule": old},
                {"startedAt": NOW.isoformat(), "endedAt": None, "rfModule": new},
            ]
        },
    }
