"""What goes wrong, as a test asks for it. Each number counts down or is a share of all."""

import random
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True, kw_only=True)
class Faults:
    """A plan of faults.

    lost_responses: how many next writes are carried out and get no answer.
    failures_before: how many next writes get a 500, with nothing done and nothing kept.
    failures_after: how many are done and get a 500, which Stripe keeps for the key and replays.
    lost_events, duplicated_events: which share of the events.
    shuffled_events: how many are held back until there are as many, and then sent in any order.
    delay_s: how long each event is held back. seed: of what is drawn.
    """

    lost_responses: int = 0
    failures_before: int = 0
    failures_after: int = 0
    lost_events: float = 0.0
    duplicated_events: float = 0.0
    shuffled_events: int = 0
    delay_s: float = 0.0
    seed: int = 0
    chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a plan, no secret

    @classmethod
    def of(cls, plan: dict[str, Any]) -> "Faults":
        """Return the plan of a JSON object.

        :raises ValueError: it names something else
        """
        known = {one.name for one in fields(cls) if one.init}
        if unknown := plan.keys() - known:
            raise ValueError(f"no such faults: {sorted(unknown)}")
        return cls(**plan)

    def takes(self, name: str) -> bool:
        """Return whether a fault that counts down strikes now."""
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return bool(left > 0)

    def draws(self, share: float) -> bool:
        return self.chance.random() < share
