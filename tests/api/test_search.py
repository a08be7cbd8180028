"""Searching: Turkish letters, the best first, and nobody finds what is hidden."""

from typing import Any

import pytest

from api.global_ids import encode
from api.resolvers.search import TEXT_CHARACTERS_MAX
from db import access
from db.enums import Role
from domain.hierarchy import branches as hierarchy
from domain.subscribers import contacts
from tests.api.web import Answer, User, Web
from tests.factories import KEYRING, Place, make_place

SEARCH = """
    query ($wanted: String!, $types: [SearchType!], $first: Int) {
        search(text: $wanted, types: $types, first: $first) {
            hits { type matchedIn match node { id } }
        }
    }
"""


async def ask(web: Web, user: User, text: str, **arguments: Any) -> Answer:
    return await web.ask(SEARCH, user, wanted=text, **arguments)


async def hits(web: Web, user: User, text: str, **arguments: Any) -> list[tuple[str, str, str]]:
    """Return the id of each hit, where it was found and how well."""
    found = (await ask(web, user, text, **arguments)).data["search"]["hits"]
    return [(hit["node"]["id"], hit["matchedIn"], hit["match"]) for hit in found]


async def change(place: Place, statement: str, *arguments: object) -> None:
    async with access.tenant(place.company_id) as connection:
        await connection.execute(statement, *arguments)


async def contact(place: Place, **fields: str) -> None:
    """Say who the place's subscriber is."""
    async with access.tenant(place.company_id) as connection:
        await contacts.save(
            connection,
            KEYRING,
            company_id=place.company_id,
            subscriber_id=place.subscriber_id,
            fields=fields,
        )


async def branches(place: Place, *names: str) -> dict[str, str]:
    """Make branches, and return their ids by name."""
    return {
        name: encode("Branch", await hierarchy.create(company_id=place.company_id, name=name))
        for name in names
    }


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        pytest.param("Ayşe Işık", ["isik", "IŞIK", "ışık", "Işık", "işik", "ISIK"], id="no dot"),
        pytest.param("İstanbul", ["istanbul", "İSTANBUL", "ISTANBUL", "ıstanbul"], id="a dot"),
        pytest.param("IĞDIR", ["iğdır", "igdir", "Iğdır", "IGDIR"], id="both"),
        pytest.param("Çağrı Öz", ["cagri", "ÇAĞRI", "ÖZ", "oz"], id="all the others"),
        pytest.param("Gündüz", ["gunduz", "GÜNDÜZ"], id="an umlaut"),
        pytest.param("Dükkân", ["dukkan", "DÜKKÂN"], id="a hat"),
        pytest.param("Café No\u0308", ["cafe\u0301", "cafe nö"], id="marks of their own"),
    ],
)
async def test_turkish_letters_are_right(web: Web, name: str, texts: list[str]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    branch_id = (await branches(place, name, "Elsewhere"))[name]
    await contact(place, name=name)
    subscriber_id = encode("Subscriber", place.subscriber_id)

    found = {
        text: {hit[0] for hit in await hits(web, user, text, types=["BRANCH", "SUBSCRIBER"])}
        for text in texts
    }

    assert found == {text: {branch_id, subscriber_id} for text in texts}


async def test_the_best_come_first(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    ids = await branches(place, "Big Ank", "Ankara", "ank", "Tank", "Ankara 2")

    found = await hits(web, user, "ANK")
    first = await hits(web, user, "ANK", first=2)

    assert found == [
        (ids["ank"], "NAME", "EXACT"),
        (ids["Ankara"], "NAME", "PREFIX"),
        (ids["Ankara 2"], "NAME", "PREFIX"),
        (ids["Big Ank"], "NAME", "PART"),
        (ids["Tank"], "NAME", "PART"),
    ]
    assert first == found[:2]


async def test_everything_is_found_by_what_it_is_called(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    supply = place.supplies[0]
    company = place.company_id
    texts = {
        "meter": "update meter set serial = 'MTR-x7x' where company_id = $1",
        "rf_module": "update rf_module set serial = 'RFM-x7x' where company_id = $1",
        "collector": "update collector set serial = 'COL-x7x' where company_id = $1",
        "branch": "update branch set name = 'Kol-x7x' where company_id = $1",
        "field": "update field set name = 'Alan-x7x' where company_id = $1",
        "premises": "update premises set name = 'Shop-x7x' where company_id = $1",
        "point": "update metering_point set code = 'TES-x7x' where company_id = $1",
        "account": "update account set number = 'ACC-x7x' where company_id = $1",
        "subscriber": "update subscriber set reference = 'SUB-x7x' where company_id = $1",
    }
    for statement in texts.values():
        await change(place, statement, company)

    found = await hits(web, user, "X7X")

    assert found == [
        (encode("Meter", supply.meter_id), "SERIAL", "PART"),
        (encode("Account", supply.account_id or 0), "NUMBER", "PART"),
        (encode("Subscriber", place.subscriber_id), "REFERENCE", "PART"),
        (encode("MeteringPoint", supply.point_id), "CODE", "PART"),
        (encode("Premises", supply.premises_id), "NAME", "PART"),
        (encode("RfModule", place.rf_module_id), "SERIAL", "PART"),
        (encode("Collector", place.collector_id), "SERIAL", "PART"),
        (encode("Field", place.field_id), "NAME", "PART"),
        (encode("Branch", place.branch_id), "NAME", "PART"),
    ]
    only = await hits(web, user, "x7x", types=["FIELD", "ACCOUNT"])
    assert only == [found[1], found[7]]


async def test_two_letters_find_words_that_begin_with_them(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    ids = await branches(place, "İzmir", "Deniz", "Iz", "Batı İzmit")

    found = await hits(web, user, "ız", types=["BRANCH"])

    assert [hit[0] for hit in found] == [ids["Iz"], ids["İzmir"], ids["Batı İzmit"]]


@pytest.mark.parametrize("text", ["%%%a1", "a_1", "_a1", "a\\1", "a'1", "{a1}", "$1a"])
async def test_no_letter_has_a_meaning_of_its_own(web: Web, text: str) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    ids = await branches(place, f"1 {text}", "x a1 aa1 a-1 a11a")

    found = await hits(web, user, text)

    assert [hit[0] for hit in found] == [ids[f"1 {text}"]]


@pytest.mark.parametrize(
    ("stored", "text", "match"),
    [
        pytest.param("+905551234567", "0555 123 45 67", "EXACT", id="as it is dialled at home"),
        pytest.param("0555 123 45 67", "+90 (555) 123-45-67", "EXACT", id="from abroad"),
        pytest.param("+905551234567", "1234567", None, id="its end alone"),
        pytest.param("+905551234567", "0000", None, id="nothing but zeros"),
        pytest.param("+905551234567", "555x123", None, id="no number"),
        pytest.param("+905551234567", "5559", None, id="another number"),
    ],
)
async def test_telephone_numbers_are_compared_by_their_digits(
    web: Web, stored: str, text: str, match: str | None
) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await contact(place, phone=stored)
    await change(place, "update subscriber set reference = 'S-x'")

    found = await hits(web, user, text, types=["SUBSCRIBER"])

    expected = (encode("Subscriber", place.subscriber_id), "PHONE", match)
    assert found == ([] if match is None else [expected])


async def test_who_may_not_see_contacts_does_not_find_by_them(web: Web) -> None:
    place = await make_place(meters=0)
    operator = await web.user(place.company_id, Role.OPERATOR)
    await change(place, "update subscriber set reference = 'REF-9'")

    assert await hits(web, operator, "Işık") == []
    assert await hits(web, operator, "5550000000") == []
    assert await hits(web, operator, "ref-9") == [
        (encode("Subscriber", place.subscriber_id), "REFERENCE", "EXACT")
    ]


async def test_each_role_finds_only_what_it_sees(web: Web) -> None:
    place = await make_place()
    stranger = await make_place()
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    for one in (place, stranger):
        await change(one, "update premises set name = 'Same'")
        await change(one, "update field set name = 'Same'")
        await change(one, "update branch set name = 'Same'")
        await contact(one, name="Same")

    found = await hits(web, subscriber, "same")
    refused = await ask(web, subscriber, "same", types=["PREMISES", "FIELD"])

    assert found == [
        (encode("Subscriber", place.subscriber_id), "NAME", "EXACT"),
        (encode("Premises", place.supplies[0].premises_id), "NAME", "EXACT"),
    ]
    assert refused.errors == [("FORBIDDEN", ["search"])]


async def test_nobody_finds_what_is_behind_the_wall_however_much_of_it_there_is(web: Web) -> None:
    place = await make_place(meters=3)
    other = await make_place(meters=3)
    async with access.system() as connection:
        field_id = await connection.fetchval(
            "insert into field (company_id, branch_id, name) values ($1, $2, 'Far') returning id",
            place.company_id,
            place.branch_id,
        )
        own = place.supplies[2].premises_id
        await connection.execute(
            "update premises set field_id = $1, name = 'Far shop' where id = $2", field_id, own
        )
    confined = await web.user(place.company_id, field_id=field_id)
    administrator = await web.user(place.company_id)

    near = await hits(web, confined, "shop", first=1)
    everywhere = await hits(web, administrator, "shop")

    assert [hit[0] for hit in near] == [encode("Premises", own)]
    assert len(everywhere) == 3
    assert not {hit[0] for hit in everywhere} & {
        encode("Premises", supply.premises_id) for supply in other.supplies
    }


async def test_the_index_tells_a_company_only_of_its_own_rows(web: Web) -> None:
    place, other = await make_place(), await make_place()
    question = "select id from rows_containing('meter.serial', $1)"
    serial = other.supplies[0].serial

    async with access.tenant(place.company_id) as connection:
        own = await connection.fetch(question, place.supplies[0].serial)
        others = await connection.fetch(question, serial)
    async with access.tenant(other.company_id) as connection:
        theirs = await connection.fetch(question, serial)

    assert [row[0] for row in own] == [place.supplies[0].meter_id]
    assert others == []
    assert [row[0] for row in theirs] == [other.supplies[0].meter_id]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        pytest.param({"wanted": "a"}, "text", id="one letter"),
        pytest.param({"wanted": " a  "}, "text", id="one letter with spaces"),
        pytest.param({"wanted": "a%%%"}, "text", id="hardly a letter"),
        pytest.param({"wanted": "\u0301" * 5}, "text", id="marks without letters"),
        pytest.param({"wanted": "a" * (TEXT_CHARACTERS_MAX + 1)}, "text", id="too long"),
        pytest.param({"wanted": "ab\0c"}, "text", id="a zero character"),
        pytest.param({"wanted": "abc", "first": 0}, "first", id="none"),
        pytest.param({"wanted": "abc", "first": 101}, "first", id="too many"),
    ],
)
async def test_a_search_beyond_its_bounds_is_refused(
    web: Web, arguments: dict[str, Any], argument: str
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(SEARCH, user, **arguments)

    assert answer.errors == [("BAD_USER_INPUT", ["search"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == argument


async def test_a_search_at_its_bounds_is_made(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    assert await hits(web, user, "a" * TEXT_CHARACTERS_MAX, first=100) == []
    assert await hits(web, user, "zz", first=1, types=[]) == []
