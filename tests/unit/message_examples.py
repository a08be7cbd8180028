"""Facts of every kind of message, and what their messages say."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.messages import facts
from domain.messages.facts import Facts, Money
from domain.messages.wording import Addressee, Words, worded

AT = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
LOW = facts.LowCredit(
    account="A1",
    balance=Money(Decimal("12.345678"), "TRY"),
    as_of=AT,
    is_used_up=False,
    daily_use=Money(Decimal("4.1"), "TRY"),
    days_left=3,
    runs_out_at=datetime(2026, 3, 21, 12, 0, tzinfo=UTC),
    smallest_top_up=Money(Decimal("1038.66"), "TRY"),
)
REPORT = facts.SystemReport(
    report_date=date(2026, 3, 17),
    silent_collectors=3,
    silent_rf_modules=0,
    held_readings=12,
    failed_messages=0,
    unmatched_transfers=0,
    unsettled_accounts=1,
    book_differences=0,
)
EXAMPLES: list[Facts] = [
    facts.Invitation(until=AT),
    facts.PasswordReset(until=AT),
    facts.PasswordChanged(at=AT),
    LOW,
    facts.TopUpReceipt(
        account="A1",
        amount=Money(Decimal(250), "TRY"),
        debt=Money(Decimal(10), "TRY"),
        overdrawn=Money(Decimal("0.5"), "TRY"),
        emergency_credit=Money(Decimal(0), "TRY"),
        balance=Money(Decimal("252.34"), "TRY"),
        credited_at=AT,
        reference="PAY-1",
    ),
    facts.CutOff(account="A1", balance=Money(Decimal(-2), "TRY"), at=AT, smallest_top_up=None),
    facts.Reconnection(account="A1", balance=Money(Decimal(50), "TRY"), at=AT, needs_button=True),
    facts.Invoice(
        account="A1",
        number="WTL2026000000001",
        first_date=date(2026, 2, 1),
        last_date=date(2026, 2, 28),
        total=Money(Decimal("1234.5"), "TRY"),
        due_date=date(2026, 3, 20),
    ),
    facts.OverdueNotice(
        account="A1",
        number="WTL2026000000001",
        notice=2,
        open=Money(Decimal("1234.5"), "TRY"),
        due_date=date(2026, 3, 20),
        gates_cut=True,
    ),
    REPORT,
    facts.FaultNotice(
        device="COLLECTOR", count=3, names=("C1 (Mall, North)", "C2 (Mall, North)"), since=AT
    ),
]
AYSE = Addressee(
    name="Ayşe Işık",
    company="Acme",
    time_zone="Europe/Istanbul",
    link="https://meters.example/top-up#account=A1",
)


def words_of(told: Facts, locale: str, **changes: str) -> Words:
    return worded(told, replace(AYSE, **changes), locale=locale)
