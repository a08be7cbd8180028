"""Lines of invoices that tell a maximum, and the release before, which cannot read them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.enums import BillingMode
from db.ids import InvoiceId
from db.migrate import migrate
from db.settings import Urls
from tests.db.month_charges.world import USED, invoice, make_monthly, read, work

BEFORE = "wattledger.m0045_credit_allocations"
IS_THERE = """
    select exists (select from information_schema.columns
        where table_name = 'month_verdict' and column_name = 'peaks_told_by')
"""


@pytest.fixture
async def invoice_id(room: None) -> InvoiceId:
    place = await make_monthly(billing_mode=BillingMode.POSTPAID)
    await read(place, USED)
    await work()
    return (await invoice(place)).id


@pytest.fixture
async def owner(database: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def test_nobody_goes_back_while_invoices_tell_maxima(
    invoice_id: InvoiceId, database: Urls, owner: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.RaiseError, match="invoices say more than the release before"):
        await migrate(database.owner, target=BEFORE)

    assert await owner.fetchval(IS_THERE) is True


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("first_at = null, first_index_wh = null", id="energy that begins nowhere"),
        pytest.param("last_index_wh = null", id="no last index"),
        pytest.param("first_index_wh = null", id="a time without an index"),
        pytest.param("unit = 'KW'", id="a maximum that begins somewhere"),
    ],
)
async def test_a_line_is_of_a_meter_as_a_whole(
    invoice_id: InvoiceId, owner: asyncpg.Connection, broken: str
) -> None:
    await owner.execute("alter table invoice_line disable trigger invoice_line_immutable")

    with pytest.raises(asyncpg.CheckViolationError, match="invoice_line_metered"):
        await owner.execute(
            f"update invoice_line set {broken} where invoice_id = $1 and kind = 'REACTIVE'",
            invoice_id,
        )
