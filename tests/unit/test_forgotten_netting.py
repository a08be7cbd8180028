"""What was netted stays so when what told of it has been forgotten since."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import NettingPeriod, NotNetted
from domain.month_charges.netting import Netted

KNOWN = Netted(period=NettingPeriod.HOUR, netted_kwh=Decimal(5), untold_kwh=Decimal(1))


@pytest.mark.parametrize(
    ("now", "before", "stays"),
    [
        pytest.param(KNOWN, None, False, id="nothing was known"),
        pytest.param(replace(KNOWN, netted_kwh=Decimal(6)), KNOWN, False, id="more is known"),
        pytest.param(
            Netted(period=NettingPeriod.HOUR, not_netted=NotNetted.READINGS_MISSING),
            KNOWN,
            True,
            id="readings were forgotten",
        ),
        pytest.param(
            replace(KNOWN, not_netted=NotNetted.INTERVALS_MISSING, untold_kwh=Decimal(2)),
            KNOWN,
            True,
            id="intervals were forgotten",
        ),
        pytest.param(
            replace(
                KNOWN,
                not_netted=NotNetted.INTERVALS_MISSING,
                imported_kwh=Decimal(3),
                untold_kwh=Decimal(2),
            ),
            KNOWN,
            False,
            id="more came, of which a part is known",
        ),
        pytest.param(
            Netted(period=NettingPeriod.HOUR, not_netted=NotNetted.SHARED),
            KNOWN,
            False,
            id="it is shared by now",
        ),
        pytest.param(
            KNOWN,
            Netted(period=NettingPeriod.HOUR, not_netted=NotNetted.READINGS_MISSING),
            False,
            id="readings came late",
        ),
    ],
)
def test_what_was_forgotten_stays_netted(now: Netted, before: Netted | None, stays: bool) -> None:
    assert now.after(before) == (before if stays else now)
