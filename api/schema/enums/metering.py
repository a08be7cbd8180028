"""How energy is measured, and over what it is read."""

from api.schema.enums.meanings import describe
from api.spans import Resolution
from db.enums import (
    Frequency,
    Health,
    MatchStatus,
    MeasuringSide,
    PointRole,
    Quality,
    Relay,
    Supply,
    SynchronisationKind,
    SynchronisationOutcome,
    TimeSource,
    ValidationRule,
)

describe(
    Relay,
    "What switches the supply behind a meter.",
    {
        Relay.INTERNAL: "A relay in the meter.",
        Relay.CONTACTOR: "A contactor outside the meter.",
        Relay.NONE: "Nothing: a person has to go there.",
    },
)
describe(
    Supply,
    "Whether energy can flow, as the device confirmed last.",
    {
        Supply.ON: "It can.",
        Supply.OFF: "It is cut off.",
        Supply.UNKNOWN: "The device has not said yet.",
    },
)
describe(
    PointRole,
    "What a metering point measures.",
    {
        PointRole.BILLING: "What an account pays for.",
        PointRole.CHECK: "The same as another point, to compare.",
        PointRole.FEEDER: "All that flows into a part of the field.",
        PointRole.COMMON_AREA: "What the field itself uses; an account pays for it.",
        PointRole.GENERATION: "What is generated in the field.",
    },
)
describe(
    Frequency,
    "The radio band of an RF module.",
    {Frequency.MHZ_868: "868 MHz.", Frequency.MHZ_2400: "2.4 GHz."},
)
describe(
    Quality,
    "How far a reading can be trusted.",
    {
        Quality.ACTUAL: "The meter said so.",
        Quality.ESTIMATED: "It was computed.",
        Quality.MANUAL: "A person read it.",
        Quality.PROVISIONAL: "It may still be corrected.",
    },
)
describe(
    MeasuringSide,
    "On which side of current and voltage transformers a quantity is.",
    {
        MeasuringSide.PRIMARY: "The supply's, as it is charged: the multiplier is applied.",
        MeasuringSide.SECONDARY: "The meter's, as its registers show it: the multiplier is not"
        " applied.",
    },
)
describe(
    TimeSource,
    "Whose clock dates a reading.",
    {
        TimeSource.METER: "The meter's.",
        TimeSource.COLLECTOR: "The collector's, since the meter's was off or silent.",
        TimeSource.RECEIPT: "Ours, at first receipt.",
    },
)
describe(
    ValidationRule,
    "What is wrong with a reading or a load profile.",
    {
        ValidationRule.FUTURE: "It is dated after its receipt.",
        ValidationRule.TOO_OLD: "It is older than may be stored.",
        ValidationRule.NEGATIVE_CONSUMPTION: "The total register fell, and did not roll over.",
        ValidationRule.REGISTER_RANGE: "The register has more digits than the meter.",
        ValidationRule.INTERVAL_SPIKE: "It is more energy than the meter can carry.",
        ValidationRule.SUM_CHECK: "The intervals do not add up to the register.",
    },
)
describe(
    Resolution,
    "How finely readings are told.",
    {
        Resolution.RAW: "Each reading with all its registers, or each interval.",
        Resolution.HOUR: "Energy of each hour.",
        Resolution.DAY: "Energy of each local day, which may have 23 or 25 hours.",
    },
)
describe(
    SynchronisationKind,
    "What a record of a device's synchronisation is about.",
    {
        SynchronisationKind.CONTACT: "Whether it is heard.",
        SynchronisationKind.CLOCK: "Whether its clock is right.",
        SynchronisationKind.PARAMETERS: "Which parameters it told, when they are news: a collector"
        " tells them as it identifies itself, and is in step if its time zone is the right one.",
    },
)
describe(
    SynchronisationOutcome,
    "Whether a device is in step.",
    {SynchronisationOutcome.SUCCEEDED: "It is.", SynchronisationOutcome.FAILED: "It is not."},
)
describe(
    Health,
    "How a device does, by its own period; the worst that applies.",
    {
        Health.SILENT: "Nothing has come for more than three periods.",
        Health.FAILING: "It has an error, or was found out of step last.",
        Health.LATE: "Nothing has come for more than one and a half periods.",
        Health.HEALTHY: "It is heard as often as it should be, or nothing is expected of it.",
    },
)
describe(
    MatchStatus,
    "What became of a raw frame.",
    {
        MatchStatus.PENDING: "It waits to be processed, or to be released.",
        MatchStatus.MATCHED: "It was processed.",
        MatchStatus.UNMATCHED: "Nobody knows its meter yet.",
        MatchStatus.REJECTED: "It cannot be understood.",
        MatchStatus.IGNORED: "It has no readings.",
    },
)
