"""Statements of banks as camt.053 of ISO 20022, of any of its versions. Pure.

An entry that books several transfers at once is told by each of them, where they sum up to it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree as ET

from domain.currencies import is_payable
from domain.money import CURRENCY
from domain.payments.entries import Transfer, printable
from domain.spreadsheets.cells import UnreadableFile

STATEMENTS = "BkToCstmrStmt/Stmt"
BOOKED, CAME = "BOOK", "CRDT"
# Of the bank's own references, the nearest to the transfer.
REFERENCES = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/EndToEndId")
NO_REFERENCE = "NOTPROVIDED"
TEXTS = ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref")
AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt")
DATES = ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
DAY_CHARACTERS = 10
AMOUNT_MAX = Decimal(10) ** 12


class _Plain(ET.TreeBuilder):
    """Builds a tree without namespaces, which tell the version, of a file without a DTD."""

    def start(self, tag: str, attributes: dict[str, str]) -> ET.Element:
        return super().start(tag.rpartition("}")[2], attributes)

    def end(self, tag: str) -> ET.Element:
        return super().end(tag.rpartition("}")[2])

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse what could hold entities; no statement needs any."""
        raise UnreadableFile("BROKEN_STATEMENT", line=1)


def camt(content: bytes) -> Iterator[Transfer]:
    """Yield what came in, by the file's order.

    :raises UnreadableFile: it is no such statement, or an entry of it makes no sense
    """
    parser = ET.XMLParser(target=_Plain())  # noqa: S314 - it refuses entities
    try:
        parser.feed(content)
        root = parser.close()
    except ET.ParseError as error:
        raise UnreadableFile("BROKEN_STATEMENT", line=error.position[0]) from error
    except (LookupError, ValueError) as error:
        # In letters that nobody knows.
        raise UnreadableFile("BROKEN_STATEMENT", line=1) from error
    statements = root.findall(STATEMENTS)
    if not statements:
        raise UnreadableFile("BROKEN_STATEMENT", line=1)
    entries = [entry for statement in statements for entry in statement.iter("Ntry")]
    for number, entry in enumerate(entries, start=1):
        if entry.findtext("CdtDbtInd") == CAME and _status(entry) == BOOKED:
            yield from _transfers(entry, number)


def _status(entry: ET.Element) -> str:
    """Return how far an entry is; older versions say it without a code of its own."""
    return (entry.findtext("Sts/Cd") or entry.findtext("Sts") or BOOKED).strip()


def _transfers(entry: ET.Element, number: int) -> Iterator[Transfer]:
    whole, currency = _amount(entry.find("Amt"), number)
    day = _day(entry, number)
    parts = entry.findall("NtryDtls/TxDtls")
    told = [_first(part, AMOUNTS) for part in parts]
    amounts = [_amount(one, number) for one in told if one is not None]
    if len(amounts) != len(parts) or amounts != [(a, currency) for a, _ in amounts]:
        amounts = []
    if len(parts) < 2 or sum((a for a, _ in amounts), Decimal(0)) != whole:  # noqa: PLR2004 - several
        yield _transfer(entry, parts, day, whole, currency)
        return
    for part, (amount, _) in zip(parts, amounts, strict=True):
        yield _transfer(entry, [part], day, amount, currency)


def _transfer(
    entry: ET.Element, parts: Sequence[ET.Element], day: date, amount: Decimal, currency: str
) -> Transfer:
    texts = [one.text or "" for part in parts for path in TEXTS for one in part.findall(path)] or [
        entry.findtext("AddtlNtryInf") or ""
    ]
    references = [part.findtext(path) for part in parts[:1] for path in REFERENCES]
    own = [*references[:1], entry.findtext("AcctSvcrRef"), *references[1:]]
    return Transfer(
        booked_date=day,
        amount=amount,
        currency=currency,
        text=printable([text.strip() for text in texts]),
        bank_reference=printable([one for one in own if one and one != NO_REFERENCE][:1]) or None,
    )


def _first(element: ET.Element, paths: Sequence[str]) -> ET.Element | None:
    found = (element.find(path) for path in paths)
    return next((one for one in found if one is not None), None)


def _amount(element: ET.Element | None, number: int) -> tuple[Decimal, str]:
    """Return an amount above zero and its currency."""
    try:
        amount = Decimal("" if element is None else (element.text or "").strip())
    except InvalidOperation as error:
        raise UnreadableFile("NO_AMOUNT", line=number) from error
    currency = "" if element is None else element.get("Ccy", "")
    if not CURRENCY.fullmatch(currency) or not amount.is_finite():
        raise UnreadableFile("NO_AMOUNT", line=number)
    if amount >= AMOUNT_MAX or not is_payable(amount, currency):
        raise UnreadableFile("NO_AMOUNT", line=number)
    return amount, currency


def _day(entry: ET.Element, number: int) -> date:
    found = _first(entry, DATES)
    try:
        return date.fromisoformat((found.text or "")[:DAY_CHARACTERS] if found is not None else "")
    except ValueError as error:
        raise UnreadableFile("NO_DATE", line=number) from error
