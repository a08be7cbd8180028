"""Statements of banks: what matches by itself, and what is left alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from db import access
from db.enums import JobState, StatementFormat, TransferState
from db.ids import InvoiceId
from db.settings import Urls
from domain.ledger.posting import LOCK_BALANCES
from domain.payments import statement_work, transfers
from domain.payments.transfers import OtherCurrency
from domain.refusals import NotThere
from tests.db.bank_transfers.statements import (
    ADD_MONTHS,
    ASKER,
    HEADER,
    take_in,
    waiting,
)
from tests.db.invoicing import add_postpaid, invoice_of, query
from tests.factories import NOW, Place, account_of
from tests.imports import sent
from tests.waiting import held, others_wait


async def test_a_transfer_that_names_its_invoice_pays_it(
    place: Place, invoice_id: InvoiceId
) -> None:
    ended = await take_in(place, "2026-03-05;289,59;TRY;INV2026000000001 elektrik")

    assert ended == (JobState.SUCCEEDED, {"matched": 1, "review": 0, "known": 0})
    assert (await invoice_of(place.company_id, invoice_id)).open == 0
    assert await query("select method || ' ' || received_at::text from payment") == (
        "BANK_TRANSFER 2026-03-04 21:00:00+00"
    )


async def test_a_statement_that_is_read_twice_adds_nothing(
    place: Place, invoice_id: InvoiceId
) -> None:
    lines = ["2026-03-05;100;TRY;INV2026000000001"] * 2
    first = await take_in(place, *lines)

    second = await take_in(place, *lines)

    assert first[1] == {"matched": 2, "review": 0, "known": 0}
    assert second[1] == {"matched": 0, "review": 0, "known": 2}
    assert (await invoice_of(place.company_id, invoice_id)).paid == 200


async def test_a_short_number_among_other_words_proves_nothing(
    place: Place, invoice_id: InvoiceId
) -> None:
    async with access.system() as connection:
        await connection.execute("update account set number = '12'")

    ended = await take_in(place, "2026-03-05;7;TRY;flat 12 march", "2026-03-05;8;TRY;12")

    assert ended[1] == {"matched": 1, "review": 1, "known": 0}
    assert await query("select amount_micro from payment") == 8_000_000
    assert await query("select text from bank_transfer where state = 'REVIEW'") == "flat 12 march"


async def test_an_amount_alone_is_only_suggested(place: Place, invoice_id: InvoiceId) -> None:
    ended = await take_in(place, "2026-03-05;289.59;TRY;elektrik")

    assert ended[1] == {"matched": 0, "review": 1, "known": 0}
    assert await query("select suggested_invoice_id from bank_transfer") == invoice_id
    assert (await invoice_of(place.company_id, invoice_id)).paid == 0


async def test_invoices_of_an_amount_are_found_among_many(
    place: Place, invoice_id: InvoiceId, database: Urls
) -> None:
    owner = await asyncpg.connect(database.owner)
    await owner.execute(ADD_MONTHS)
    await owner.execute("analyze invoice")
    plan = await owner.fetch(f"explain {transfers.ALIKE}", place.company_id, 289_590_000)
    await owner.close()

    assert "using invoice_open" in "\n".join(row[0] for row in plan)


async def test_a_statement_holds_accounts_in_the_order_in_which_all_do(
    place: Place, database: Urls
) -> None:
    later = await add_postpaid(place)
    numbers = [
        await query("select number from account where id = $1", account_id)
        for account_id in (later.account_id, account_of(place))
    ]
    async with held(database, LOCK_BALANCES, place.company_id, [account_of(place)]) as holder:
        taking = asyncio.create_task(
            take_in(place, *(f"2026-03-05;7;TRY;{number}" for number in numbers))
        )
        await others_wait(holder, 1)

        free = await holder.fetch(f"{LOCK_BALANCES} nowait", place.company_id, [later.account_id])

    assert len(free) == 1
    assert (await taking)[1] == {"matched": 2, "review": 0, "known": 0}


async def test_another_currency_waits(place: Place, invoice_id: InvoiceId) -> None:
    ended = await take_in(place, "2026-03-05;300;EUR;INV2026000000001")

    assert ended[1] == {"matched": 0, "review": 1, "known": 0}
    assert await query("select count(*) from payment") == 0


async def test_what_a_bank_calls_a_transfer_keeps_nobody_from_paying(
    place: Place, invoice_id: InvoiceId
) -> None:
    ended = await take_in(place, "2026-03-05;100;TRY;INV2026000000001;EFT\xa017\x00")

    assert ended == (JobState.SUCCEEDED, {"matched": 1, "review": 0, "known": 0})
    assert await query("select reference from payment") == "EFT 17"


async def test_another_currency_is_never_paid_in(place: Place) -> None:
    await take_in(place, "2026-03-05;300;EUR;elektrik")
    transfer_id, version = await waiting(place)

    with pytest.raises(OtherCurrency):
        await transfers.match(
            company_id=place.company_id,
            transfer_id=transfer_id,
            expected_version=version,
            account_id=account_of(place),
            invoice_id=None,
            now=NOW,
        )

    assert await query("select state from bank_transfer") == TransferState.REVIEW
    assert await query("select count(*) from payment") == 0


async def test_a_transfer_that_names_two_accounts_waits(
    place: Place, invoice_id: InvoiceId
) -> None:
    other = await add_postpaid(place)
    number = await query("select number from account where id = $1", other.account_id)

    ended = await take_in(place, f"2026-03-05;289.59;TRY;INV2026000000001 {number}")

    assert ended[1] == {"matched": 0, "review": 1, "known": 0}


async def test_of_a_broken_statement_nothing_is_taken_in(place: Place) -> None:
    ended = await take_in(place, "2026-03-05;300;TRY;one", "yesterday;1;TRY;two")

    assert ended == (JobState.FAILED, None)
    assert await query("select count(*) from bank_transfer") == 0


async def test_other_peoples_files_are_not_there(place: Place) -> None:
    file_id = await sent(place.company_id, None, HEADER.encode())
    somebody = replace(ASKER, user_id=7)  # type: ignore[arg-type] # any but who sent it

    with pytest.raises(NotThere):
        await statement_work.start(
            company_id=place.company_id,
            asker=somebody,
            file_id=file_id,
            format=StatementFormat.CSV,
            now=NOW + timedelta(minutes=1),
        )

    assert await query("select count(*) from job") == 0
