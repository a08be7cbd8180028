"""The words of the database as the schema shows them, each with its meaning."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry

from api.permissions.requires import SCOPE_MEANINGS
from api.spans import Resolution
from db.enums import (
    ActorKind,
    AdjustmentState,
    AssignmentLevel,
    BillingBasis,
    BillingMode,
    ComponentKind,
    DeliveryMethod,
    DisputeState,
    EnergyDirection,
    EntryKind,
    ErasureReason,
    Frequency,
    Health,
    ImportMode,
    InvoiceKind,
    InvoiceLanguage,
    InvoiceLineKind,
    InvoiceState,
    JobKind,
    JobState,
    JournalKind,
    LedgerAccountKind,
    MatchStatus,
    MeasuringSide,
    MessageChannel,
    MessageKind,
    MessageState,
    PaymentMethod,
    PaymentState,
    PaymentWay,
    PointRole,
    ProtectionKind,
    PurchaseGrouping,
    Quality,
    RefundState,
    RefundWay,
    Relay,
    Role,
    Scope,
    Segment,
    SharePeriod,
    SlabPeriod,
    StatementFormat,
    Supply,
    SynchronisationKind,
    SynchronisationOutcome,
    TableFormat,
    TableKind,
    TariffDay,
    TariffState,
    TaxPoint,
    TimeSource,
    TopUpState,
    TransferState,
    TransmissionState,
)
from domain.analytics.rules import IndicatorGrouping, IndicatorResolution
from domain.search.ways import Match, MatchedIn, SearchType


def _describe(words: type[StrEnum], description: str, meanings: Mapping[Any, str]) -> None:
    """Make an enum of the schema of `words`, without touching the members themselves."""
    strawberry.enum(words, description=description)
    for value in words.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = meanings[words[value.name]]


_describe(Scope, "What a role may do.", SCOPE_MEANINGS)
_describe(
    Role,
    "What somebody is in a company.",
    {
        Role.ADMINISTRATOR: "May do everything in the company.",
        Role.OPERATOR: "Runs the field: sees all but how to reach subscribers.",
        Role.AUDITOR: "Sees everything in the company and changes nothing.",
        Role.PARTNER: "A firm that works for the company: sees devices, meters and readings.",
        Role.SUBSCRIBER: "Sees the own accounts, and what supplies them.",
        Role.DEVELOPER: "Staff of the platform: sees any company, but no money and no contacts.",
    },
)
_describe(
    Relay,
    "What switches the supply behind a meter.",
    {
        Relay.INTERNAL: "A relay in the meter.",
        Relay.CONTACTOR: "A contactor outside the meter.",
        Relay.NONE: "Nothing: a person has to go there.",
    },
)
_describe(
    Supply,
    "Whether energy can flow, as the device confirmed last.",
    {
        Supply.ON: "It can.",
        Supply.OFF: "It is cut off.",
        Supply.UNKNOWN: "The device has not said yet.",
    },
)
_describe(
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
_describe(
    BillingMode,
    "Whether an account pays before or after it consumes.",
    {BillingMode.PREPAID: "Before, from its credit.", BillingMode.POSTPAID: "After, by invoice."},
)
_describe(
    Segment,
    "Where an account stands; the first that applies.",
    {
        Segment.NO_ENERGY: "All its meters are confirmed to be cut off.",
        Segment.INVOICED: "It pays by invoice.",
        Segment.WARNING_LIMIT: "Its credit is at or below the warning limit.",
        Segment.CREDIT: "Its credit is above the warning limit.",
    },
)
_describe(
    Frequency,
    "The radio band of an RF module.",
    {Frequency.MHZ_868: "868 MHz.", Frequency.MHZ_2400: "2.4 GHz."},
)
_describe(
    Quality,
    "How far a reading can be trusted.",
    {
        Quality.ACTUAL: "The meter said so.",
        Quality.ESTIMATED: "It was computed.",
        Quality.MANUAL: "A person read it.",
        Quality.PROVISIONAL: "It may still be corrected.",
    },
)
_describe(
    MeasuringSide,
    "On which side of current and voltage transformers a quantity is.",
    {
        MeasuringSide.PRIMARY: "The supply's, as it is charged: the multiplier is applied.",
        MeasuringSide.SECONDARY: "The meter's, as its registers show it: the multiplier is not"
        " applied.",
    },
)
_describe(
    TimeSource,
    "Whose clock dates a reading.",
    {
        TimeSource.METER: "The meter's.",
        TimeSource.COLLECTOR: "The collector's, since the meter's was off or silent.",
        TimeSource.RECEIPT: "Ours, at first receipt.",
    },
)
_describe(
    Resolution,
    "How finely readings are told.",
    {
        Resolution.RAW: "Each reading with all its registers.",
        Resolution.HOUR: "Energy of each hour.",
        Resolution.DAY: "Energy of each local day, which may have 23 or 25 hours.",
    },
)
_describe(
    ActorKind,
    "What kind of actor made a change.",
    {
        ActorKind.USER: "Somebody who had signed in.",
        ActorKind.KEY: "A program with an API key.",
        ActorKind.JOB: "A job of ours.",
        ActorKind.COMMAND: "Somebody at the command line.",
        ActorKind.COLLECTOR: "A collector, speaking of itself.",
        ActorKind.SYSTEM: "Nobody said; the database's role tells.",
    },
)
_describe(
    EntryKind,
    "What a daily entry tells of.",
    {
        EntryKind.ADDED: "An object was added.",
        EntryKind.UPDATED: "An object was changed.",
        EntryKind.DELETED: "An object was deleted.",
        EntryKind.READ: "Data of a person was read.",
    },
)
_describe(
    SynchronisationKind,
    "What a record of a device's synchronisation is about.",
    {
        SynchronisationKind.CONTACT: "Whether it is heard.",
        SynchronisationKind.CLOCK: "Whether its clock is right.",
        SynchronisationKind.PARAMETERS: "Which parameters it told, when they are news: a collector"
        " tells them as it identifies itself, and is in step if its time zone is the right one.",
    },
)
_describe(
    SynchronisationOutcome,
    "Whether a device is in step.",
    {SynchronisationOutcome.SUCCEEDED: "It is.", SynchronisationOutcome.FAILED: "It is not."},
)
_describe(
    Health,
    "How a device does, by its own period; the worst that applies.",
    {
        Health.SILENT: "Nothing has come for more than three periods.",
        Health.FAILING: "It has an error, or was found out of step last.",
        Health.LATE: "Nothing has come for more than one and a half periods.",
        Health.HEALTHY: "It is heard as often as it should be, or nothing is expected of it.",
    },
)
_describe(
    SearchType,
    "What a search can find.",
    {
        SearchType.METER: "Meters, by serial.",
        SearchType.RF_MODULE: "RF modules, by serial.",
        SearchType.COLLECTOR: "Collectors, by serial.",
        SearchType.BRANCH: "Branches, by name.",
        SearchType.FIELD: "Fields, by name.",
        SearchType.PREMISES: "Premises, by name.",
        SearchType.METERING_POINT: "Metering points, by code.",
        SearchType.ACCOUNT: "Accounts, by number.",
        SearchType.SUBSCRIBER: "Subscribers, by reference; by beginnings of names, whole telephone"
        " number and whole e-mail for those who may see them.",
    },
)
_describe(
    MatchedIn,
    "Where a search found its text.",
    {
        MatchedIn.SERIAL: "In its serial.",
        MatchedIn.NAME: "In its name.",
        MatchedIn.CODE: "In its code.",
        MatchedIn.NUMBER: "In its number.",
        MatchedIn.REFERENCE: "In its reference.",
        MatchedIn.PHONE: "It is its telephone number, by the digits alone.",
        MatchedIn.EMAIL: "It is its e-mail.",
    },
)
_describe(
    Match,
    "How much of what it was found in the text is.",
    {
        Match.EXACT: "All of it.",
        Match.PREFIX: "How it begins.",
        Match.PART: "A part of it.",
    },
)
_describe(
    JobKind,
    "What long work does.",
    {
        JobKind.IMPORT: "Reads tables into the hierarchy.",
        JobKind.EXPORT: "Writes it to tables.",
        JobKind.BANK_STATEMENT: "Takes in what a bank says was transferred.",
    },
)
_describe(
    JobState,
    "How far long work is.",
    {
        JobState.QUEUED: "It waits for a worker.",
        JobState.RUNNING: "A worker is at it.",
        JobState.SUCCEEDED: "It is done.",
        JobState.FAILED: "It was given up; `failure` says why.",
        JobState.CANCELLED: "Somebody called it off.",
    },
)
_describe(
    ImportMode,
    "What an import does with what is there already.",
    {
        ImportMode.CREATE_ONLY: "Refuses what is there otherwise, and leaves what is there so.",
        ImportMode.CREATE_OR_UPDATE: "Changes it to what the file says.",
    },
)
_describe(
    TableKind,
    "What a table has rows of; sheets and CSV files are called so in lower case.",
    {
        TableKind.BRANCHES: "Branches.",
        TableKind.FIELDS: "Fields.",
        TableKind.COLLECTORS: "Collectors.",
        TableKind.RF_MODULES: "RF modules.",
        TableKind.METERS: "Meters.",
        TableKind.PREMISES: "Premises.",
        TableKind.METERING_POINTS: "Metering points.",
        TableKind.MOUNTINGS: "Which meter is mounted where now.",
        TableKind.SUBSCRIBERS: "Subscribers.",
        TableKind.ACCOUNTS: "Open accounts, a row for each metering point.",
    },
)
_describe(
    TableFormat,
    "How tables are written.",
    {
        TableFormat.XLSX: "A workbook with a sheet for each kind.",
        TableFormat.CSV: "A ZIP with a CSV file for each kind, in UTF-8.",
    },
)
_describe(
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
_describe(
    MessageChannel,
    "By which way a message reaches people.",
    {MessageChannel.MAIL: "By e-mail.", MessageChannel.SMS: "As a short message."},
)
_describe(
    MessageKind,
    "What a message is about.",
    {
        MessageKind.INVITATION: "Somebody is invited into the company.",
        MessageKind.PASSWORD_RESET: "Somebody may choose a new password.",
        MessageKind.PASSWORD_CHANGED: "A password was changed.",
        MessageKind.LOW_CREDIT: "An account's credit is running low, or is used up.",
        MessageKind.TOP_UP_RECEIPT: "A payment was credited.",
        MessageKind.CUT_OFF: "A supply was cut off.",
        MessageKind.RECONNECTION: "A supply is back.",
        MessageKind.INVOICE: "There is an invoice.",
        MessageKind.SYSTEM_REPORT: "What an operator should know of a day.",
        MessageKind.FAULT_NOTICE: "A device has a fault.",
    },
)
_describe(
    MessageState,
    "How far a message is.",
    {
        MessageState.WAITING: "It waits to be sent, for the first time or again.",
        MessageState.SENT: "A server or a gateway took it.",
        MessageState.DELIVERED: "It is reported to have arrived.",
        MessageState.BOUNCED: "It is reported not to have arrived.",
        MessageState.FAILED: "Nobody took it; `failure` says why.",
        MessageState.DROPPED: "Nobody has to get it any more.",
    },
)
_describe(
    ErasureReason,
    "Why a person's data was destroyed.",
    {
        ErasureReason.REQUESTED: "The person asked for it.",
        ErasureReason.RETENTION_ENDED: "It need not be kept any longer.",
        ErasureReason.MISTAKEN: "It should never have been taken.",
        ErasureReason.ORDERED: "An authority or a court ordered it.",
    },
)
_describe(
    ProtectionKind,
    "Why a subscriber must not be cut off.",
    {
        ProtectionKind.LIFE_SUPPORT: "Somebody's life hangs on a device.",
        ProtectionKind.HEALTH: "Somebody is ill or frail.",
        ProtectionKind.PUBLIC_SERVICE: "The public depends on it.",
        ProtectionKind.COURT_ORDER: "A court has forbidden it.",
        ProtectionKind.OTHER: "The note says why.",
    },
)
_describe(
    JournalKind,
    "What a transaction of the ledger is about.",
    {
        JournalKind.ENERGY: "The energy of a day.",
        JournalKind.CASH_TOP_UP: "Credit that was bought with cash.",
        JournalKind.ADJUSTMENT: "Credit that somebody gave or took by hand.",
        JournalKind.REVERSAL: "The exact opposite of another one.",
        JournalKind.INVOICE_ROUNDING: "What makes the charges of a month an amount to be paid.",
        JournalKind.CREDIT_NOTE: "What a credit note gives back.",
        JournalKind.PAYMENT: "Money that was brought for an account.",
        JournalKind.SETTLEMENT: "What was left or lacking when an account ended.",
        JournalKind.EMERGENCY_CREDIT: "What was lent near the limit.",
        JournalKind.PAYMENT_IN_FLIGHT: "A payment that a provider processes, or stopped to.",
        JournalKind.TOP_UP: "Credit that was bought through a payment provider.",
        JournalKind.REFUND: "A payment that is given back; or is not, after all.",
        JournalKind.DISPUTE: "A payment that its payer disputes, and how that goes on.",
    },
)
_describe(
    RefundWay,
    "How what is left on an account that ends is paid out.",
    {
        RefundWay.CASH: "In cash.",
        RefundWay.BANK: "By a transfer.",
    },
)
_describe(
    PaymentWay,
    "How a payer pays through a payment provider.",
    {
        PaymentWay.CHECKOUT: "On a page of the provider's.",
        PaymentWay.CARD_FORM: "In the provider's own form within an app.",
        PaymentWay.SAVED_CARD: "With a card that the provider keeps.",
    },
)
_describe(
    TopUpState,
    "How far a top-up is.",
    {
        TopUpState.STARTED: "It waits to be paid.",
        TopUpState.IN_FLIGHT: "It is paid, and the provider has not confirmed it.",
        TopUpState.CREDITED: "It is paid and credited.",
        TopUpState.FAILED: "It was not paid, and cannot be paid any more.",
        TopUpState.LAPSED: "Nobody paid it in time.",
        TopUpState.REFUNDED: "All of it was given back, or is being given back.",
        TopUpState.DISPUTED: "Its payer disputes it; the account does without it meanwhile.",
        TopUpState.CHARGED_BACK: "A dispute about it was lost.",
    },
)
_describe(
    RefundState,
    "How far a refund is.",
    {
        RefundState.REQUESTED: "It was asked for, and the provider has not answered yet.",
        RefundState.PENDING: "The provider is at it.",
        RefundState.SUCCEEDED: "The provider has sent the money; it may still come back.",
        RefundState.FAILED: "The money came back, or was never sent: the account has it again.",
    },
)
_describe(
    DisputeState,
    "How far a dispute is.",
    {
        DisputeState.OPEN: "The bank has not decided.",
        DisputeState.WON: "The bank decided for the company; funds come back after that.",
        DisputeState.LOST: "The bank decided for the payer.",
    },
)
_describe(
    SharePeriod,
    "A time by the company's calendar.",
    {
        SharePeriod.DAY: "A day.",
        SharePeriod.WEEK: "A week, from Monday on.",
        SharePeriod.MONTH: "A month.",
    },
)
_describe(
    LedgerAccountKind,
    "Sides of the books: the first four are an account's, the others the company's own.",
    {
        LedgerAccountKind.CREDIT: "An account's credit; with the open charges, its balance.",
        LedgerAccountKind.DEBT: "What an account owes beside its balance; below zero.",
        LedgerAccountKind.EMERGENCY_CREDIT: "What was lent to an account; below zero.",
        LedgerAccountKind.IN_FLIGHT: "What was paid for an account and is not confirmed.",
        LedgerAccountKind.REVENUE: "What was sold.",
        LedgerAccountKind.CASH: "The cash desk.",
        LedgerAccountKind.BANK: "The bank.",
        LedgerAccountKind.PROVIDER_CLEARING: "What a payment provider has of the company's.",
        LedgerAccountKind.PROVIDER_FEES: "What a payment provider keeps.",
        LedgerAccountKind.TAX: "Taxes that are due.",
        LedgerAccountKind.ADJUSTMENTS: "What was given and taken by hand.",
        LedgerAccountKind.WRITE_OFF: "What is not to be had any more.",
        LedgerAccountKind.DISPUTED: "What a bank has taken back until a dispute ends.",
    },
)
_describe(
    AdjustmentState,
    "How far an adjustment is.",
    {
        AdjustmentState.PROPOSED: "It waits for a second person, and has changed nothing.",
        AdjustmentState.POSTED: "It is in the books.",
        AdjustmentState.REJECTED: "It was turned down.",
    },
)
_describe(
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
_describe(
    EnergyDirection,
    "Which way the energy flows.",
    {
        EnergyDirection.IMPORT: "To the consumer, who pays for it.",
        EnergyDirection.EXPORT: "From the consumer, who is paid for it.",
    },
)
_describe(
    BillingBasis,
    "What says how much energy was used; the others only check it.",
    {
        BillingBasis.TOTAL_REGISTER: "The total register.",
        BillingBasis.TOU_REGISTERS: "The meter's registers by hours.",
        BillingBasis.INTERVAL: "The load profile.",
    },
)
_describe(
    TaxPoint,
    "When taxes fall due.",
    {TaxPoint.TOP_UP: "When credit is bought.", TaxPoint.CONSUMPTION: "When energy is used."},
)
_describe(
    TariffDay,
    "Kinds of days that hours of use tell apart.",
    {
        **{day: f"A {day.value.capitalize()} that is no special day." for day in TariffDay},
        TariffDay.SPECIAL: "A day that the tariff names, whatever its weekday.",
    },
)
_describe(
    SlabPeriod,
    "Over which local time slabs count consumption.",
    {
        SlabPeriod.DAY: "A day.",
        SlabPeriod.MONTH: "A calendar month.",
        SlabPeriod.YEAR: "A calendar year.",
    },
)
_describe(
    TariffState,
    "How far a version of a tariff is.",
    {
        TariffState.DRAFT: "It waits for somebody's approval.",
        TariffState.PROPOSED: "It waits for the approval of somebody else than who proposed it.",
        TariffState.ACTIVE: "It is charged by from its time on.",
        TariffState.WITHDRAWN: "It was given up.",
    },
)
_describe(
    AssignmentLevel,
    "To whom a tariff is assigned; the most specific one wins.",
    {
        AssignmentLevel.COMPANY: "To all accounts that nothing else is assigned to.",
        AssignmentLevel.BRANCH: "To the accounts of a branch.",
        AssignmentLevel.GROUP: "To some accounts, by name.",
        AssignmentLevel.ACCOUNT: "To one account.",
    },
)
_describe(
    IndicatorGrouping,
    "What indicators are told of.",
    {
        IndicatorGrouping.COMPANY: "All that you may see, as one.",
        IndicatorGrouping.BRANCH: "Each branch.",
        IndicatorGrouping.FIELD: "Each field.",
    },
)
_describe(
    IndicatorResolution,
    "How long a bucket of indicators is.",
    {
        IndicatorResolution.DAY: "A local day, which may have 23 or 25 hours.",
        IndicatorResolution.MONTH: "A local month.",
    },
)
_describe(
    InvoiceKind,
    "What an invoice is.",
    {
        InvoiceKind.MONTHLY: "Of a month, for an account that pays later.",
        InvoiceKind.PURCHASE: "Of bought credit, which paid it.",
        InvoiceKind.CREDIT_NOTE: "One that takes another back, in full or in part.",
    },
)
_describe(
    InvoiceState,
    "How far an invoice is.",
    {
        InvoiceState.ISSUED: "Nothing of it is paid.",
        InvoiceState.PARTLY_PAID: "Some of it is paid, and it is not due yet.",
        InvoiceState.PAID: "It is paid, but for what was taken back.",
        InvoiceState.OVERDUE: "Some of it is open, and its last day is over.",
        InvoiceState.CANCELLED: "All of it was taken back.",
    },
)
_describe(
    InvoiceLineKind,
    "What a line of an invoice is about.",
    {
        InvoiceLineKind.ENERGY: "Energy of a meter at one price.",
        InvoiceLineKind.SETTLEMENT: "What came late of a month, or was corrected.",
        InvoiceLineKind.CREDIT: "Credit that was bought.",
    },
)
_describe(
    InvoiceLanguage,
    "In which language an invoice is shown.",
    {InvoiceLanguage.EN: "English.", InvoiceLanguage.TR: "Turkish."},
)
_describe(
    PurchaseGrouping,
    "What is told apart of bought credit.",
    {
        PurchaseGrouping.PERIOD: "The company's local months.",
        PurchaseGrouping.BRANCH: "Branches.",
        PurchaseGrouping.FIELD: "Fields.",
        PurchaseGrouping.METHOD: "Ways of buying it.",
    },
)
_describe(
    PaymentMethod,
    "How an invoice is paid.",
    {
        PaymentMethod.CASH: "At the cash desk.",
        PaymentMethod.BANK_TRANSFER: "By bank transfer.",
        PaymentMethod.CARD: "By card, at a terminal.",
    },
)
_describe(
    PaymentState,
    "Whether a payment counts.",
    {
        PaymentState.POSTED: "It is in the books.",
        PaymentState.REVERSED: "It was undone by its opposite.",
    },
)
_describe(
    StatementFormat,
    "How a bank tells what was transferred.",
    {
        StatementFormat.CSV: "A table with the columns date, amount, currency, reference and, if"
        " there is one, bank_reference.",
        StatementFormat.MT940: "SWIFT's customer statement message.",
    },
)
_describe(
    TransferState,
    "What became of a bank transfer.",
    {
        TransferState.MATCHED: "It is a payment.",
        TransferState.REVIEW: "A person has to say whose it is.",
        TransferState.IGNORED: "It pays nothing here.",
    },
)
_describe(
    TransmissionState,
    "How far an e-invoice is on its way to the integrator.",
    {
        TransmissionState.WAITING: "Nobody has taken it yet.",
        TransmissionState.SENT: "The integrator has it.",
        TransmissionState.REFUSED: "The integrator does not take it.",
    },
)
_describe(
    DeliveryMethod,
    "How a notice reached somebody.",
    {
        DeliveryMethod.HAND: "Somebody brought it.",
        DeliveryMethod.POST: "By post.",
        DeliveryMethod.REGISTERED_POST: "By registered post.",
        DeliveryMethod.EMAIL: "By e-mail.",
        DeliveryMethod.SMS: "By text message.",
    },
)
