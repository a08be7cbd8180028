"""Transfers that a person looks at."""

from decimal import Decimal
from typing import Any

import pytest

from db.enums import PaymentMethod, TransferState
from db.ids import InvoiceId
from domain.ledger.queries import balance_of
from domain.payments import operations as payments
from domain.payments import transfers
from domain.payments.transfers import TransferDecided
from domain.refusals import StaleVersion
from tests.db.bank_transfers.statements import take_in, waiting
from tests.db.invoicing import add_postpaid, invoice_of, query
from tests.factories import NOW, Place, account_of


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
        await transfers.ignore(**asked, expected_version=version + 1, reason="no", now=NOW)
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


async def test_what_is_not_for_us_is_ignored(place: Place) -> None:
    await take_in(place, "2026-03-05;300;TRY;kira")
    transfer_id, version = await waiting(place)

    await transfers.ignore(
        company_id=place.company_id,
        transfer_id=transfer_id,
        expected_version=version,
        reason="rent of a neighbour",
        now=NOW,
    )

    assert await query("select state from bank_transfer") == TransferState.IGNORED
    assert await query("select count(*) from payment") == 0
