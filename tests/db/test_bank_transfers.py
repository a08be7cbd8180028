"""Statements of banks: each transfer is taken in once, and is matched or waits for a person."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import JobState, PaymentMethod, StatementFormat, TransferState
from db.ids import InvoiceId, JobId, TransferId
from db.settings import Urls
from domain.invoices import monthly
from domain.ledger.posting import LOCK_BALANCES
from domain.ledger.queries import balance_of
from domain.longwork.jobs import Asker
from domain.longwork.queries import standing
from domain.payments import operations as payments
from domain.payments import statement_work, transfers
from domain.payments.transfers import OtherCurrency, TransferDecided
from domain.refusals import NotThere, StaleVersion
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    account_of,
    add_postpaid,
    invoice_of,
    make_partitions,
    make_postpaid,
    measure,
    query,
)
from tests.factories import NOW, Place, make_register_set
from tests.imports import WORKS, sent
from workers.long_jobs import work_once

ASKER = Asker(user_id=None, role=None, scopes=frozenset())
HEADER = "date;amount;currency;reference;bank_reference\n"
# The same again for each of the months before, all open.
ADD_MONTHS = """
    insert into invoice
    select (jsonb_populate_record(i, jsonb_build_object('id', i.id + n, 'number', n,
        'place_in_series', n + 1, 'month', i.month - n * interval '1 month',
        'lines_micro', n * 10000, 'rounding_micro', 0, 'total_micro', n * 10000))).*
    from invoice i, generate_series(1, 5000) n
"""
SOMEBODY_WAITS = "select count(*) from pg_locks where not granted"


@pytest.fixture
async def place(connected: None, database: Urls) -> Place:
    await make_partitions(database.owner)
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=FEBRUARY,
        now=ISSUED_AT,
    )


async def take_in(place: Place, *lines: str) -> tuple[JobState, dict[str, int] | None]:
    content = (HEADER + "\n".join(lines)).encode()
    job_id = await statement_work.start(
        company_id=place.company_id,
        asker=ASKER,
        file_id=await sent(place.company_id, None, content),
        format=StatementFormat.CSV,
        now=NOW,
    )
    assert await work_once(works=WORKS, clock=lambda: NOW, only=JobId(job_id))
    found = await standing(company_id=place.company_id, job_id=job_id)
    return found.state, found.result.get("transfers")


async def waiting(place: Place) -> tuple[TransferId, int]:
    async with access.system() as connection:
        row = await connection.fetchrow("select id, version from bank_transfer")
    assert row is not None
    return TransferId(row["id"]), row["version"]


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


async def test_a_person_says_whose_it_is(place: Place, invoice_id: InvoiceId) -> None:
    await take_in(place, "2026-03-05;300;TRY;elektrik")
    transfer_id, version = await waiting(place)
    asked: dict[str, Any] = {"company_id": place.company_id, "transfer_id": transfer_id}
    with pytest.raises(StaleVersion):
        await transfers.match(
            **asked,
            expected_version=version + 1,
            account_id=account_of(place),
            invoice_id=None,
            now=NOW,
        )

    await transfers.match(
        **asked,
        expected_version=version,
        account_id=account_of(place),
        invoice_id=invoice_id,
        now=NOW,
    )

    assert (await invoice_of(place.company_id, invoice_id)).open == 0
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == Decimal("10.41")
    with pytest.raises(TransferDecided):
        await transfers.ignore(**asked, expected_version=version + 1, reason="no")
    assert await query("select count(*) from payment") == 1


async def test_what_another_statement_tells_in_other_words_waits(
    place: Place, invoice_id: InvoiceId
) -> None:
    first = await take_in(
        place,
        "2026-03-05;100;TRY;INV2026000000001;A1",
        "2026-03-05;100;TRY;INV2026000000001 as well;A1",
        "2026-03-05;7;TRY;INV2026000000001;",
    )

    ended = await take_in(
        place,
        "2026-03-05;100;TRY;EFT INV2026000000001 Ayşe;A1",
        "2026-03-05;100;TRY;INV2026000000001;A2",
        "2026-03-06;100;TRY;INV2026000000001;A1",
        "2026-03-05;7;TRY;again INV2026000000001;",
    )

    assert first[1] == {"matched": 3, "review": 0, "known": 0}
    assert ended[1] == {"matched": 3, "review": 1, "known": 0}
    assert await query("select text from bank_transfer where state = 'REVIEW'") == (
        "EFT INV2026000000001 Ayşe"
    )


async def test_no_key_of_anybody_keeps_a_transfer_from_being_matched(
    place: Place, invoice_id: InvoiceId
) -> None:
    await take_in(place, "2026-03-05;300;TRY;elektrik")
    transfer_id, version = await waiting(place)
    for key in (f"bank-transfer/{transfer_id}", f"bank-transfer/{transfer_id}/{version}"):
        await payments.record(
            company_id=place.company_id,
            account_id=account_of(place),
            amount=Decimal(1),
            method=PaymentMethod.CASH,
            received_at=NOW,
            idempotency_key=key,
            now=NOW,
        )

    await transfers.match(
        company_id=place.company_id,
        transfer_id=transfer_id,
        expected_version=version,
        account_id=account_of(place),
        invoice_id=None,
        now=NOW,
    )

    assert await query("select sum(amount_micro)::int8 from payment") == 302_000_000


async def test_a_transfer_whose_payment_is_reversed_waits_for_a_person_again(
    place: Place, invoice_id: InvoiceId
) -> None:
    other = await add_postpaid(place)
    assert other.account_id is not None
    await take_in(place, "2026-03-05;100;TRY;INV2026000000001 for a neighbour")
    payment_id = await query("select payment_id from bank_transfer")
    await payments.reverse(
        company_id=place.company_id,
        payment_id=payment_id,
        expected_version=await query("select version from payment"),
        reason="the neighbour's",
        now=NOW,
    )
    assert await query("select state from bank_transfer") == TransferState.REVIEW
    transfer_id, version = await waiting(place)

    for account_id in (other.account_id, account_of(place)):
        await transfers.match(
            company_id=place.company_id,
            transfer_id=transfer_id,
            expected_version=version,
            account_id=account_id,
            invoice_id=None,
            now=NOW,
        )
        payment_id = await query("select payment_id from bank_transfer")
        await payments.reverse(
            company_id=place.company_id,
            payment_id=payment_id,
            expected_version=await query("select version from payment where id = $1", payment_id),
            reason="neither",
            now=NOW,
        )
        version += 2

    counted = await query("select array_agg(state || ' ' || account_id order by id) from payment")
    accounts = (account_of(place), other.account_id, account_of(place))
    assert counted == [f"REVERSED {account_id}" for account_id in accounts]
    assert await query("select count(*) from journal where kind = 'REVERSAL'") == 3


async def test_a_statement_holds_accounts_in_the_order_in_which_all_do(
    place: Place, database: Urls
) -> None:
    later = await add_postpaid(place)
    numbers = [
        await query("select number from account where id = $1", account_id)
        for account_id in (later.account_id, account_of(place))
    ]
    holder = await asyncpg.connect(database.system)
    async with holder.transaction():
        await holder.fetch(LOCK_BALANCES, place.company_id, [account_of(place)])
        taking = asyncio.create_task(
            take_in(place, *(f"2026-03-05;7;TRY;{number}" for number in numbers))
        )
        while not (taking.done() or await query(SOMEBODY_WAITS)):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)

        held = await holder.fetch(f"{LOCK_BALANCES} nowait", place.company_id, [later.account_id])
    await holder.close()

    assert len(held) == 1
    assert (await taking)[1] == {"matched": 2, "review": 0, "known": 0}


async def test_what_is_not_for_us_is_ignored(place: Place) -> None:
    await take_in(place, "2026-03-05;300;TRY;kira")
    transfer_id, version = await waiting(place)

    await transfers.ignore(
        company_id=place.company_id,
        transfer_id=transfer_id,
        expected_version=version,
        reason="rent of a neighbour",
    )

    assert await query("select state from bank_transfer") == TransferState.IGNORED
    assert await query("select count(*) from payment") == 0


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
