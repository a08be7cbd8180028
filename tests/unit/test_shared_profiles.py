"""Load profiles of meters that several accounts pay for."""

from dataclasses import replace

from db.ids import AccountId
from domain.billing.portions import Portion
from domain.billing.rules import Anchor
from domain.billing.shares import charged
from domain.tariffs.flows import Interval
from tests.unit.bands import HOUR, ISTANBUL, PRICES, START, segment, version

SHARES = ((AccountId(1), 333_333), (AccountId(2), 666_667))


def test_who_shares_a_meter_that_shows_whole_kwh_is_charged_by_its_profile() -> None:
    # From three to seven in the afternoon; a price changes at five.
    start = START + 8 * HOUR
    profile = [
        Interval(start + hour * HOUR, start + (hour + 1) * HOUR, energy_wh)
        for hour, energy_wh in enumerate((900, 900, 1300, 1300))
    ]
    anchors = [Anchor(start, 4_000, {}, profile), Anchor(start + 4 * HOUR, 9_000)]
    alone = segment(version(PRICES), start)
    shared = [
        replace(
            alone,
            account_id=account_id,
            base_index_wh=0,
            portion=Portion(
                account_id=account_id,
                starts_at=start,
                ends_at=None,
                base_index_wh=4_000,
                shares=SHARES,
            ),
        )
        for account_id, _ in SHARES
    ]

    whole, parts = (charged(anchors, segments, ISTANBUL) for segments in ([alone], shared))

    assert parts.estimated == whole.estimated == set()
    # In millionths: 2 Wh may be on the other side of a price, of which each has several digits.
    assert abs(parts.charges.total() - whole.charges.total()) < 10_000
