"""Listing readings that wait for a person: held ones, and other values for some that stand."""

from collections.abc import Sequence

from db.enums import ValidationRule
from domain.facets import Facet, id_of, instant, word
from domain.listing import Listing


def _registers(table: str) -> Sequence[str]:
    return [
        f"(select s.{column} from register_set s where s.company_id = {table}.company_id"
        f" and s.id = {table}.register_set_id) as {column}"
        for column in ("obis", "scaler", "unit")
    ]


def _listing(table: str, columns: Sequence[str] = (), facets: Sequence[Facet] = ()) -> Listing:
    return Listing(
        table=table,
        columns=(
            "id",
            "meter_id",
            "ts",
            "ts as read_at",
            "received_at",
            f'{table}."values"',
            *_registers(table),
            *columns,
        ),
        facets=(
            instant(f"{table}.ts", name="read_at"),
            instant(f"{table}.received_at"),
            id_of("meter", f"{table}.meter_id"),
            *facets,
        ),
        order="received_at",
        newest_first=True,
    )


READING_CONFLICTS = _listing("reading_conflict")
HELD_READINGS = _listing(
    "held_reading", ("rule", "detail"), (word("held_reading.rule", ValidationRule),)
)
