"""What the doctor looked at, and what was found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """FAIL: something cannot work. WARN: it works, and should not stay so."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One look. mend: what to do about it; empty when all is well."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, Verdict.OK, found)


def warn(name: str, found: str, mend: str) -> Check:
    return Check(name, Verdict.WARN, found, mend)


def fail(name: str, found: str, mend: str) -> Check:
    return Check(name, Verdict.FAIL, found, mend)
