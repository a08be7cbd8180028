"""Money with its currency."""

from decimal import Decimal
from typing import Self

import strawberry

from api.schema.scalars import MoneyAmount


@strawberry.type(description="An exact amount of money.")
class Money:
    amount: MoneyAmount = strawberry.field(description="In major units.")
    currency: str = strawberry.field(description="Its currency, by ISO 4217.")

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        return cls(amount=MoneyAmount(amount), currency=currency)
