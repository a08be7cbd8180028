"""Load profiles of meters that several accounts pay for."""

from dataclasses import replace
from datetime import date

from db.ids import AccountId
from domain.billing.portions import Portion
from domain.billing.rules import Anchor
from domain.billing.shares import charged
from domain.tariffs.flows import Interval
from tests.unit.bands import HOUR, ISTANBUL, PRICES, START, segment, version

DAY = date(2026, 3, 16)
FIRST, SECOND = AccountId(1), AccountId(2)
SHARES = ((FIRST, 333_333), (SECOND, 666_667))


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
    # 2.045 kWh at the first price and 2.955 at the second, with all that is charged on top.
    assert whole.charges == {(FIRST, DAY): 19_323_300}
    # Of 1.667 kWh 0.681, and of 3.333 kWh 1.363: as many Wh as each has whole.
    assert parts.charges == {(FIRST, DAY): 6_443_400, (SECOND, DAY): 12_881_160}
