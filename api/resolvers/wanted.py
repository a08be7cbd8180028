"""What a client asked to follow, checked against what it may see."""

from collections.abc import Collection
from dataclasses import dataclass

import strawberry

from api.context import Info
from api.errors import BadUserInput, NotFound
from api.schema.accounts import Account
from api.schema.companies import Field
from api.schema.meters import Meter
from api.schema.node import Node, decoded
from db.ids import AccountId, FieldId, MeterId
from domain.outbox import Cursor, InvalidCursor, OutboxRow

IDS_MAX = 500


@dataclass(frozen=True, slots=True)
class WantedReadings:
    """Which readings a client wants; None wants any."""

    meter_ids: Collection[int] | None
    field_id: FieldId | None
    account_id: AccountId | None

    def meters_of(self, row: OutboxRow) -> list[MeterId]:
        if self.field_id not in (None, row.field_id):
            return []
        if self.account_id is not None and self.account_id not in row.account_ids:
            return []
        return [one for one in row.meter_ids if self.meter_ids is None or one in self.meter_ids]


async def wanted_readings(
    info: Info,
    meter_ids: list[strawberry.ID] | None,
    field_id: strawberry.ID | None,
    account_id: strawberry.ID | None,
) -> WantedReadings:
    field = await _visible_one(info, Field, field_id, argument="fieldId")
    account = await _visible_one(info, Account, account_id, argument="accountId")
    return WantedReadings(
        meter_ids=await visible(info, Meter, meter_ids, argument="meterIds"),
        field_id=None if field is None else FieldId(field),
        account_id=None if account is None else AccountId(account),
    )


async def _visible_one(
    info: Info, kind: type[Node], id: strawberry.ID | None, *, argument: str
) -> int | None:
    found = await visible(info, kind, None if id is None else [id], argument=argument)
    return None if found is None else next(iter(found))


async def visible(
    info: Info, kind: type[Node], ids: list[strawberry.ID] | None, *, argument: str
) -> frozenset[int] | None:
    """Return the rows' ids that a client named.

    :raises BadUserInput: there are too many, or one is no id of such an object
    :raises NotFound: the caller sees no such object
    """
    if ids is None:
        return None
    if len(ids) > IDS_MAX:
        raise BadUserInput(argument, f"expected at most {IDS_MAX}")
    row_ids = frozenset(_row_id(one, kind, argument=argument) for one in ids)
    rows = await info.context.loaders.row(kind.listing).load_many(row_ids)
    if None in rows:
        raise NotFound
    return row_ids


def _row_id(id: str, kind: type[Node], *, argument: str) -> int:
    found, row_id = decoded(id, argument=argument)
    if found is not kind:
        raise BadUserInput(argument, f"expected the id of a {kind.__name__}")
    return row_id


def cursor_of(after: str) -> Cursor:
    """Return the cursor that a client gave back.

    :raises BadUserInput: it is none
    """
    try:
        return Cursor.parse(after)
    except InvalidCursor as error:
        raise BadUserInput("after", "expected a cursor that this API gave out") from error
