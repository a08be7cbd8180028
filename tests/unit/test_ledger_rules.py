"""What a transaction of the ledger has to be."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId
from domain.ledger.rules import KEY_CHARACTERS_MAX, LINES_MAX, Line, Posting, check_all, countered

ACCOUNT = AccountId(7)
CREDIT = Line(LedgerAccountKind.CREDIT, Decimal("12.5"), ACCOUNT)
CASH = Line(LedgerAccountKind.CASH, Decimal("-12.5"))
TOP_UP = Posting(
    company_id=CompanyId(1),
    kind=JournalKind.CASH_TOP_UP,
    idempotency_key="one",
    request="12.5 to 7",
    occurred_at=datetime(2026, 3, 18, tzinfo=UTC),
    lines=[CREDIT, CASH],
)


def test_a_balanced_transaction_is_taken() -> None:
    assert check_all([TOP_UP]) == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"lines": [CREDIT]}, "1 lines", id="one line"),
        pytest.param({"lines": [CREDIT, CASH] * LINES_MAX}, "200 lines", id="too many lines"),
        pytest.param(
            {"lines": [CREDIT, replace(CASH, amount=Decimal("-12.499999"))]},
            "sum to 0.000001",
            id="a millionth too much",
        ),
        pytest.param(
            {"lines": [CREDIT, CASH, Line(LedgerAccountKind.BANK, Decimal(0))]},
            "nothing moves on BANK",
            id="nothing",
        ),
        pytest.param(
            {"lines": [replace(CREDIT, account_id=None), CASH]},
            "CREDIT of account None",
            id="nobody's credit",
        ),
        pytest.param(
            {"lines": [CREDIT, replace(CASH, account_id=ACCOUNT)]},
            "CASH of account 7",
            id="a subscriber's cash box",
        ),
        pytest.param(
            {"lines": [CREDIT, replace(CASH, code="VAT")]}, "CASH has no codes", id="a taxed box"
        ),
        pytest.param({"idempotency_key": ""}, "1 to 200 characters", id="no key"),
        pytest.param(
            {"idempotency_key": "k" * (KEY_CHARACTERS_MAX + 1)}, "1 to 200", id="a long key"
        ),
        pytest.param({"kind": JournalKind.ENERGY}, "energy of which day", id="energy of no day"),
    ],
)
def test_a_crooked_transaction_is_a_mistake(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_all([replace(TOP_UP, **changes)])


def test_a_key_comes_once_at_a_time() -> None:
    with pytest.raises(ValueError, match="comes twice"):
        check_all([TOP_UP, TOP_UP])


def test_transactions_of_several_companies_are_not_posted_together() -> None:
    with pytest.raises(ValueError, match="2 companies"):
        check_all([TOP_UP, replace(TOP_UP, company_id=CompanyId(2))])


def test_energy_moves_no_balance_and_all_else_does() -> None:
    energy = replace(TOP_UP, kind=JournalKind.ENERGY, energy_date=date(2026, 3, 17))

    moving = [posting.moves(line) for posting in (TOP_UP, energy) for line in posting.lines]

    assert moving == [True, False, False, False]


def test_a_counter_entry_is_the_exact_opposite() -> None:
    assert countered([CREDIT, CASH]) == [
        Line(LedgerAccountKind.CREDIT, Decimal("-12.5"), ACCOUNT),
        Line(LedgerAccountKind.CASH, Decimal("12.5")),
    ]
