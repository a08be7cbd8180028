"""What statements as camt.053 say came in."""

from datetime import date
from decimal import Decimal

import pytest

from db.enums import StatementFormat
from domain.payments.entries import Transfer
from domain.payments.statements import read
from domain.spreadsheets.cells import UnreadableFile

ENTRY = """
<Ntry>
  <Amt Ccy="TRY">1234.56</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><Dt>2026-03-05</Dt></BookgDt>
  <AcctSvcrRef>A1</AcctSvcrRef>
  <NtryDtls><TxDtls>
    <Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
    <RmtInf><Ustrd>EFT INV2026000000001</Ustrd><Ustrd>elektrik Ayşe Işık</Ustrd></RmtInf>
  </TxDtls></NtryDtls>
</Ntry>
"""
FIRST = Transfer(
    booked_date=date(2026, 3, 5),
    amount=Decimal("1234.56"),
    currency="TRY",
    text="EFT INV2026000000001 elektrik Ayşe Işık",
    bank_reference="A1",
)
TOGETHER = """
<Ntry>
  <Amt Ccy="TRY">30.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
  <BookgDt><DtTm>2026-03-06T09:00:00+03:00</DtTm></BookgDt>
  <NtryDtls>
    <TxDtls><Refs><AcctSvcrRef>B1</AcctSvcrRef></Refs>
      <AmtDtls><TxAmt><Amt Ccy="TRY">10</Amt></TxAmt></AmtDtls>
      <RmtInf><Strd><CdtrRefInf><Ref>INV1</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
    <TxDtls><Refs><EndToEndId>B2</EndToEndId></Refs>
      <Amt Ccy="TRY">{second}</Amt><RmtInf><Ustrd>INV2</Ustrd></RmtInf></TxDtls>
  </NtryDtls>
</Ntry>
"""


def statement(*entries: str, version: str = "08") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr/><Stmt><Id>1</Id>{''.join(entries)}</Stmt></BkToCstmrStmt>"
        "</Document>"
    ).encode()


def transfers(content: bytes) -> list[Transfer]:
    return read(content, StatementFormat.CAMT_053)


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_statement_of_any_version_says_what_came_in(version: str) -> None:
    went = ENTRY.replace("CRDT", "DBIT")
    pending = ENTRY.replace("BOOK", "PDNG")

    assert transfers(statement(went, ENTRY, pending, version=version)) == [FIRST]


def test_what_says_the_same_is_told_apart_by_its_place() -> None:
    assert [one.occurrence for one in transfers(statement(ENTRY, ENTRY))] == [1, 2]


def test_transfers_that_are_booked_together_are_told_one_by_one() -> None:
    first, second = transfers(statement(TOGETHER.format(second="20.50")))

    assert (first.amount, first.text, first.bank_reference) == (Decimal(10), "INV1", "B1")
    assert (second.amount, second.text, second.bank_reference) == (Decimal("20.50"), "INV2", "B2")
    assert first.booked_date == date(2026, 3, 6)


def test_parts_that_do_not_sum_up_are_told_as_one() -> None:
    (together,) = transfers(statement(TOGETHER.format(second="20.49")))

    assert (together.amount, together.text) == (Decimal("30.50"), "INV1 INV2")


def test_a_statement_of_nothing_says_nothing() -> None:
    assert transfers(statement()) == []


BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Document>&b;</Document>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"hello", "BROKEN_STATEMENT", id="no XML"),
        pytest.param(b"", "BROKEN_STATEMENT", id="nothing"),
        pytest.param(b"<Document><Other/></Document>", "BROKEN_STATEMENT", id="no statement"),
        pytest.param(statement().replace(b"UTF-8", b"big5"), "BROKEN_STATEMENT", id="letters"),
        pytest.param(BOMB, "BROKEN_STATEMENT", id="entities"),
        pytest.param(statement(ENTRY.replace("1234.56", "x")), "NO_AMOUNT", id="amount"),
        pytest.param(statement(ENTRY.replace("1234.56", "NaN")), "NO_AMOUNT", id="not a number"),
        pytest.param(statement(ENTRY.replace("1234.56", "-1")), "NO_AMOUNT", id="below zero"),
        pytest.param(statement(ENTRY.replace("1234.56", "1e400")), "NO_AMOUNT", id="too large"),
        pytest.param(statement(ENTRY.replace(' Ccy="TRY"', "")), "NO_AMOUNT", id="currency"),
        pytest.param(statement(ENTRY.replace("2026-03-05", "2026-13-05")), "NO_DATE", id="month"),
    ],
)
def test_what_makes_no_sense_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        transfers(content)

    assert refused.value.code == code
