"""What people wrote with payments and for proofs is forgotten, and is in no daily entry."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.enums import DeliveryMethod, ErasureReason, PaymentMethod
from db.ids import InvoiceId
from db.settings import Urls
from domain.companies import settings
from domain.notices import operations as notices
from domain.payments import forgetting, transfers
from domain.payments import operations as payments
from domain.subscribers import erasure
from tests.db.bank_transfers.statements import take_in, waiting
from tests.db.invoicing import query
from tests.db.people import everything
from tests.factories import NOW, Place, account_of

TEXTS = "select array_agg(text order by id) from bank_transfer"
WORDS = ("Ayşe Işık", "for Mehmet", "signed by Zeynep")


async def decide_all(place: Place, invoice_id: InvoiceId) -> None:
    """Take in a transfer and a payment, and a notice with its proof, all with words of people."""
    await take_in(place, "2026-03-05;100;TRY;INV2026000000001 Ayşe Işık")
    await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(20),
        method=PaymentMethod.CASH,
        reference="for Mehmet",
        received_at=NOW,
        idempotency_key="one",
        now=NOW,
    )
    notice_id = await notices.issue(company_id=place.company_id, invoice_id=invoice_id, now=NOW)
    await notices.record_delivery(
        company_id=place.company_id,
        notice_id=notice_id,
        expected_version=1,
        method=DeliveryMethod.HAND,
        evidence="signed by Zeynep",
        delivered_at=NOW,
        now=NOW,
    )


async def test_texts_are_forgotten_once_it_is_long_decided_whose_money_it_was(
    place: Place, invoice_id: InvoiceId
) -> None:
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"transfer_text_retention_days": 30},
    )
    await take_in(place, "2026-03-05;7;TRY;rent")
    transfer_id, version = await waiting(place)
    await take_in(place, "2026-03-05;8;TRY;INV2026000000001", "2026-03-05;9;TRY;power")
    later = NOW + timedelta(days=10)
    await transfers.ignore(
        company_id=place.company_id,
        transfer_id=transfer_id,
        expected_version=version,
        reason="not ours",
        now=later,
    )

    kept = []
    for at in (NOW, NOW + timedelta(days=31), later + timedelta(days=31), NOW.replace(year=2030)):
        await forgetting.forget(now=at)
        kept.append(await query(TEXTS))

    assert kept == [
        ["rent", "INV2026000000001", "power"],
        ["rent", "", "power"],
        ["", "", "power"],
        # Whose money that is, nobody has said.
        ["", "", "power"],
    ]


async def test_daily_entries_have_no_words_of_people(place: Place, invoice_id: InvoiceId) -> None:
    await decide_all(place, invoice_id)

    entries = await query("select string_agg(e::text, ' ') from daily_entry e")
    assert [one for one in WORDS if one in entries] == []
    assert "Payment" in entries
    assert "OverdueNotice" in entries


async def test_who_is_erased_leaves_no_words(
    place: Place, invoice_id: InvoiceId, database: Urls
) -> None:
    await decide_all(place, invoice_id)
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", NOW)
    before = await everything(database)

    await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=NOW,
    )

    kept = await everything(database)
    assert [one for one in WORDS if one not in before] == []
    assert [one for one in WORDS if one in kept] == []
    assert await query("select delivered_at from overdue_notice") == NOW


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("delivery_evidence = 'another'", id="other evidence"),
        pytest.param("delivery_evidence = null", id="none"),
        pytest.param("delivery_evidence = 'ERASED', delivered_at = issued_at", id="another time"),
    ],
)
async def test_a_proof_changes_in_no_other_way(
    place: Place, invoice_id: InvoiceId, change: str
) -> None:
    await decide_all(place, invoice_id)
    async with access.system() as connection:
        await connection.execute("update overdue_notice set issued_at = issued_at - interval '1 h'")
    before = await query("select n::text from overdue_notice n")

    with pytest.raises(asyncpg.RestrictViolationError):
        async with access.system() as connection:
            await connection.execute(f"update overdue_notice set {change}")

    assert await query("select n::text from overdue_notice n") == before
