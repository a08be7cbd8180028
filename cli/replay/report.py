"""What became of each file, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from cli.replay.delivery import Delivery
from collectors.protocols.iec62056_21.obis import SkipReason
from collectors.protocols.iec62056_21.registers import Register
from collectors.protocols.mass.readouts import Failure
from db.enums import MatchStatus
from domain.frames.outcomes import FrameOutcome

NO_REGISTERS: Final = "NO_REGISTERS"


class End(StrEnum):
    """How a file ended. KNOWN: an earlier message had brought the same reading."""

    STORED = "STORED"
    KNOWN = "KNOWN"
    HELD = "HELD"
    CONFLICTING = "CONFLICTING"
    IN_REVIEW = "IN_REVIEW"
    REFUSED = "REFUSED"
    UNPROCESSED = "UNPROCESSED"


FAILED: Final = frozenset({End.REFUSED, End.UNPROCESSED})
SENTENCES: Final = {
    End.KNOWN: "an earlier message had brought this reading",
    End.CONFLICTING: "another value of this time is there already; a person decides",
    End.UNPROCESSED: "no worker has taken it in time; it is kept and will be processed",
}
STYLES: Final = {End.STORED: "green", End.KNOWN: "green", End.REFUSED: "red"}


@dataclass(frozen=True, slots=True)
class FileReport:
    """reason: a word for programs. detail: a sentence for people."""

    delivery: Delivery
    end: End
    reason: str | None
    detail: str | None
    outcome: FrameOutcome | None = None

    @property
    def read_at(self) -> datetime | None:
        """When the reading was taken: as it is stored, else as it was sent."""
        stored_at = None if self.outcome is None else self.outcome.read_at
        return stored_at or self.delivery.read_at

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON values; every data set of the file is in one of the lists."""
        delivery, decoded = self.delivery, self.delivery.file.decoded
        return {
            "file": str(delivery.file.path),
            "end": self.end,
            "reason": self.reason,
            "detail": self.detail,
            "meter": {
                "serial": delivery.serial,
                "serialFrom": delivery.serial_from,
                "created": delivery.created_meter,
            },
            "readAt": None if self.read_at is None else self.read_at.isoformat(),
            "timeFrom": delivery.time_from,
            "checksum": delivery.file.readout.checksum,
            "registers": [_register(register) for register in decoded.registers],
            "periods": [
                {
                    "number": period.number,
                    "ended": period.ended.local.isoformat(),
                    "registers": [_register(register) for register in period.registers],
                }
                for period in decoded.periods
            ],
            "skipped": [
                {"code": s.code, "history": s.history, "reason": s.reason.name}
                for s in decoded.skipped
            ],
            "meterSays": {
                "serial": decoded.serial,
                "clock": decoded.meter_clock and decoded.meter_clock.local.isoformat(),
                "errorFlags": decoded.error_flags,
            },
            "problems": list(delivery.file.readout.problems),
        }


def _register(register: Register) -> dict[str, Any]:
    return {
        "code": register.obis,
        "value": register.value,
        "scaler": register.scaler,
        "unit": register.unit,
    }


def not_sent(delivery: Delivery) -> FileReport:
    return FileReport(delivery, End.REFUSED, "UNREADABLE", delivery.file.problem)


def report_of(
    delivery: Delivery, failed: Failure | None, outcome: FrameOutcome | None
) -> FileReport:
    """Return how a file ended that was sent.

    failed: what the gateway answered instead of an ack.
    """
    if failed is not None:
        return FileReport(
            delivery, End.REFUSED, f"GATEWAY_{failed.code}", failed.description, outcome
        )
    if outcome is None or not outcome.is_settled:
        return _end(delivery, End.UNPROCESSED, outcome)
    if outcome.status is not MatchStatus.MATCHED:
        return _in_review(delivery, outcome)
    return _matched(delivery, outcome)


def _matched(delivery: Delivery, outcome: FrameOutcome) -> FileReport:
    if outcome.contradicts:
        return _end(delivery, End.CONFLICTING, outcome)
    if outcome.held_by is not None:
        return FileReport(delivery, End.HELD, outcome.held_by, "a person decides", outcome)
    return _end(delivery, End.STORED if outcome.is_new else End.KNOWN, outcome)


def _end(delivery: Delivery, end: End, outcome: FrameOutcome | None) -> FileReport:
    reason = None if end is End.STORED else end
    return FileReport(delivery, end, reason, SENTENCES.get(end), outcome)


def _in_review(delivery: Delivery, outcome: FrameOutcome) -> FileReport:
    if outcome.status is MatchStatus.PENDING:
        return FileReport(delivery, End.IN_REVIEW, outcome.reason, outcome.detail, outcome)
    if not delivery.file.decoded.registers:
        # Whatever else is missing, this cannot be mended.
        sentence = f"it has no registers; {outcome.detail}"
        return FileReport(delivery, End.REFUSED, NO_REGISTERS, sentence, outcome)
    return FileReport(delivery, End.REFUSED, outcome.reason, outcome.detail, outcome)


def show(console: Console, reports: Sequence[FileReport]) -> None:
    """Print a row for each file, then the sums."""
    table = Table("File", "Meter", "Read at", "End", "Registers", "Why, and what was skipped")
    for report in reports:
        table.add_row(*_row(report))
    console.print(table)
    ends = Counter(report.end for report in reports)
    counted = ", ".join(f"{count} {end.lower()}" for end, count in sorted(ends.items()))
    console.print(f"{len(reports)} files: {counted}.")


def _row(report: FileReport) -> list[str]:
    delivery, decoded = report.delivery, report.delivery.file.decoded
    read_at = report.read_at
    style = STYLES.get(report.end, "yellow")
    return [
        delivery.file.path.name,
        _meter(delivery),
        f"{read_at:%Y-%m-%d %H:%M:%SZ}" if read_at else "",
        f"[{style}]{report.end.lower()}[/{style}]",
        str(len(decoded.registers)),
        "\n".join(_sentences(report)),
    ]


def _meter(delivery: Delivery) -> str:
    notes = [delivery.serial_from] if delivery.serial_from != "the file" else []
    notes += ["created"] if delivery.created_meter else []
    told = ", ".join(note for note in notes if note)
    return f"{delivery.serial or '?'} ({told})" if told else delivery.serial or "?"


def _sentences(report: FileReport) -> list[str]:
    reason = f"{report.reason}: " if report.reason and report.reason != report.end else ""
    sentences = [f"{reason}{report.detail}"] if report.detail else []
    by_reason: dict[SkipReason, list[str]] = {}
    for skipped in report.delivery.file.decoded.skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.code)
    for why, codes in by_reason.items():
        names = ", ".join(sorted(set(codes)))
        sentences.append(f"{len(codes)} skipped ({names}): {why.sentence}")
    return sentences
