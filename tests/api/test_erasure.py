"""Erasing subscribers, and what protects them from it."""

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.subscribers import ERASE, erased, fetch, reads
from tests.api.web import User, Web
from tests.factories import NOW, Place, add_supply, make_place, open_account

PROOF = """
protectionProof { id kind document note validFrom validUntil version subscriber { isProtected } }
userErrors { code path }
"""
ADD_PROOF = (
    "mutation ($input: AddProtectionProofInput!)"
    f" {{ addProtectionProof(input: $input) {{ {PROOF} }} }}"
)
END_PROOF = (
    "mutation ($input: EndProtectionProofInput!)"
    f" {{ endProtectionProof(input: $input) {{ {PROOF} }} }}"
)


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def test_who_is_erased_has_no_name_any_more(
    web: Web, place: Place, administrator: User
) -> None:
    own = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)

    answers = [await web.ask(ERASE, administrator, input=erased(place)) for _ in range(2)]

    assert answers[0].data == answers[1].data
    subscriber = answers[0].data["eraseSubscriber"]["subscriber"]
    assert subscriber.pop("reference")
    assert subscriber == {
        "name": None,
        "phone": None,
        "erasedAt": NOW.isoformat(),
        "erasureReason": "REQUESTED",
        "accounts": {"totalCount": 0},
    }
    assert (await web.ask("{ subscribers { nodes { id } } }", own)).errors == [
        ("UNAUTHENTICATED", ["subscribers"])
    ]


async def test_who_has_an_open_account_is_not_erased(
    web: Web, place: Place, administrator: User
) -> None:
    supply = await add_supply(place, with_account=False)
    await open_account(place, {supply.point_id: 0}, supply.premises_id)

    answer = await web.ask(ERASE, administrator, input=erased(place))

    assert answer.data["eraseSubscriber"] == {
        "subscriber": None,
        "userErrors": [{"code": "ACCOUNT_OPEN", "path": ["input", "id"]}],
    }
    assert len(await fetch("select from person_key")) == 1


async def test_why_somebody_is_protected_is_for_few(
    web: Web, place: Place, administrator: User
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)
    proof = {
        "subscriberId": encode("Subscriber", place.subscriber_id),
        "kind": "LIFE_SUPPORT",
        "document": "file 7",
        "note": "Respirator",
        "validFrom": "2026-03-01",
    }

    added = await web.ask(ADD_PROOF, administrator, input=proof)
    shown = await web.ask(
        "{ subscribers { nodes { isProtected protectionProofs(first: 1) { nodes { id } } } } }",
        operator,
    )
    refused = await web.ask(ADD_PROOF, operator, input=proof)

    made = added.data["addProtectionProof"]["protectionProof"]
    assert made.pop("id")
    assert made == {
        "kind": "LIFE_SUPPORT",
        "document": "file 7",
        "note": "Respirator",
        "validFrom": "2026-03-01",
        "validUntil": None,
        "version": 1,
        "subscriber": {"isProtected": True},
    }
    assert shown.body["data"]["subscribers"]["nodes"] == [
        {"isProtected": True, "protectionProofs": None}
    ]
    assert shown.codes == ["FORBIDDEN"]
    assert refused.errors == [("FORBIDDEN", ["addProtectionProof"])]
    assert len(await fetch("select from protection_proof")) == 1


async def test_a_protection_ends(web: Web, place: Place, administrator: User) -> None:
    proof_id = await _proof(web, place, administrator)

    early, ended = [
        await web.ask(
            END_PROOF,
            administrator,
            input={"id": proof_id, "expectedVersion": 1, "validUntil": day},
        )
        for day in ("2026-02-28", "2026-03-17")
    ]

    assert early.data["endProtectionProof"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "validUntil"]}
    ]
    proof = ended.data["endProtectionProof"]["protectionProof"]
    assert (proof["validUntil"], proof["version"]) == ("2026-03-17", 2)
    assert proof["subscriber"] == {"isProtected": False}


async def test_looking_at_why_leaves_an_entry(web: Web, place: Place, administrator: User) -> None:
    await _proof(web, place, administrator)
    before = await reads()

    await web.ask(
        "{ subscribers { nodes { protectionProofs(first: 1) { nodes { kind note } } } } }",
        administrator,
    )

    assert len(await reads()) == len(before) + 1


async def _proof(web: Web, place: Place, user: User) -> str:
    answer = await web.ask(
        ADD_PROOF,
        user,
        input={
            "subscriberId": encode("Subscriber", place.subscriber_id),
            "kind": "HEALTH",
            "validFrom": "2026-03-01",
        },
    )
    return str(answer.data["addProtectionProof"]["protectionProof"]["id"])
