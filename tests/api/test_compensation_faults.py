"""Faults of compensation over GraphQL: recorded and revoked, before a month is charged or after."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from domain.ledger.queries import verify
from tests.api.monthly import MONTH, OVER, look, make_factory
from tests.api.premises import count
from tests.api.web import User, Web
from tests.db.month_charges.world import (
    read,
    value,
    work,
)
from tests.factories import NOW, Place

RECORD = f"""
mutation ($input: RecordCompensationFaultInput!) {{
  done: recordCompensationFault(input: $input) {{
    meteringPointMonth {{ {MONTH} }} userErrors {{ code path }}
  }}
}}
"""
REVOKE = RECORD.replace("Record", "Revoke").replace("record", "revoke")


@pytest.fixture
async def factory(web: Web, room: None) -> Place:
    return await make_factory(web)


@pytest.fixture
async def administrator(web: Web, factory: Place) -> User:
    return await web.user(factory.company_id, Role.ADMINISTRATOR)


def of_february(place: Place, **more: str) -> dict[str, Any]:
    point = encode("MeteringPoint", place.supplies[0].point_id)
    return {"meteringPointId": point, "month": "2026-02-14", **more}


async def test_a_fault_that_is_recorded_afterwards_is_settled_until_it_is_revoked(
    web: Web, factory: Place, administrator: User
) -> None:
    await read(factory, OVER)
    await work(NOW)

    recorded = await web.ask(
        RECORD, administrator, input=of_february(factory, reason="capacitor 3 failed")
    )
    await work(NOW)
    waived = await look(web, administrator, factory)
    revoked = await web.ask(REVOKE, administrator, input=of_february(factory, reason="it had not"))
    await work(NOW)
    charged = await look(web, administrator, factory)

    fault = {"reason": "capacitor 3 failed"}
    assert recorded.data["done"]["meteringPointMonth"]["compensationFault"] == fault
    (verdict,) = waived.data["found"]["verdicts"]
    assert (verdict["waived"], verdict["chargedKvarh"]) == (True, "0")
    assert [one["quantity"] for one in verdict["charges"]] == ["12.5", "250", "-250"]
    assert revoked.data["done"]["meteringPointMonth"]["compensationFault"] is None
    (verdict,) = charged.data["found"]["verdicts"]
    assert (verdict["waived"], verdict["chargedKvarh"]) == (False, "250")
    assert await value("select count(*) from month_charge") == 3
    assert await verify() == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        pytest.param({"reason": " "}, "INVALID_VALUE", "reason", id="no reason"),
        pytest.param({"month": "2026-04-01"}, "IN_THE_FUTURE", "month", id="a later month"),
    ],
)
async def test_a_fault_has_a_reason_and_a_month(
    web: Web, factory: Place, administrator: User, changes: dict[str, str], code: str, path: str
) -> None:
    given = {**of_february(factory, reason="capacitor 3 failed"), **changes}

    answer = await web.ask(RECORD, administrator, input=given)

    assert answer.data["done"] == {
        "meteringPointMonth": None,
        "userErrors": [{"code": code, "path": ["input", path]}],
    }
    assert await count("compensation_fault") == 0


async def test_a_month_has_one_fault_at_a_time(
    web: Web, factory: Place, administrator: User
) -> None:
    given = of_february(factory, reason="capacitor 3 failed")
    await web.ask(RECORD, administrator, input=given)

    again = await web.ask(RECORD, administrator, input=given)
    await web.ask(REVOKE, administrator, input=given)
    nothing = await web.ask(REVOKE, administrator, input=given)

    assert again.data["done"]["userErrors"] == [
        {"code": "ALREADY_EXISTS", "path": ["input", "month"]}
    ]
    assert nothing.codes == ["NOT_FOUND"]
    assert await count("compensation_fault") == 1


async def test_whoever_may_not_adjust_credit_records_no_fault(web: Web, factory: Place) -> None:
    operator = await web.user(factory.company_id, Role.OPERATOR)

    answer = await web.ask(
        RECORD, operator, input=of_february(factory, reason="capacitor 3 failed")
    )

    assert answer.codes == ["FORBIDDEN"]
    assert await count("compensation_fault") == 0


async def test_a_fault_and_its_revocation_are_daily_entries(
    web: Web, factory: Place, administrator: User
) -> None:
    given = of_february(factory, reason="capacitor 3 failed")

    await web.ask(RECORD, administrator, input=given)
    await web.ask(REVOKE, administrator, input=given)

    entries = "daily_entry where object_type = 'CompensationFault' and user_id is not null and kind"
    assert await count(f"{entries} = 'ADDED'") == 1
    assert await count(f"{entries} = 'UPDATED'") == 1
