"""What became of a month of a place's account."""

from datetime import date

from db import access
from domain.invoices.rules import Month
from domain.month_charges import faults
from tests.factories import NOW, Place, account_of

MONTH = Month(date(2026, 3, 1))
VERDICT = """
    insert into month_verdict (company_id, account_id, point_id, month, tariff_id, version_from,
        peaks_w, compensation_fault, inductive_over, capacitive_over, charged_varh, waived,
        judged_at)
    select $1, $2, $3, $4, $5, $6, '{"1.6.0": null}', true, false, false, 0, false, $6
"""


async def judge(place: Place) -> None:
    """Give a place's account a month with a fault of compensation, which it was judged for."""
    point_id = place.supplies[0].point_id
    await faults.record(
        company_id=place.company_id,
        point_id=point_id,
        month=MONTH,
        reason=f"capacitors of field {place.field_id}",
        now=NOW,
    )
    async with access.system() as connection:
        await connection.execute(
            VERDICT,
            place.company_id,
            account_of(place),
            point_id,
            MONTH.first,
            place.tariff_id,
            NOW,
        )
