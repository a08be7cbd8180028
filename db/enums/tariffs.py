"""What energy costs, and when."""

from enum import StrEnum


class ComponentKind(StrEnum):
    """What a component of a tariff pays for."""

    ENERGY = "ENERGY"
    DISTRIBUTION = "DISTRIBUTION"
    DEMAND = "DEMAND"
    REACTIVE = "REACTIVE"
    FEE = "FEE"


class EnergyDirection(StrEnum):
    """Which way the energy flows, seen from the consumer; EXPORT is paid to him."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"


class BillingBasis(StrEnum):
    """What says how much energy was used; the others only check it."""

    TOTAL_REGISTER = "TOTAL_REGISTER"
    TOU_REGISTERS = "TOU_REGISTERS"
    INTERVAL = "INTERVAL"


class TaxPoint(StrEnum):
    """When taxes fall due: at one of the two, never at both."""

    TOP_UP = "TOP_UP"
    CONSUMPTION = "CONSUMPTION"


class TariffDay(StrEnum):
    """Kinds of days that hours of use tell apart; a special day is no weekday."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"
    SPECIAL = "SPECIAL"


class SlabPeriod(StrEnum):
    """Over which local time slabs count consumption."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class NettingPeriod(StrEnum):
    """Over which local time exported energy makes up for imported energy."""

    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


class LineUnit(StrEnum):
    """What a line of a bill counts."""

    KWH = "KWH"
    KVARH = "KVARH"
    KW = "KW"
    DAY = "DAY"


class NotJudged(StrEnum):
    """Why nobody is charged for the reactive energy of a month, whatever it was."""

    NO_LIMITS = "NO_LIMITS"
    LIMITS_LATER = "LIMITS_LATER"
    SHARED = "SHARED"
    CONNECTION_UNKNOWN = "CONNECTION_UNKNOWN"
    READINGS_MISSING = "READINGS_MISSING"
    READINGS_IMPLAUSIBLE = "READINGS_IMPLAUSIBLE"


class NotNetted(StrEnum):
    """Why energy of a month, or a part of it, is not netted."""

    SHARED = "SHARED"
    READINGS_MISSING = "READINGS_MISSING"
    READINGS_IMPLAUSIBLE = "READINGS_IMPLAUSIBLE"
    INTERVALS_MISSING = "INTERVALS_MISSING"


class TariffState(StrEnum):
    """How far a version of a tariff is; only an ACTIVE one is charged by."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    WITHDRAWN = "WITHDRAWN"


class AssignmentLevel(StrEnum):
    """To whom a tariff is assigned; the later ones are more specific, and win."""

    COMPANY = "COMPANY"
    BRANCH = "BRANCH"
    GROUP = "GROUP"
    ACCOUNT = "ACCOUNT"
