"""Reading statements of banks: what came in, a transfer at a time. Pure; CSV, MT940 and camt.053.

Whose money it was is not read: what finds the invoice is what the payer wrote.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from db.enums import StatementFormat
from domain.currencies import payable
from domain.money import CURRENCY
from domain.payments.camt import camt
from domain.payments.entries import Transfer, printable
from domain.spreadsheets.cells import UnreadableFile
from domain.spreadsheets.csv_text import CsvSheet

TRANSFERS_MAX = 20_000
FIELD_CHARACTERS_MAX = 2_000
COLUMNS = ("date", "amount", "currency", "reference")
OWN_REFERENCE = "bank_reference"
AMOUNT = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{0,3})?")
DATES = ("%Y-%m-%d", "%d.%m.%Y")

TAG = re.compile(r":([0-9]{2}[A-Z]?):(.*)")
OPENINGS = frozenset({"60F", "60M"})
OPENING = re.compile(r"[CD][0-9]{6}([A-Z]{3})[0-9,]+")
# Value date, entry date, direction, funds code, amount, kind and the rest.
ENTRY = re.compile(r"([0-9]{6})(?:[0-9]{4})?(R?[CD])[A-Z]?([0-9]+,[0-9]*)[A-Z][A-Z0-9]{3}(.*)")
CREDITED = frozenset({"C", "RD"})


def read(content: bytes, format: StatementFormat) -> list[Transfer]:
    """Return what came in, in the statement's order; what went out is left out.

    :raises UnreadableFile: it is no statement of that format, or a line of it makes no sense
    """
    seen: Counter[bytes] = Counter()
    transfers = []
    for transfer in READERS[format](content):
        seen[transfer.digest] += 1
        transfers.append(replace(transfer, occurrence=seen[transfer.digest]))
        if len(transfers) > TRANSFERS_MAX:
            raise UnreadableFile("TOO_MANY_ROWS", maximum=TRANSFERS_MAX)
    return transfers


def _csv(content: bytes) -> Iterator[Transfer]:
    rows = CsvSheet("statement", content).rows()
    header = next(rows, None)
    names = [] if header is None else [str(cell or "").strip().lower() for cell in header.cells]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise UnreadableFile("MISSING_COLUMN", field=missing[0])
    for row in rows:
        cells = [str(cell or "").strip() for cell in row.cells] + [""] * len(names)
        said = dict(zip(names, cells, strict=False))
        if not CURRENCY.fullmatch(said["currency"]):
            raise UnreadableFile("BROKEN_STATEMENT", line=row.number)
        amount = _amount(said["amount"], said["currency"], line=row.number)
        if amount > 0:
            yield Transfer(
                booked_date=_date(said["date"], line=row.number),
                amount=amount,
                currency=said["currency"],
                text=printable([said["reference"]]),
                bank_reference=printable([said.get(OWN_REFERENCE, "")]) or None,
            )


def _amount(text: str, currency: str, *, line: int) -> Decimal:
    """Return an amount that can be paid in the currency: 1.234 of a lira may well be thousands."""
    if not AMOUNT.fullmatch(text):
        raise UnreadableFile("NO_AMOUNT", line=line)
    amount = Decimal(text.replace(",", "."))
    if payable(amount, currency) != amount:
        raise UnreadableFile("NO_AMOUNT", line=line)
    return amount


def _date(text: str, *, line: int) -> date:
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise UnreadableFile("NO_DATE", line=line)


def _mt940(content: bytes) -> Iterator[Transfer]:
    currency: str | None = None
    entry: Transfer | None = None
    texts: list[str] = []
    for number, tag, value in _tagged(_decoded(content)):
        if tag == "86":
            texts.append(value)
            continue
        if entry is not None:
            yield replace(entry, text=printable(texts))
        entry, texts = None, []
        if tag in OPENINGS:
            currency = _currency(value, line=number)
        elif tag == "61":
            entry = _entry(value, currency, line=number)
    if entry is not None:
        yield replace(entry, text=printable(texts))


def _currency(opening: str, *, line: int) -> str:
    balance = OPENING.fullmatch(opening)
    if balance is None:
        raise UnreadableFile("BROKEN_STATEMENT", line=line)
    return balance[1]


def _tagged(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the number, tag and value of each field; lines without a tag go on with the one before.

    :raises UnreadableFile: there is none
    """
    field: tuple[int, str, str] | None = None
    # Not `splitlines`: what it takes for an end of line besides may be in what a payer wrote.
    for number, line in enumerate(text.split("\n"), start=1):
        tagged = TAG.fullmatch(line)
        if tagged is not None:
            if field is not None:
                yield field
            field = (number, tagged[1], tagged[2].strip())
        elif field is not None and not line.startswith("-"):
            field = (field[0], field[1], _lengthened(field[2], line.strip()))
    if field is None:
        raise UnreadableFile("BROKEN_STATEMENT", line=1)
    yield field


def _lengthened(value: str, more: str) -> str:
    return value if len(value) > FIELD_CHARACTERS_MAX else f"{value} {more}"


def _entry(value: str, currency: str | None, *, line: int) -> Transfer | None:
    """Return what an entry books, or None if it takes money away. currency: the statement's."""
    entry = ENTRY.fullmatch(value)
    if entry is None or currency is None:
        raise UnreadableFile("BROKEN_STATEMENT", line=line)
    amount = _amount(entry[3], currency, line=line)
    if entry[2] not in CREDITED or amount == 0:
        return None
    try:
        booked = datetime.strptime(entry[1], "%y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise UnreadableFile("NO_DATE", line=line) from error
    return Transfer(
        booked_date=booked,
        amount=amount,
        currency=currency,
        text="",
        bank_reference=printable([entry[4].partition("//")[2].split(" ")[0]]) or None,
    )


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        # What Turkish banks write; every byte means something in it.
        return content.decode("iso8859-9")


READERS: Mapping[StatementFormat, Callable[[bytes], Iterator[Transfer]]] = {
    StatementFormat.CSV: _csv,
    StatementFormat.MT940: _mt940,
    StatementFormat.CAMT_053: camt,
}
