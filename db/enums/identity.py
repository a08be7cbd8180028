"""What people and programs may do, and what is recorded of it."""

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
    PAYMENTS_READ = "payments:read"
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
