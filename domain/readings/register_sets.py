"""Register sets: which registers a reading's values are. Immutable, made when first seen."""

from collections.abc import Iterable

from db.access import Connection
from db.ids import CompanyId
from domain.readings.matching import Signature

Known = dict[tuple[CompanyId, Signature], int]


async def ids_of(
    connection: Connection, wanted: Iterable[tuple[CompanyId, Signature]], known: Known
) -> Known:
    """Return the ids of these register sets, of which `known` are known already.

    Keep what comes back only when the transaction has committed: it may have made some.
    """
    ids = dict(known)
    for company_id, signature in sorted(set(wanted) - known.keys()):
        ids[company_id, signature] = await _id_of(connection, company_id, signature)
    return ids


async def _id_of(connection: Connection, company_id: CompanyId, signature: Signature) -> int:
    columns = [list(column) for column in zip(*signature, strict=True)] or [[], [], []]
    await connection.execute(
        "insert into register_set (company_id, obis, scaler, unit) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        company_id,
        *columns,
    )
    return int(
        await connection.fetchval(
            "select id from register_set where company_id = $1 and obis = $2 and scaler = $3"
            " and unit = $4",
            company_id,
            *columns,
        )
    )
