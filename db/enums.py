"""Words that both the code and the database use. Members are never renamed or removed."""

from enum import StrEnum


class Scope(StrEnum):
    """What a role may do: noun:verb."""

    COMPANY_READ = "company:read"
    METERS_READ = "meters:read"
    READINGS_READ = "readings:read"
    NETWORK_READ = "network:read"
    PREMISES_READ = "premises:read"
    ACCOUNTS_READ = "accounts:read"
    TARIFFS_READ = "tariffs:read"
    BALANCES_READ = "balances:read"
    SUBSCRIBERS_READ = "subscribers:read"
    SUBSCRIBERS_CONTACT = "subscribers:contact"
    SUBSCRIBERS_PROTECTION = "subscribers:protection"
    MESSAGES_READ = "messages:read"
    FRAMES_READ = "frames:read"
    COMPANY_WRITE = "company:write"
    DEVICES_WRITE = "devices:write"
    PREMISES_WRITE = "premises:write"
    ACCOUNTS_WRITE = "accounts:write"
    CREDIT_ADJUST = "credit:adjust"
    CREDIT_APPROVE = "credit:approve"
    TARIFFS_WRITE = "tariffs:write"
    TARIFFS_APPROVE = "tariffs:approve"
    CREDIT_BORROW = "credit:borrow"
    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    PAYMENTS_WRITE = "payments:write"
    TOPUPS_READ = "topups:read"
    TOPUPS_WRITE = "topups:write"
    TOPUPS_REFUND = "topups:refund"
    SUBSCRIBERS_WRITE = "subscribers:write"
    SUBSCRIBERS_ERASE = "subscribers:erase"
    IMPORTS_WRITE = "imports:write"
    EXPORTS_READ = "exports:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    AUDIT_READ = "audit:read"
    SCHEMA_INTROSPECT = "schema:introspect"
    PLATFORM_WRITE = "platform:write"


class Role(StrEnum):
    """What a membership makes of a user; DEVELOPER is platform staff and belongs to no company."""

    ADMINISTRATOR = "ADMINISTRATOR"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    PARTNER = "PARTNER"
    SUBSCRIBER = "SUBSCRIBER"
    DEVELOPER = "DEVELOPER"


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


class BillingMode(StrEnum):
    """Whether an account pays before or after it consumes."""

    PREPAID = "PREPAID"
    POSTPAID = "POSTPAID"


class Segment(StrEnum):
    """Where an account stands; a function of facts, never stored."""

    NO_ENERGY = "NO_ENERGY"
    INVOICED = "INVOICED"
    WARNING_LIMIT = "WARNING_LIMIT"
    CREDIT = "CREDIT"


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


class ValidationRule(StrEnum):
    """Why a reading is held."""

    FUTURE = "FUTURE"
    TOO_OLD = "TOO_OLD"
    NEGATIVE_CONSUMPTION = "NEGATIVE_CONSUMPTION"
    REGISTER_RANGE = "REGISTER_RANGE"
    INTERVAL_SPIKE = "INTERVAL_SPIKE"


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


class JournalKind(StrEnum):
    """What a journal transaction is about."""

    ENERGY = "ENERGY"
    CASH_TOP_UP = "CASH_TOP_UP"
    ADJUSTMENT = "ADJUSTMENT"
    REVERSAL = "REVERSAL"
    INVOICE_ROUNDING = "INVOICE_ROUNDING"
    CREDIT_NOTE = "CREDIT_NOTE"
    PAYMENT = "PAYMENT"
    SETTLEMENT = "SETTLEMENT"
    EMERGENCY_CREDIT = "EMERGENCY_CREDIT"
    PAYMENT_IN_FLIGHT = "PAYMENT_IN_FLIGHT"
    TOP_UP = "TOP_UP"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"


class RefundWay(StrEnum):
    """How what is left on an account that ends is paid out."""

    CASH = "CASH"
    BANK = "BANK"


class LedgerAccountKind(StrEnum):
    """Sides of the books: the first four are an account's, the others the company's own."""

    CREDIT = "CREDIT"
    DEBT = "DEBT"
    EMERGENCY_CREDIT = "EMERGENCY_CREDIT"
    IN_FLIGHT = "IN_FLIGHT"
    REVENUE = "REVENUE"
    CASH = "CASH"
    BANK = "BANK"
    PROVIDER_CLEARING = "PROVIDER_CLEARING"
    PROVIDER_FEES = "PROVIDER_FEES"
    TAX = "TAX"
    ADJUSTMENTS = "ADJUSTMENTS"
    WRITE_OFF = "WRITE_OFF"
    DISPUTED = "DISPUTED"


class AdjustmentState(StrEnum):
    """How far an adjustment is; the last two are final."""

    PROPOSED = "PROPOSED"
    POSTED = "POSTED"
    REJECTED = "REJECTED"


class InvoiceKind(StrEnum):
    """What an invoice is: of a month, of bought credit, or one that takes another back."""

    MONTHLY = "MONTHLY"
    PURCHASE = "PURCHASE"
    CREDIT_NOTE = "CREDIT_NOTE"


class InvoiceState(StrEnum):
    """How far an invoice is; a function of facts, never stored."""

    ISSUED = "ISSUED"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    CANCELLED = "CANCELLED"


class InvoiceLineKind(StrEnum):
    """What a line of an invoice is about."""

    ENERGY = "ENERGY"
    SETTLEMENT = "SETTLEMENT"
    CREDIT = "CREDIT"


class InvoiceLanguage(StrEnum):
    """In which language an invoice is shown."""

    EN = "EN"
    TR = "TR"


class TransmissionState(StrEnum):
    """How far an e-invoice is on its way to the integrator; the last two are final."""

    WAITING = "WAITING"
    SENT = "SENT"
    REFUSED = "REFUSED"


class DeliveryMethod(StrEnum):
    """How a notice reached somebody."""

    HAND = "HAND"
    POST = "POST"
    REGISTERED_POST = "REGISTERED_POST"
    EMAIL = "EMAIL"
    SMS = "SMS"


class PurchaseGrouping(StrEnum):
    """What is told apart of bought credit."""

    PERIOD = "PERIOD"
    BRANCH = "BRANCH"
    FIELD = "FIELD"
    METHOD = "METHOD"


class PaymentMethod(StrEnum):
    """How an invoice is paid: at the cash desk, by bank transfer, or by card at a terminal."""

    CASH = "CASH"
    BANK_TRANSFER = "BANK_TRANSFER"
    CARD = "CARD"


class StatementFormat(StrEnum):
    """How a bank tells what was transferred."""

    CSV = "CSV"
    MT940 = "MT940"


class TransferState(StrEnum):
    """What became of a bank transfer; REVIEW waits for a person."""

    MATCHED = "MATCHED"
    REVIEW = "REVIEW"
    IGNORED = "IGNORED"


class PaymentState(StrEnum):
    """Whether a payment counts; the last is final."""

    POSTED = "POSTED"
    REVERSED = "REVERSED"


class PaymentWay(StrEnum):
    """How a payer pays through a payment provider."""

    CHECKOUT = "CHECKOUT"
    CARD_FORM = "CARD_FORM"
    SAVED_CARD = "SAVED_CARD"


class PaymentStatus(StrEnum):
    """How far a payment is at its provider; the last two are final."""

    OPEN = "OPEN"
    PROCESSING = "PROCESSING"
    CANCELLED = "CANCELLED"
    SUCCEEDED = "SUCCEEDED"


class TopUpState(StrEnum):
    """How far a top-up is; a function of what the provider said of its payment."""

    STARTED = "STARTED"
    IN_FLIGHT = "IN_FLIGHT"
    CREDITED = "CREDITED"
    FAILED = "FAILED"
    LAPSED = "LAPSED"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"
    CHARGED_BACK = "CHARGED_BACK"


class RefundState(StrEnum):
    """How far a refund is; one that succeeded may still fail, and FAILED is final."""

    REQUESTED = "REQUESTED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class DisputeState(StrEnum):
    """How far a dispute is; the last two are final, but funds may move after them."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class SharePeriod(StrEnum):
    """In what time the cap of a debt share counts, by the company's calendar."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class ActorKind(StrEnum):
    """Who made a change. SYSTEM: nobody said, so the database's role has to do."""

    USER = "USER"
    KEY = "KEY"
    JOB = "JOB"
    COMMAND = "COMMAND"
    COLLECTOR = "COLLECTOR"
    SYSTEM = "SYSTEM"


class EntryKind(StrEnum):
    """What a daily entry tells of."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    READ = "READ"


class FileKind(StrEnum):
    """Which way a stored file goes."""

    UPLOAD = "UPLOAD"
    DOWNLOAD = "DOWNLOAD"


class FileState(StrEnum):
    """How far a stored file is; only a READY one is read."""

    WAITING = "WAITING"
    RECEIVING = "RECEIVING"
    READY = "READY"


class JobKind(StrEnum):
    """What long work does."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    BANK_STATEMENT = "BANK_STATEMENT"


class JobState(StrEnum):
    """How far long work is; the last three are final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ImportMode(StrEnum):
    """What an import does with what is there already."""

    CREATE_ONLY = "CREATE_ONLY"
    CREATE_OR_UPDATE = "CREATE_OR_UPDATE"


class TableKind(StrEnum):
    """What a table of an import or an export has rows of."""

    BRANCHES = "branches"
    FIELDS = "fields"
    COLLECTORS = "collectors"
    RF_MODULES = "rf_modules"
    METERS = "meters"
    PREMISES = "premises"
    METERING_POINTS = "metering_points"
    MOUNTINGS = "mountings"
    SUBSCRIBERS = "subscribers"
    ACCOUNTS = "accounts"


class TableFormat(StrEnum):
    """How tables are written: a workbook, or a ZIP of CSV files."""

    XLSX = "XLSX"
    CSV = "CSV"


class MessageKind(StrEnum):
    """What a message is about."""

    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - no password
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - no password
    LOW_CREDIT = "LOW_CREDIT"
    TOP_UP_RECEIPT = "TOP_UP_RECEIPT"
    CUT_OFF = "CUT_OFF"
    RECONNECTION = "RECONNECTION"
    INVOICE = "INVOICE"
    SYSTEM_REPORT = "SYSTEM_REPORT"
    FAULT_NOTICE = "FAULT_NOTICE"


class MessageChannel(StrEnum):
    """By which way a message reaches people."""

    MAIL = "MAIL"
    SMS = "SMS"


class MessageState(StrEnum):
    """How far a message is. Nobody has to get one that is DROPPED any more."""

    WAITING = "WAITING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class ErasureReason(StrEnum):
    """Why a person's data was destroyed."""

    REQUESTED = "REQUESTED"
    RETENTION_ENDED = "RETENTION_ENDED"
    MISTAKEN = "MISTAKEN"
    ORDERED = "ORDERED"


class ProtectionKind(StrEnum):
    """Why a subscriber must not be cut off."""

    LIFE_SUPPORT = "LIFE_SUPPORT"
    HEALTH = "HEALTH"
    PUBLIC_SERVICE = "PUBLIC_SERVICE"
    COURT_ORDER = "COURT_ORDER"
    OTHER = "OTHER"


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


class LineUnit(StrEnum):
    """What a line of a bill counts."""

    KWH = "KWH"
    KVARH = "KVARH"
    KW = "KW"
    DAY = "DAY"


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
