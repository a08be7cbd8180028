"""What invoices are made up of."""

from typing import Self

import strawberry

from api.global_ids import encode
from api.schema.money import Money
from api.schema.scalars import DateTime, ExactNumber, Kwh, LocalDate, kwh
from db.enums import (
    InvoiceLineKind,
    LineUnit,
)
from domain.invoices.rules import Index, Metered, Priced
from domain.invoices.rules import InvoiceLine as Line


@strawberry.type(description="What a register showed at an instant.")
class RegisterIndex:
    at: DateTime = strawberry.field(description="When.")
    index: Kwh = strawberry.field(
        description="What it showed, before the multiplier; kvarh on lines of reactive energy, kW"
        " on lines of demand."
    )

    @classmethod
    def of(cls, index: Index) -> Self:
        return cls(at=DateTime(index.at), index=kwh(index.index_wh))


@strawberry.type(description="What a meter showed where a line begins and ends.")
class MeteredEnergy:
    meter_id: strawberry.ID = strawberry.field(description="Which meter.")
    meter_serial: str = strawberry.field(description="What is printed on the meter.")
    multiplier: ExactNumber = strawberry.field(
        description="What current and voltage transformers multiply energy by."
    )
    first: RegisterIndex | None = strawberry.field(
        description="Where it begins; null on lines of demand, for a register of demand does not"
        " count on: it shows a maximum."
    )
    last: RegisterIndex = strawberry.field(
        description="Where it ends; on lines of demand the month's maximum, at the reading that"
        " told it first."
    )
    energy: Kwh = strawberry.field(
        description="How much lies between the two, after the multiplier; of a shared supply, the"
        " account's part. In kvarh on lines of reactive energy; on lines of demand the maximum, in"
        " kW."
    )

    @classmethod
    def of(cls, metered: Metered) -> Self:
        return cls(
            meter_id=strawberry.ID(encode("Meter", metered.meter_id)),
            meter_serial=metered.serial,
            multiplier=ExactNumber(metered.multiplier.normalize()),
            first=None if metered.first is None else RegisterIndex.of(metered.first),
            last=RegisterIndex.of(metered.last),
            energy=kwh(metered.energy_wh),
        )


@strawberry.type(description="How much of something an invoice charges at one price.")
class PricedQuantity:
    component: str | None = strawberry.field(
        description="Of the tariff; null where that is one flat price."
    )
    rate: str | None = strawberry.field(
        description="The band's name or the slab's number, where the component has several."
    )
    quantity: ExactNumber = strawberry.field(
        description="How much, after the multiplier; below zero where it is deducted."
    )
    unit: LineUnit = strawberry.field(description="Of what.")
    price: ExactNumber = strawberry.field(description="Of one, in major units, before taxes.")

    @classmethod
    def of(cls, priced: Priced) -> Self:
        return cls(
            component=priced.component,
            rate=priced.rate or None,
            quantity=ExactNumber(priced.quantity.normalize()),
            unit=priced.unit,
            price=ExactNumber(priced.price.normalize()),
        )


@strawberry.type(description="What an invoice charges, or a credit note gives back.")
class InvoiceLine:
    number: int = strawberry.field(description="Its place on the invoice, from 1 on.")
    kind: InvoiceLineKind = strawberry.field(description="What it is about.")
    amount: Money = strawberry.field(description="How much, before taxes.")
    energy_month: LocalDate | None = strawberry.field(
        description="The first day of the month whose energy it is."
    )
    metered: MeteredEnergy | None = strawberry.field(
        description="The meter, if it is of one; of a settlement as its month is known by now."
    )
    priced: PricedQuantity | None = strawberry.field(
        description="The quantity, if it is of some at one price; of a settlement, how much more"
        " or less than was told before."
    )
    estimated: bool = strawberry.field(
        description="Whether no reading tells where it begins, ends, or is split."
    )
    of_line: int | None = strawberry.field(
        description="Of a credit note: the place of the line that it takes back."
    )

    @classmethod
    def of(cls, number: int, line: Line, currency: str) -> Self:
        month = line.energy_month
        return cls(
            number=number,
            kind=line.kind,
            amount=Money.of(line.amount, currency),
            energy_month=None if month is None else LocalDate(month.first),
            metered=None if line.metered is None else MeteredEnergy.of(line.metered),
            priced=None if line.priced is None else PricedQuantity.of(line.priced),
            estimated=line.is_estimated,
            of_line=line.of_line,
        )


@strawberry.type(description="A tax on the lines of an invoice.")
class InvoiceTax:
    name: str = strawberry.field(description="What it is called.")
    rate: ExactNumber | None = strawberry.field(
        description="As a part of its base; null where lines differ."
    )
    base: Money = strawberry.field(description="What it is reckoned on.")
    amount: Money = strawberry.field(description="How much it is.")
