"""THE table of roles and scopes. What a place confines a caller to is in `confine`."""

from collections.abc import Mapping

from db.enums import Role, Scope

SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.ADMINISTRATOR: frozenset(Scope),
    Role.OPERATOR: frozenset(
        {
            Scope.COMPANY_READ,
            Scope.METERS_READ,
            Scope.READINGS_READ,
            Scope.NETWORK_READ,
            Scope.PREMISES_READ,
            Scope.ACCOUNTS_READ,
            Scope.BALANCES_READ,
            Scope.SUBSCRIBERS_READ,
        }
    ),
    # Of the company, only what is the subscriber's own.
    Role.SUBSCRIBER: frozenset(
        {
            Scope.METERS_READ,
            Scope.READINGS_READ,
            Scope.PREMISES_READ,
            Scope.ACCOUNTS_READ,
            Scope.BALANCES_READ,
            Scope.SUBSCRIBERS_READ,
            Scope.SUBSCRIBERS_CONTACT,
        }
    ),
    # Staff of the platform, who help every company and see nobody's money or telephone number.
    Role.DEVELOPER: frozenset(
        {
            Scope.COMPANY_READ,
            Scope.METERS_READ,
            Scope.READINGS_READ,
            Scope.NETWORK_READ,
            Scope.PREMISES_READ,
            Scope.ACCOUNTS_READ,
            Scope.SUBSCRIBERS_READ,
        }
    ),
}


def scopes_of(role: Role | None) -> frozenset[Scope]:
    return frozenset() if role is None else SCOPES[role]
