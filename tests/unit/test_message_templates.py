"""Every message can be written in every language, for every channel that it goes by."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import domain.messages
from api.messages import MESSAGES
from db.enums import MessageChannel, MessageKind
from domain.messages import facts
from domain.messages.facts import KINDS, Facts, Money, packed, unpacked
from domain.messages.formats import LANGUAGES
from domain.messages.wording import Addressee, NotSpoken, Words, worded

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
SHORT = {
    MessageKind.LOW_CREDIT,
    MessageKind.TOP_UP_RECEIPT,
    MessageKind.CUT_OFF,
    MessageKind.RECONNECTION,
    MessageKind.INVOICE,
    MessageKind.OVERDUE_NOTICE,
}
AYSE = Addressee(
    name="Ayşe Işık",
    company="Acme",
    time_zone="Europe/Istanbul",
    link="https://meters.example/top-up#account=A1",
)


def words_of(told: Facts, locale: str, **changes: str) -> Words:
    return worded(told, replace(AYSE, **changes), locale=locale)


def test_every_kind_has_an_example() -> None:
    assert {facts.kind_of(one) for one in EXAMPLES} == set(MessageKind) == set(KINDS)


@pytest.mark.parametrize("language", sorted(MESSAGES))
@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_every_kind_speaks_every_language(told: Facts, language: str) -> None:
    words = words_of(told, language)

    assert words.subject.strip() == words.subject != ""
    assert "Acme" in words.text
    assert AYSE.link in words.text
    assert words.html is not None
    assert f'<html lang="{language}">' in words.html
    assert f'href="{AYSE.link}"' in words.html
    for text in (words.subject, words.text, words.html):
        assert "{{" not in text
        assert "{%" not in text


@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_languages_say_different_things(told: Facts) -> None:
    assert words_of(told, "en").text != words_of(told, "tr").text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_what_is_urgent_is_short_as_well(told: Facts, language: str) -> None:
    if facts.kind_of(told) in SHORT:
        words = worded(told, AYSE, locale=language, channel=MessageChannel.SMS)
        assert (words.subject, words.html) == ("", None)
        assert words.text.startswith("Acme: ")
    else:
        with pytest.raises(NotSpoken):
            worded(told, AYSE, locale=language, channel=MessageChannel.SMS)


def test_a_warning_says_how_long_the_credit_lasts() -> None:
    assert words_of(LOW, "tr").text == (
        "Merhaba Ayşe Işık,\n\n"
        "A1 numaralı hesabınızın elektrik kredisi azalıyor.\n\n"
        "Bakiye: 12,35 TRY\n"
        "Bakiye zamanı: 18 Mart 2026 15:00 (+03)\n"
        "Son günlük tüketim: 4,10 TRY\n"
        "Yaklaşık bitiş: 21 Mart 2026 15:00 (+03), 3 gün sonra\n"
        "En küçük yükleme: 1.038,66 TRY\n\n"
        "https://meters.example/top-up#account=A1\n\n"
        "Acme\n"
    )


@pytest.mark.parametrize(
    ("days", "locale", "by_mail", "by_sms"),
    [
        pytest.param(0, "en", "(+03), within a day", "Lasts less than a day.", id="0 en"),
        pytest.param(0, "tr", "(+03), bir günden kısa sürede", "Bir günden az yeter.", id="0 tr"),
        pytest.param(1, "en", "(+03), 1 day from now", "Lasts 1 more day.", id="1 en"),
        pytest.param(2, "en", "(+03), 2 days from now", "Lasts 2 more days.", id="2 en"),
        pytest.param(1, "tr", "(+03), 1 gün sonra", "Yaklaşık 1 gün yeter.", id="1 tr"),
    ],
)
def test_a_warning_counts_days_as_people_do(
    days: int, locale: str, by_mail: str, by_sms: str
) -> None:
    told = replace(LOW, days_left=days)
    words = words_of(told, locale)

    assert f"{by_mail}\n" in words.text
    assert f"{by_mail}</td>" in str(words.html)
    assert f" {by_sms} " in worded(told, AYSE, locale=locale, channel=MessageChannel.SMS).text


def test_a_warning_says_no_more_than_is_known() -> None:
    told = replace(
        LOW,
        is_used_up=True,
        daily_use=None,
        days_left=None,
        runs_out_at=None,
        smallest_top_up=None,
    )

    words = words_of(told, "en")

    assert words.subject == "Your credit is used up"
    assert words.text == (
        "Hello Ayşe Işık,\n\n"
        "the electricity credit of account A1 is used up. Please top up: your supply may be"
        " cut off.\n\n"
        "Balance: TRY 12.35\n"
        "As of: 18 March 2026 15:00 (+03)\n\n"
        "https://meters.example/top-up#account=A1\n\n"
        "Acme\n"
    )


def test_a_report_lists_what_was_found() -> None:
    words = words_of(REPORT, "en")

    assert words.subject == "Report of 17 March 2026"
    assert words.text == (
        "Hello Ayşe Işık,\n\n"
        "this is how Acme did on 17 March 2026:\n\n"
        "Collectors that are silent: 3\n"
        "Readings that wait for a decision: 12\n"
        "Ended accounts that are not settled: 1\n"
        "The books were checked, and all balances agree.\n\n"
        "https://meters.example/top-up#account=A1\n\n"
        "Acme\n"
    )


def test_a_report_says_that_nothing_waits() -> None:
    quiet = replace(REPORT, silent_collectors=0, held_readings=0, unsettled_accounts=0)

    assert "Nothing waits for anybody.\nThe books were checked" in words_of(quiet, "en").text


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        (None, "The books could not be checked."),
        (2, "The books were checked, and do not agree. Differences: 2"),
    ],
)
def test_a_report_does_not_hide_the_books(differences: int | None, said: str) -> None:
    assert said in words_of(replace(REPORT, book_differences=differences), "en").text


@pytest.mark.parametrize(
    ("device", "count", "locale", "subject"),
    [
        ("COLLECTOR", 1, "en", "Collector C1 (Mall, North) is silent"),
        ("RF_MODULE", 7, "en", "7 RF modules are silent"),
        ("RF_MODULE", 1, "tr", "C1 (Mall, North) RF modülünden haber alınamıyor"),
        ("COLLECTOR", 7, "tr", "7 toplayıcıdan haber alınamıyor"),
    ],
)
def test_a_notice_names_what_is_silent(device: str, count: int, locale: str, subject: str) -> None:
    told = facts.FaultNotice(device=device, count=count, names=("C1 (Mall, North)",), since=AT)

    words = words_of(told, locale)

    assert words.subject == subject
    assert ("6" in words.text.splitlines()[5]) is (count == 7)


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("tr-TR", "Acme daveti"), ("en", "Invitation to Acme"), ("xx", "Invitation to Acme")],
)
def test_the_language_follows_the_locale(locale: str, subject: str) -> None:
    assert words_of(facts.Invitation(until=AT), locale).subject == subject


def test_a_name_adds_no_line_no_field_and_no_element() -> None:
    words = words_of(
        facts.Invitation(until=AT), "en", company="Acme\nBcc: all@a.example {{ link }} <script>"
    )

    assert words.subject == "Invitation to Acme Bcc: all@a.example {{ link }} <script>"
    assert words.html is not None
    assert "<script>" not in words.html


@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_facts_come_back_from_the_queue_as_they_went(told: Facts) -> None:
    kind = facts.kind_of(told)

    assert unpacked(kind, packed(told)) == told


def test_facts_of_a_newer_release_are_read_without_what_is_new() -> None:
    assert unpacked(MessageKind.LOW_CREDIT, {**packed(LOW), "colour": "red"}) == LOW


def test_no_template_is_without_a_kind() -> None:
    files = (Path(domain.messages.__path__[0]) / "templates").iterdir()

    kinds = {file.name.split(".")[0].upper() for file in files if file.name != "layout.html.j2"}

    assert kinds == set(MessageKind)


def test_a_credit_note_says_what_it_takes_back() -> None:
    told = facts.Invoice(
        account="A1",
        number="CRN2026000000001",
        total=Money(Decimal(12), "TRY"),
        kind="CREDIT_NOTE",
        refers_to="WTL2026000000001",
    )

    assert words_of(told, "tr").text == (
        "Merhaba Ayşe Işık,\n\n"
        "A1 numaralı hesabınızın iade faturası hazır.\n\n"
        "Numara: CRN2026000000001\n"
        "İade edilen fatura: WTL2026000000001\n"
        "Toplam: 12,00 TRY\n\n"
        "https://meters.example/top-up#account=A1\n\n"
        "Acme\n"
    )


def test_a_notice_warns_of_a_cut_only_where_one_may_follow() -> None:
    told = next(one for one in EXAMPLES if isinstance(one, facts.OverdueNotice))

    last, first = words_of(told, "en").text, words_of(replace(told, gates_cut=False), "en").text

    assert "\n\nIf it stays unpaid, your supply may be cut off.\n\nhttps" in last
    assert "cut off" not in first
    assert "Still to be paid: TRY 1,234.50\n\nhttps" in first
