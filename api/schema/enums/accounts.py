"""Accounts and their books."""

from api.schema.enums.meanings import describe
from db.enums import (
    AdjustmentState,
    BillingMode,
    JournalKind,
    LedgerAccountKind,
    RefundWay,
    Segment,
    SharePeriod,
)
from domain.analytics.rules import IndicatorGrouping, IndicatorResolution

describe(
    BillingMode,
    "Whether an account pays before or after it consumes.",
    {BillingMode.PREPAID: "Before, from its credit.", BillingMode.POSTPAID: "After, by invoice."},
)
describe(
    Segment,
    "Where an account stands; the first that applies.",
    {
        Segment.NO_ENERGY: "All its meters are confirmed to be cut off.",
        Segment.INVOICED: "It pays by invoice.",
        Segment.WARNING_LIMIT: "Its credit is at or below the warning limit.",
        Segment.CREDIT: "Its credit is above the warning limit.",
    },
)
describe(
    JournalKind,
    "What a transaction of the ledger is about.",
    {
        JournalKind.ENERGY: "The energy of a day.",
        JournalKind.MONTH_CHARGE: "Peaks of demand and reactive energy of a month.",
        JournalKind.CASH_TOP_UP: "Credit that was bought with cash.",
        JournalKind.BANK_TOP_UP: "Credit that was bought by a transfer to the bank.",
        JournalKind.CARD_TOP_UP: "Credit that was bought by card at a cash desk.",
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
        JournalKind.PROVIDER_FEE: "What a payment provider took for a payment.",
    },
)
describe(
    RefundWay,
    "How what is left on an account that ends is paid out.",
    {
        RefundWay.CASH: "In cash.",
        RefundWay.BANK: "By a transfer.",
    },
)
describe(
    SharePeriod,
    "A time by the company's calendar.",
    {
        SharePeriod.DAY: "A day.",
        SharePeriod.WEEK: "A week, from Monday on.",
        SharePeriod.MONTH: "A month.",
    },
)
describe(
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
        LedgerAccountKind.TAX_IN_ADVANCE: "Taxes that fell due with credit that is not used yet.",
        LedgerAccountKind.ADJUSTMENTS: "What was given and taken by hand.",
        LedgerAccountKind.WRITE_OFF: "What is not to be had any more.",
        LedgerAccountKind.DISPUTED: "What a bank has taken back until a dispute ends.",
    },
)
describe(
    AdjustmentState,
    "How far an adjustment is.",
    {
        AdjustmentState.PROPOSED: "It waits for a second person, and has changed nothing.",
        AdjustmentState.POSTED: "It is in the books.",
        AdjustmentState.REJECTED: "It was turned down.",
    },
)
describe(
    IndicatorGrouping,
    "What indicators are told of.",
    {
        IndicatorGrouping.COMPANY: "All that you may see, as one.",
        IndicatorGrouping.BRANCH: "Each branch.",
        IndicatorGrouping.FIELD: "Each field.",
    },
)
describe(
    IndicatorResolution,
    "How long a bucket of indicators is.",
    {
        IndicatorResolution.DAY: "A local day, which may have 23 or 25 hours.",
        IndicatorResolution.MONTH: "A local month.",
    },
)
