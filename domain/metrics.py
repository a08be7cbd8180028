"""Vitals in the words of Prometheus, and the alarms that they raise."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from domain.health import Vitals

OUTBOX_LAG_MAX = timedelta(seconds=10)
PENDING_FRAME_AGE_MAX = timedelta(seconds=60)
HELD_READINGS_MAX = 1_000
DAY_CLOSE_OVERDUE_MAX = timedelta(hours=2)


def exposition(
    registry: CollectorRegistry,
    vitals: Vitals | None,
    others: Iterable[GaugeMetricFamily] = (),
) -> bytes:
    """Return a page for Prometheus: a process's own registry, what it adds, and the vitals.

    vitals: None when PostgreSQL did not answer; then they are absent and the alarm for it is on.
    """
    shown = CollectorRegistry()
    shown.register(_Shown([*others, *_families(vitals)]))
    return generate_latest(registry) + generate_latest(shown)


def alarms(vitals: Vitals | None) -> dict[str, bool]:
    """Return which alarms are on, by name."""
    if vitals is None:
        return {"database": True}
    return {
        "database": False,
        "outbox_lag": vitals.outbox_lag > OUTBOX_LAG_MAX,
        "oldest_pending_frame": vitals.oldest_pending_frame > PENDING_FRAME_AGE_MAX,
        "held_readings": vitals.held_readings > HELD_READINGS_MAX,
        "day_close": any(
            overdue > DAY_CLOSE_OVERDUE_MAX for overdue in vitals.day_close_overdue.values()
        ),
        "invoicing": vitals.invoicing_runs_late > 0,
    }


def gauge(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"wattledger_{name}", description, value=value)


class _Shown:
    """Gives a registry values that were measured beforehand: it cannot wait for a database."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        return self._families


def _families(vitals: Vitals | None) -> Iterator[GaugeMetricFamily]:
    if vitals is not None:
        yield from _measured(vitals)
    alarm = GaugeMetricFamily("wattledger_alarm", "1 while somebody should look.", labels=["name"])
    for name, is_on in alarms(vitals).items():
        alarm.add_metric([name], float(is_on))
    yield alarm


def _measured(vitals: Vitals) -> Iterator[GaugeMetricFamily]:
    yield gauge(
        "outbox_lag_seconds",
        "Age of the oldest event not delivered.",
        vitals.outbox_lag.total_seconds(),
    )
    yield gauge(
        "pending_frame_oldest_seconds",
        "Age of the frame that waits longest for decoding.",
        vitals.oldest_pending_frame.total_seconds(),
    )
    yield gauge("pending_frames", "Frames that wait for decoding.", vitals.pending_frames)
    yield gauge("review_frames", "Frames that wait for a person.", vitals.review_frames)
    yield gauge("held_readings", "Readings that a rule keeps out.", vitals.held_readings)
    yield from _of_invoicing(vitals)
    overdue = GaugeMetricFamily(
        "wattledger_day_close_overdue_seconds",
        "Since the end of the oldest day that is not closed, where there is one.",
        labels=["company"],
    )
    for company_id, since in vitals.day_close_overdue.items():
        overdue.add_metric([str(company_id)], since.total_seconds())
    yield overdue


def _of_invoicing(vitals: Vitals) -> Iterator[GaugeMetricFamily]:
    yield gauge(
        "invoicing_runs_open",
        "Months of companies whose invoices are being made.",
        vitals.invoicing_runs_open,
    )
    yield gauge(
        "invoicing_runs_late",
        "Those among them that were begun a day ago.",
        vitals.invoicing_runs_late,
    )
    yield gauge(
        "invoicing_accounts_failed",
        "Accounts whose invoice of the last month could not be made.",
        vitals.invoicing_accounts_failed,
    )
