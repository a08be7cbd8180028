"""How energy is measured, and over what it is read."""

from enum import StrEnum


class Relay(StrEnum):
    """What switches the supply behind a meter."""

    INTERNAL = "INTERNAL"
    CONTACTOR = "CONTACTOR"
    NONE = "NONE"


class Supply(StrEnum):
    """Whether energy can flow, as last confirmed by the device."""

    ON = "ON"
    OFF = "OFF"
    UNKNOWN = "UNKNOWN"


class PointRole(StrEnum):
    """What a metering point measures; only BILLING and COMMON_AREA charge."""

    BILLING = "BILLING"
    CHECK = "CHECK"
    FEEDER = "FEEDER"
    COMMON_AREA = "COMMON_AREA"
    GENERATION = "GENERATION"


class Frequency(StrEnum):
    """The radio band of an RF module."""

    MHZ_868 = "MHZ_868"
    MHZ_2400 = "MHZ_2400"


class Quality(StrEnum):
    """How far a reading can be trusted."""

    ACTUAL = "ACTUAL"
    ESTIMATED = "ESTIMATED"
    MANUAL = "MANUAL"
    PROVISIONAL = "PROVISIONAL"


class MeasuringSide(StrEnum):
    """On which side of the measuring transformers a quantity is."""

    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"


class TimeSource(StrEnum):
    """Whose clock dates a reading."""

    METER = "METER"
    COLLECTOR = "COLLECTOR"
    RECEIPT = "RECEIPT"


class ProfileKind(StrEnum):
    """What a meter tells of each interval of a load profile."""

    POWER = "POWER"
    ENERGY = "ENERGY"
    INDEX = "INDEX"


class ValidationRule(StrEnum):
    """What is wrong with a reading or a load profile: it is held, or told of."""

    FUTURE = "FUTURE"
    TOO_OLD = "TOO_OLD"
    NEGATIVE_CONSUMPTION = "NEGATIVE_CONSUMPTION"
    REGISTER_RANGE = "REGISTER_RANGE"
    INTERVAL_SPIKE = "INTERVAL_SPIKE"
    SUM_CHECK = "SUM_CHECK"


class MatchStatus(StrEnum):
    """What became of a raw frame; a frame in no queue is MATCHED."""

    PENDING = "PENDING"
    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    REJECTED = "REJECTED"
    IGNORED = "IGNORED"


class SynchronisationKind(StrEnum):
    """What a record of a device's synchronisation is about."""

    CONTACT = "CONTACT"
    CLOCK = "CLOCK"
    PARAMETERS = "PARAMETERS"


class SynchronisationOutcome(StrEnum):
    """Whether a device is in step with us."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Health(StrEnum):
    """How a device does, by its own period; the worst that applies."""

    SILENT = "SILENT"
    FAILING = "FAILING"
    LATE = "LATE"
    HEALTHY = "HEALTHY"
