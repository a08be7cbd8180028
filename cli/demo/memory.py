"""What the demo remembers from one start to the next, in a file that only its owner can read."""

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from cli.demo.plan import EMAILS, Plan
from cli.embedded.secret_files import write_secret

NOTE = "demo.json"
PASSWORD_BYTES = 12
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Memory:
    """company_id: None until the company is complete. passwords: by role."""

    attempt: int
    meter_count: int
    collector_count: int
    company_id: int | None = None
    passwords: dict[str, str] = field(
        default_factory=lambda: {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in EMAILS},
        repr=False,
    )
    collector_token: str = field(
        default_factory=lambda: secrets.token_urlsafe(TOKEN_BYTES), repr=False
    )

    @property
    def plan(self) -> Plan:
        return Plan(self.attempt, self.meter_count, self.collector_count)

    @classmethod
    def of(cls, home: Path) -> Self | None:
        """Return what is remembered there, if anything."""
        try:
            return cls(**json.loads((home / NOTE).read_text()))
        except FileNotFoundError:
            return None

    def keep(self, home: Path) -> None:
        write_secret(home / NOTE, json.dumps(asdict(self), indent=2))

    def completed(self, company_id: int) -> Self:
        return replace(self, company_id=company_id)
