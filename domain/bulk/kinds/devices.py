"""What the tables of devices have in common: what is printed on them, and how to reach them."""

from collections.abc import Mapping

from db.enums import Scope
from domain.bulk.kind import Check, Column
from domain.bulk.readers import Reader, text

Checks = Mapping[str, Check]


def serial(example: str, checks: Checks) -> Column:
    return Column(
        name="serial",
        meaning="Printed on it.",
        example=example,
        required=True,
        check=checks["serial"],
    )


def make(example: str, checks: Checks) -> Column:
    return Column(
        name="make",
        meaning="Who made it.",
        example=example,
        clearable=True,
        check=checks["make"],
    )


def model(example: str, checks: Checks) -> Column:
    return Column(
        name="model",
        meaning="Which of the maker's it is.",
        example=example,
        clearable=True,
        check=checks["model"],
    )


def network(
    name: str, meaning: str, example: str, checks: Checks, *, read: Reader = text
) -> Column:
    """Return a column that only who may see the network sees."""
    return Column(
        name=name,
        meaning=meaning,
        example=example,
        read=read,
        clearable=True,
        check=checks[name],
        scope=Scope.NETWORK_READ,
    )
