"""Whether a rule lets something through."""

from collections.abc import Callable

from domain.refusals import Refused


def refusal(rule: Callable[[], object]) -> Refused | None:
    """Return why a rule says no; None where it lets through."""
    try:
        rule()
    except Refused as refused:
        return refused
    return None
