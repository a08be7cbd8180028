"""THE table of built-in roles and scopes. Pure. Companies' own roles are rows."""

from collections.abc import Iterable, Mapping

from db.enums import Role, Scope

KNOWN = frozenset(scope.value for scope in Scope)
# What platform staff may do, and nobody in a company.
OF_THE_PLATFORM = frozenset({Scope.PLATFORM_WRITE})
# Nobody who only looks at a company's affairs may change or take along anything.
CHANGES = (":write", ":erase", ":adjust", ":approve", ":borrow", ":refund")
CHANGING = frozenset(scope for scope in Scope if scope.value.endswith(CHANGES))

SEEING_DEVICES = frozenset(
    {
        Scope.COMPANY_READ,
        Scope.METERS_READ,
        Scope.READINGS_READ,
        Scope.PREMISES_READ,
        Scope.ACCOUNTS_READ,
        Scope.SUBSCRIBERS_READ,
    }
)

SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.ADMINISTRATOR: frozenset(Scope) - OF_THE_PLATFORM,
    Role.OPERATOR: SEEING_DEVICES
    | {
        Scope.NETWORK_READ,
        Scope.BALANCES_READ,
        Scope.TARIFFS_READ,
        Scope.MESSAGES_READ,
        Scope.INVOICES_READ,
        Scope.TOPUPS_READ,
        Scope.FRAMES_READ,
        Scope.DEVICES_WRITE,
        Scope.PREMISES_WRITE,
        Scope.IMPORTS_WRITE,
        Scope.EXPORTS_READ,
    },
    Role.AUDITOR: frozenset(Scope) - CHANGING,
    Role.PARTNER: SEEING_DEVICES - {Scope.SUBSCRIBERS_READ},
    # Of the company, only what is the subscriber's own.
    Role.SUBSCRIBER: frozenset(
        {
            Scope.METERS_READ,
            Scope.READINGS_READ,
            Scope.PREMISES_READ,
            Scope.ACCOUNTS_READ,
            Scope.BALANCES_READ,
            Scope.TARIFFS_READ,
            Scope.INVOICES_READ,
            Scope.TOPUPS_READ,
            Scope.TOPUPS_WRITE,
            Scope.SUBSCRIBERS_READ,
            Scope.SUBSCRIBERS_CONTACT,
            Scope.MESSAGES_READ,
            Scope.CREDIT_BORROW,
        }
    ),
    # Staff of the platform, who help every company and see nobody's money or telephone number.
    Role.DEVELOPER: SEEING_DEVICES
    | {
        Scope.NETWORK_READ,
        Scope.FRAMES_READ,
        Scope.DEVICES_WRITE,
        Scope.DOCUMENTS_READ,
        Scope.KEYS_READ,
        Scope.AUDIT_READ,
        Scope.SCHEMA_INTROSPECT,
        Scope.PLATFORM_WRITE,
    },
}


def scopes_of(role: Role | None) -> frozenset[Scope]:
    return frozenset() if role is None else SCOPES[role]


def scopes_named(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of a stored role, without those of a newer release."""
    return frozenset(Scope(name) for name in names if name in KNOWN)
