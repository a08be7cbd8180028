"""When an account is warned, and at which balances it has to be looked at again. Pure.

Amounts are in millionths.
"""

from dataclasses import dataclass

from domain.accounts.rules import Limits


@dataclass(frozen=True, slots=True)
class Marks:
    """Balances that somebody has to look at: at or below the one, at or above the other."""

    wake_below_micro: int | None = None
    wake_above_micro: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from a balance. warns: now. is_warned: until it has recovered."""

    warns: bool
    is_warned: bool
    marks: Marks


# Who does not pay in advance, or not any more, or not for now, is not warned.
NOTHING = Judgement(warns=False, is_warned=False, marks=Marks())


def judged(*, balance_micro: int, limits: Limits, margin_micro: int, is_warned: bool) -> Judgement:
    """Return whether to warn: once for each fall to the limit, after recovering from the last.

    margin_micro: by which a balance has to be above the limit to have recovered.
    The marks never hold already, so looking again changes nothing.
    """
    recovered_micro = limits.warning_micro + max(margin_micro, 1)
    still_warned = is_warned and balance_micro < recovered_micro
    warns = not still_warned and balance_micro <= limits.warning_micro
    warned = still_warned or warns
    falls = [limits.cut_off_micro, *([] if warned else [limits.warning_micro])]
    rises = [limits.reconnect_micro + 1, *([recovered_micro] if warned else [])]
    marks = Marks(
        wake_below_micro=max((mark for mark in falls if mark < balance_micro), default=None),
        wake_above_micro=min((mark for mark in rises if mark > balance_micro), default=None),
    )
    return Judgement(warns, warned, marks)
