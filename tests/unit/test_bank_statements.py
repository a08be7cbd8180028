"""What statements of banks say came in, and whose it is."""

from datetime import date
from decimal import Decimal

import pytest

from db.enums import StatementFormat
from db.ids import AccountId, InvoiceId
from domain.payments.entries import TEXT_CHARACTERS_MAX, Transfer
from domain.payments.matching import Guess, Match, OpenInvoice, judged, proves, words
from domain.payments.statements import read
from domain.spreadsheets.cells import UnreadableFile

CSV = """Date;Amount;Currency;Reference;Bank_reference
2026-03-05;1234,56;TRY;INV2026000000001 elektrik;A1
05.03.2026;-20.00;TRY;fee;A2
05.03.2026;7;TRY;kira;
05.03.2026;7;TRY;kira;
"""
MT940 = """:20:STARTUMS
:25:TR330006100519786457841326
:28C:1/1
:60F:C260301TRY1000,00
:61:2603050305C1234,56NTRFNONREF//A1
additional
:86:EFT INV2026000000001
elektrik Ayşe Işık
:61:2603050305D20,00NMSCNONREF//A2
:86:fee
:61:260306RD7,NTRFNONREF
:62F:C260306TRY2221,56
-
"""
FIRST = Transfer(
    booked_date=date(2026, 3, 5),
    amount=Decimal("1234.56"),
    currency="TRY",
    text="INV2026000000001 elektrik",
    bank_reference="A1",
)


def test_a_csv_file_says_what_came_in() -> None:
    first, second, third = read(CSV.encode(), StatementFormat.CSV)

    assert first == FIRST
    assert (second.amount, second.text, second.bank_reference) == (Decimal(7), "kira", None)
    assert second.digest == third.digest
    assert (second.occurrence, third.occurrence) == (1, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "iso8859-9"])
def test_an_mt940_file_says_what_came_in(encoding: str) -> None:
    first, second = read(MT940.encode(encoding), StatementFormat.MT940)

    assert (first.booked_date, first.amount, first.currency, first.bank_reference) == (
        date(2026, 3, 5),
        Decimal("1234.56"),
        "TRY",
        "A1",
    )
    assert first.text == "EFT INV2026000000001 elektrik Ayşe Işık"
    assert (second.booked_date, second.amount, second.text) == (date(2026, 3, 6), Decimal(7), "")


@pytest.mark.parametrize(
    ("content", "format", "code"),
    [
        pytest.param("a;b\n1;2", StatementFormat.CSV, "MISSING_COLUMN", id="other columns"),
        pytest.param(CSV.replace("1234,56", "1.234,56"), StatementFormat.CSV, "NO_AMOUNT", id="x"),
        pytest.param(
            CSV.replace("1234,56", "1.234"), StatementFormat.CSV, "NO_AMOUNT", id="thousands, maybe"
        ),
        pytest.param(
            MT940.replace("1234,56N", "1234,567N"),
            StatementFormat.MT940,
            "NO_AMOUNT",
            id="too fine",
        ),
        pytest.param(CSV.replace("05.03.2026", "5 Mart"), StatementFormat.CSV, "NO_DATE", id="day"),
        pytest.param(CSV.replace(";TRY", ";₺"), StatementFormat.CSV, "BROKEN_STATEMENT", id="₺"),
        pytest.param("hello", StatementFormat.MT940, "BROKEN_STATEMENT", id="no tags"),
        pytest.param(
            MT940.replace(":60F:C260301TRY1000,00\n", ""),
            StatementFormat.MT940,
            "BROKEN_STATEMENT",
            id="no currency",
        ),
        pytest.param(
            MT940.replace("260306RD7,", "261306RD7,"), StatementFormat.MT940, "NO_DATE", id="month"
        ),
    ],
)
def test_other_files_are_refused(content: str, format: StatementFormat, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(content.encode(), format)

    assert refused.value.code == code


def test_a_bank_reference_has_only_what_can_be_kept() -> None:
    for_tabs = "2026-03-05;7;TRY;kira;EFT\xa0A\t1\x00"

    (transfer,) = read(f"{CSV.splitlines()[0]}\n{for_tabs}".encode(), StatementFormat.CSV)

    assert transfer.bank_reference == "EFT A 1"


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0c", "\x1e"])
def test_what_a_payer_writes_begins_no_line_of_a_statement(separator: str) -> None:
    forged = ":61:2603050305C999999,00NTRFNONREF//A9"
    content = MT940.replace("elektrik Ayşe", f"elektrik{separator}{forged}{separator}Ayşe")

    first, second = read(content.encode(), StatementFormat.MT940)

    assert (first.amount, second.amount) == (Decimal("1234.56"), Decimal(7))
    assert first.text == f"EFT INV2026000000001 elektrik {forged} Ayşe Işık"


def test_of_a_field_that_never_ends_only_the_beginning_is_kept() -> None:
    content = MT940.replace("elektrik Ayşe Işık\n", "elektrik Ayşe Işık\n" * 200_000)

    first, _ = read(content.encode(), StatementFormat.MT940)

    assert len(first.text) == TEXT_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        pytest.param("10423", "flat 12, account 10423", True, id="a long one among words"),
        pytest.param("2026", "march 2026", False, id="a short one among words"),
        pytest.param("3", " 3. ", False, id="short, with something beside it"),
        pytest.param("A-7", " A-7 ", True, id="short, and all that is said"),
    ],
)
def test_short_numbers_prove_something_only_by_themselves(
    number: str, text: str, expected: bool
) -> None:
    assert proves(number, text) is expected


def test_a_number_that_proves_nothing_still_raises_doubt() -> None:
    named, alike = [opened(1, 7)], [InvoiceId(1)]
    accounts = [AccountId(7)]

    doubted = [
        judged(named=named, accounts=[], doubtful=[AccountId(8)], alike=alike),
        judged(named=[], accounts=accounts, doubtful=[AccountId(8)], alike=alike),
        judged(named=[], accounts=[], doubtful=accounts, alike=alike),
        judged(named=named, accounts=[], doubtful=accounts, alike=alike),
    ]

    assert doubted == [
        Guess(None),
        Guess(None),
        Guess(InvoiceId(1)),
        Match(AccountId(7), InvoiceId(1)),
    ]


def test_words_are_what_numbers_may_be() -> None:
    assert words("EFT: INV2026000000001. (A-17/3) ödeme") == [
        "EFT",
        "INV2026000000001",
        "A-17/3",
        "deme",
    ]


def opened(invoice_id: int, account_id: int, open_micro: int = 5) -> OpenInvoice:
    return OpenInvoice(InvoiceId(invoice_id), AccountId(account_id), open_micro)


@pytest.mark.parametrize(
    ("named", "accounts", "alike", "expected"),
    [
        pytest.param([opened(1, 7)], [], [], Match(AccountId(7), InvoiceId(1)), id="its invoice"),
        pytest.param([], [7], [], Match(AccountId(7), None), id="its account"),
        pytest.param([opened(1, 7)], [7], [], Match(AccountId(7), InvoiceId(1)), id="both"),
        pytest.param([opened(1, 7, 0)], [], [], Match(AccountId(7), None), id="paid already"),
        pytest.param(
            [opened(1, 7), opened(2, 7)], [], [], Match(AccountId(7), None), id="two of one account"
        ),
        pytest.param([opened(1, 7), opened(2, 8)], [], [], Guess(None), id="of two accounts"),
        pytest.param([opened(1, 7)], [8], [1], Guess(None), id="contradicting"),
        pytest.param([], [], [3], Guess(InvoiceId(3)), id="only the amount"),
        pytest.param([], [], [3, 4], Guess(None), id="the amount of several"),
        pytest.param([], [], [], Guess(None), id="nothing"),
    ],
)
def test_whose_money_it_is(
    named: list[OpenInvoice], accounts: list[int], alike: list[int], expected: Match | Guess
) -> None:
    found = judged(
        named=named,
        accounts=[AccountId(one) for one in accounts],
        alike=[InvoiceId(one) for one in alike],
    )

    assert found == expected
