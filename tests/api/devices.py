"""Fields, collectors, RF modules and meters: what is managed in the same way."""

from dataclasses import dataclass
from typing import Any

from api.global_ids import encode
from tests.api.web import Answer, User, Web
from tests.factories import Place


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, the field of its payloads, and what makes one more of it."""

    name: str
    slot: str
    parent: str
    create: dict[str, Any]
    update: dict[str, Any]
    bad: dict[str, Any]

    @property
    def called(self) -> str:
        return "name" if self.name == "Field" else "serial"

    async def ask(self, web: Web, user: User, verb: str, **input: Any) -> Answer:
        kind = "Version" if verb in ("deactivate", "reactivate") else f"{verb.title()}{self.name}"
        token = "token" if (self.name, verb) == ("Collector", "create") else ""
        return await web.ask(
            f"mutation ($input: {kind}Input!) {{ done: {verb}{self.name}(input: $input) {{"
            f" object: {self.slot} {{ id {self.called} version active }} {token}"
            " userErrors { code path"
            " ... on StaleVersion { current { id } } ... on RfModuleFull { limit } } } }",
            user,
            input=input,
        )


COLLECTOR = Kind(
    "Collector",
    "collector",
    "fieldId",
    {"flag": "WTL", "serial": "new", "make": "REACH", "model": "HD", "ipv4": "192.0.2.7"},
    {"serial": "newer", "ipv6": "2001:db8::7", "port": 4059},
    {"ipv4": "192.0.2.700"},
)
PARENTS = {"branchId": "Branch", "fieldId": "Field", "collectorId": "Collector"}


def parent_of(kind: Kind, place: Place) -> dict[str, str]:
    row_ids: dict[str, int] = {
        "branchId": place.branch_id,
        "fieldId": place.field_id,
        "collectorId": place.collector_id,
        "rfModuleId": place.rf_module_id,
    }
    return {kind.parent: encode(PARENTS.get(kind.parent, "RfModule"), row_ids[kind.parent])}


def own(kind: Kind, place: Place) -> dict[str, Any]:
    row_ids: dict[str, int] = {
        "Field": place.field_id,
        "Collector": place.collector_id,
        "RfModule": place.rf_module_id,
        "Meter": place.supplies[0].meter_id,
    }
    return {"id": encode(kind.name, row_ids[kind.name]), "expectedVersion": 1}
