"""What messages say of what they were told, and what they leave out."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import MessageChannel
from domain.messages import facts
from domain.messages.facts import Money
from domain.messages.wording import worded
from tests.unit.message_examples import AT, AYSE, EXAMPLES, LOW, REPORT, words_of


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
