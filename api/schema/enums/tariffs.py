"""What energy costs, and when."""

from api.schema.enums.meanings import describe
from db.enums import (
    AssignmentLevel,
    BillingBasis,
    ComponentKind,
    EnergyDirection,
    LineUnit,
    NettingPeriod,
    NotJudged,
    NotNetted,
    SlabPeriod,
    TariffDay,
    TariffState,
    TaxPoint,
)

describe(
    ComponentKind,
    "What a component of a tariff pays for.",
    {
        ComponentKind.ENERGY: "The energy itself.",
        ComponentKind.DISTRIBUTION: "Bringing it there.",
        ComponentKind.DEMAND: "The highest demand of a month.",
        ComponentKind.REACTIVE: "Reactive energy, by its limits.",
        ComponentKind.FEE: "Anything else.",
    },
)
describe(
    EnergyDirection,
    "Which way the energy flows.",
    {
        EnergyDirection.IMPORT: "To the consumer, who pays for it.",
        EnergyDirection.EXPORT: "From the consumer, who is paid for it.",
    },
)
describe(
    BillingBasis,
    "What says how much energy was used; the others only check it.",
    {
        BillingBasis.TOTAL_REGISTER: "The total register.",
        BillingBasis.TOU_REGISTERS: "The meter's registers by hours.",
        BillingBasis.INTERVAL: "The load profile.",
    },
)
describe(
    TaxPoint,
    "When taxes fall due.",
    {TaxPoint.TOP_UP: "When credit is bought.", TaxPoint.CONSUMPTION: "When energy is used."},
)
describe(
    TariffDay,
    "Kinds of days that hours of use tell apart.",
    {
        **{day: f"A {day.value.capitalize()} that is no special day." for day in TariffDay},
        TariffDay.SPECIAL: "A day that the tariff names, whatever its weekday.",
    },
)
describe(
    LineUnit,
    "What a line of a bill counts.",
    {
        LineUnit.KWH: "Kilowatt hours of active energy.",
        LineUnit.KVARH: "Kilovar hours of reactive energy.",
        LineUnit.KW: "Kilowatts of demand.",
        LineUnit.DAY: "Days.",
    },
)
describe(
    NotJudged,
    "Why nobody is charged for the reactive energy of a month, whatever it was.",
    {
        NotJudged.NO_LIMITS: "The tariff has no price for it.",
        NotJudged.LIMITS_LATER: "The tariff's limits hold from a later day on.",
        NotJudged.SHARED: "Several accounts paid for the metering point together.",
        NotJudged.CONNECTION_UNKNOWN: "The limits depend on something of the connection that is not"
        " known: installed power, connection power or phases.",
        NotJudged.READINGS_MISSING: "Meters were not read, with all registers that are needed, near"
        " the month's beginning or end.",
        NotJudged.READINGS_IMPLAUSIBLE: "A meter cannot have carried what its registers say.",
    },
)
describe(
    NettingPeriod,
    "Over which local time exported energy makes up for imported energy.",
    {
        NettingPeriod.MONTH: "A calendar month, by readings.",
        NettingPeriod.DAY: "A day, by load profiles of both directions, or readings at midnight.",
        NettingPeriod.HOUR: "An hour, by load profiles of both directions, or readings at its"
        " edges.",
    },
)
describe(
    NotNetted,
    "Why energy of a month, or a part of it, is not netted.",
    {
        NotNetted.SHARED: "Several accounts paid for the metering point together.",
        NotNetted.READINGS_MISSING: "Meters were not read, with the registers of both directions,"
        " near the month's beginning or end.",
        NotNetted.READINGS_IMPLAUSIBLE: "A meter cannot have carried what its registers say.",
        NotNetted.INTERVALS_MISSING: "Of some periods nobody knows how much came in them.",
    },
)
describe(
    SlabPeriod,
    "Over which local time slabs count consumption.",
    {
        SlabPeriod.DAY: "A day.",
        SlabPeriod.MONTH: "A calendar month.",
        SlabPeriod.YEAR: "A calendar year.",
    },
)
describe(
    TariffState,
    "How far a version of a tariff is.",
    {
        TariffState.DRAFT: "It waits for somebody's approval.",
        TariffState.PROPOSED: "It waits for the approval of somebody else than who proposed it.",
        TariffState.ACTIVE: "It is charged by from its time on.",
        TariffState.WITHDRAWN: "It was given up.",
    },
)
describe(
    AssignmentLevel,
    "To whom a tariff is assigned; the most specific one wins.",
    {
        AssignmentLevel.COMPANY: "To all accounts that nothing else is assigned to.",
        AssignmentLevel.BRANCH: "To the accounts of a branch.",
        AssignmentLevel.GROUP: "To some accounts, by name.",
        AssignmentLevel.ACCOUNT: "To one account.",
    },
)
