"""Moving what belongs to something, and taking it in and out of use, with what stays of it."""

from typing import Any

import pytest

from api.global_ids import encode
from domain.hierarchy import branches, collectors
from domain.metering import points, premises
from tests.api.devices import Kind, own
from tests.api.premises import other_field
from tests.api.web import User, Web
from tests.factories import NOW, Place

FIELD = Kind("Field", "field", "branchId", {}, {}, {})
COLLECTOR = Kind("Collector", "collector", "fieldId", {}, {}, {})
RF_MODULE = Kind("RfModule", "rfModule", "collectorId", {}, {}, {})


async def parents(kind: Kind, place: Place) -> tuple[str, str]:
    """Return where something of the place is, and make somewhere else for it."""
    match kind.parent:
        case "branchId":
            branch_id = await branches.create(company_id=place.company_id, name="South")
            return encode("Branch", place.branch_id), encode("Branch", branch_id)
        case "fieldId":
            return encode("Field", place.field_id), encode("Field", await other_field(place))
        case _:
            collector_id = await collectors.create(
                company_id=place.company_id,
                field_id=place.field_id,
                flag="WTL",
                serial="other",
                token=None,
                time_zone="UTC",
            )
            return encode("Collector", place.collector_id), encode("Collector", collector_id)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.name) for kind in (FIELD, COLLECTOR, RF_MODULE)]
)
async def test_a_move_is_seen_with_where_it_was_before(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    before, after = await parents(kind, place)
    slot = kind.parent.removesuffix("Id")

    moved = await kind.ask(web, administrator, "move", **own(kind, place), **{kind.parent: after})
    shown = f"{slot} {{ id }} placements {{ nodes {{ startedAt endedAt {slot} {{ id }} }} }}"
    found = await web.ask(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind.name} {{ {shown} }} }} }}",
        administrator,
        id=own(kind, place)["id"],
    )

    assert moved.data["done"]["object"]["version"] == 2
    assert found.data["node"] == {
        slot: {"id": after},
        "placements": {
            "nodes": [
                {"startedAt": None, "endedAt": NOW.isoformat(), slot: {"id": before}},
                {"startedAt": NOW.isoformat(), "endedAt": None, slot: {"id": after}},
            ]
        },
    }


async def unused(name: str, place: Place) -> int:
    """Add one that nothing depends on."""
    match name:
        case "Branch":
            return await branches.create(company_id=place.company_id, name="South")
        case "Premises":
            return await premises.create(
                company_id=place.company_id, field_id=place.field_id, name="Kiosk"
            )
        case _:
            return await points.create(
                company_id=place.company_id,
                premises_id=place.supplies[0].premises_id,
                code="T1",
            )


@pytest.mark.parametrize("name", ["Branch", "Premises", "MeteringPoint"])
async def test_what_is_retired_is_taken_back(
    web: Web, place: Place, administrator: User, name: str
) -> None:
    row_id = encode(name, await unused(name, place))
    slot = name[0].lower() + name[1:]

    async def ask(verb: str, version: int) -> Any:
        text = (
            f"mutation ($input: VersionInput!) {{ done: {verb}{name}(input: $input) {{"
            f" {slot} {{ active version }} userErrors {{ code }} }} }}"
        )
        given = {"id": row_id, "expectedVersion": version}
        return (await web.ask(text, administrator, input=given)).data["done"]

    retired = await ask("deactivate", 1)
    back = await ask("reactivate", 2)

    assert retired == {slot: {"active": False, "version": 2}, "userErrors": []}
    assert back == {slot: {"active": True, "version": 3}, "userErrors": []}
