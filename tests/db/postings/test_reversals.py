"""What undoes a transaction, once, and what cannot be undone."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import LedgerAccountKind
from db.ids import JournalId
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.ledger.reversal import AlreadyReversed, NotReversible
from domain.ledger.rules import Line
from domain.readings import operations as readings
from domain.refusals import InvalidValue, NotThere
from tests.db.postings.writing import adjustment, cash, posted, standing, undo
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of, make_read, make_register_set

TOMORROW = NOW + timedelta(days=1)


async def test_a_reversal_undoes_every_side_and_keeps_both(place: Place) -> None:
    account_id = account_of(place)
    (lent,) = await posted(
        place,
        adjustment(
            place,
            Line(LedgerAccountKind.CREDIT, Decimal(20), account_id),
            Line(LedgerAccountKind.EMERGENCY_CREDIT, Decimal(-20), account_id),
        ),
    )

    made = await undo(place, lent.journal_id)

    assert await standing(place) == (0, 0, 0, 0)
    assert await fetch("select id, corrects, reason from journal where kind = 'REVERSAL'") == [
        (made, lent.journal_id, "typed twice")
    ]
    assert await verify() == []


async def test_a_transaction_is_reversed_once_however_many_try(place: Place) -> None:
    (first,) = await posted(place, cash(place, "10"))

    made = await asyncio.gather(*(undo(place, first.journal_id) for _ in range(8)))

    assert len(set(made)) == 1
    assert await standing(place) == (0, 0, 0, 0)
    with pytest.raises(AlreadyReversed):
        await undo(place, first.journal_id, "for another reason")
    assert await fetch("select count(*) from journal") == [(2,)]


async def test_a_reversal_is_not_reversed_nor_is_energy(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, 1_000)], now=NOW)
    await ledger.close_days(now=TOMORROW)
    ((energy,),) = await fetch("select id from journal")
    (first,) = await posted(place, cash(place, "10"))
    reversal = await undo(place, first.journal_id)

    for journal_id in (energy, reversal):
        with pytest.raises(NotReversible):
            await undo(place, journal_id)

    assert await fetch("select count(*) from journal") == [(3,)]


async def test_a_reversal_needs_a_reason_and_a_transaction(place: Place) -> None:
    (first,) = await posted(place, cash(place, "10"))

    with pytest.raises(InvalidValue):
        await undo(place, first.journal_id, " ")
    with pytest.raises(NotThere):
        await undo(place, JournalId(9_999))

    assert await fetch("select count(*) from journal") == [(1,)]
