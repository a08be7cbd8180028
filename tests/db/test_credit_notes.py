"""Taking invoices back: another invoice says so, and the books follow."""

from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import InvoiceKind, InvoiceLineKind
from db.ids import InvoiceId
from domain.invoices import credit_notes
from domain.invoices.credit_notes import NotCreditable
from domain.invoices.rules import InvoiceLine
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import balance_of, verify
from domain.ledger.rules import KEY_CHARACTERS_MAX
from domain.refusals import InvalidValue, NotThere
from tests.db.invoicing import (
    FEBRUARY,
    ISSUED_AT,
    invoice_of,
    invoiced,
    make_consumed,
    query,
)
from tests.factories import Place, account_of


@pytest.fixture
async def place(room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)


async def credit(place: Place, invoice_id: InvoiceId, **changes: Any) -> InvoiceId:
    asked: dict[str, Any] = {
        "reason": "a wrong meter",
        "idempotency_key": "one",
        "amounts": None,
        **changes,
    }
    return await credit_notes.credit(
        company_id=place.company_id, invoice_id=invoice_id, now=ISSUED_AT, **asked
    )


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def test_a_whole_invoice_is_taken_back(place: Place, invoice_id: InvoiceId) -> None:
    note_id = await credit(place, invoice_id)

    note, invoice = [await invoice_of(place.company_id, one) for one in (note_id, invoice_id)]
    assert (note.kind, note.number) == (InvoiceKind.CREDIT_NOTE, "CRN2026000000001")
    assert (note.refers_to, note.reason) == (invoice_id, "a wrong meter")
    assert note.totals == invoice.totals
    assert [line.of_line for line in note.lines] == [1]
    assert (invoice.credited, invoice.open) == (invoice.totals.total, Decimal(0))
    assert await balance(place) == 0
    assert await verify() == []


async def test_parts_are_taken_back_until_nothing_is_left(
    place: Place, invoice_id: InvoiceId
) -> None:
    total = (await invoice_of(place.company_id, invoice_id)).totals.total
    part_id = await credit(place, invoice_id, amounts={1: Decimal("100.004")})
    rest_id = await credit(place, invoice_id, idempotency_key="two")

    part, rest = [await invoice_of(place.company_id, one) for one in (part_id, rest_id)]
    assert (part.totals.total, part.totals.rounding) == (Decimal(100), Decimal("-0.004"))
    assert part.totals.total + rest.totals.total == total == Decimal("289.59")
    assert await balance(place) == 0
    with pytest.raises(NotCreditable):
        await credit(place, invoice_id, idempotency_key="three")
    assert await query("select last_number from invoice_counter where series = 'CRN'") == 2


async def test_a_part_of_a_line_is_of_as_much_less(place: Place, invoice_id: InvoiceId) -> None:
    note_ids = [
        await credit(place, invoice_id, amounts={1: Decimal(100)}),
        await credit(place, invoice_id, idempotency_key="two"),
    ]

    notes = [await invoice_of(place.company_id, one) for one in note_ids]
    told = [
        (line.amount, line.priced and line.priced.quantity) for (line,) in (n.lines for n in notes)
    ]
    # Of 123.456 kWh at 2.345678901.
    assert told == [
        (Decimal(100), Decimal("42.631581")),
        (Decimal("189.588134"), Decimal("80.824419")),
    ]


async def test_the_same_key_makes_one_credit_note(place: Place, invoice_id: InvoiceId) -> None:
    first = await credit(place, invoice_id, amounts={1: Decimal(1)})

    assert await credit(place, invoice_id, amounts={1: Decimal("1.0")}) == first
    with pytest.raises(IdempotencyConflict):
        await credit(place, invoice_id, amounts={1: Decimal(2)})
    assert await query("select count(*) from invoice where kind = 'CREDIT_NOTE'") == 1


async def test_a_key_may_be_as_long_as_other_keys(place: Place, invoice_id: InvoiceId) -> None:
    note_id = await credit(place, invoice_id, idempotency_key="k" * KEY_CHARACTERS_MAX)

    assert (await invoice_of(place.company_id, note_id)).refers_to == invoice_id


async def test_no_line_gives_back_what_another_has_given_already(place: Place) -> None:
    lines = [
        InvoiceLine(kind=InvoiceLineKind.SETTLEMENT, amount=Decimal(amount), energy_month=FEBRUARY)
        for amount in (100, -90)
    ]
    draft = Draft(
        account_id=account_of(place), lines=lines, totals=totals(lines, (), "TRY"), month=FEBRUARY
    )
    async with access.tenant(place.company_id) as connection:
        issuer = await Issuer.of(connection, place.company_id)
        (invoice_id,) = await write(connection, issuer, InvoiceKind.MONTHLY, [draft], now=ISSUED_AT)

    with pytest.raises(InvalidValue):
        await credit(place, invoice_id, amounts={1: Decimal("10.01")})
    assert (await invoice_of(place.company_id, invoice_id)).credited == 0
    await credit(place, invoice_id, amounts={1: Decimal(10)})

    assert (await invoice_of(place.company_id, invoice_id)).open == 0


@pytest.mark.parametrize(
    "amounts",
    [
        pytest.param({}, id="nothing"),
        pytest.param({2: Decimal(1)}, id="no such line"),
        pytest.param({1: Decimal("289.60")}, id="more than there was"),
        pytest.param({1: Decimal(-1)}, id="less than nothing"),
        pytest.param({1: Decimal("0.0000001")}, id="too fine"),
    ],
)
async def test_other_parts_are_refused(
    place: Place, invoice_id: InvoiceId, amounts: dict[int, Decimal]
) -> None:
    before = await balance(place)

    with pytest.raises(InvalidValue):
        await credit(place, invoice_id, amounts=amounts)

    assert await balance(place) == before
    assert await query("select count(*) from invoice") == 1


async def test_a_credit_note_is_not_taken_back(place: Place, invoice_id: InvoiceId) -> None:
    note_id = await credit(place, invoice_id, amounts={1: Decimal(1)})
    before = await balance(place)

    with pytest.raises(NotCreditable):
        await credit(place, note_id, idempotency_key="two")
    with pytest.raises(NotThere):
        await credit(place, InvoiceId(1), idempotency_key="three")

    assert await query("select array_agg(id order by id) from invoice") == [invoice_id, note_id]
    assert await balance(place) == before
