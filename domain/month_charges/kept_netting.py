"""What is netted of a month as JSON, and back. Pure; numbers are texts, and lose no digit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from db.enums import ComponentKind, LedgerAccountKind, NettingPeriod, NotNetted
from domain.invoices.rules import TaxLine
from domain.month_charges.netting import Netted, NettedLine

Json = Mapping[str, Any]


def written(netted: Netted) -> dict[str, Any]:
    return {
        "period": netted.period,
        "imported_kwh": str(netted.imported_kwh),
        "exported_kwh": str(netted.exported_kwh),
        "netted_kwh": str(netted.netted_kwh),
        "untold_kwh": str(netted.untold_kwh),
        "not_netted": netted.not_netted,
        "lines": [_line(line) for line in netted.lines],
    }


def read(said: Json) -> Netted:
    """Return what `written` made this of."""
    return Netted(
        period=NettingPeriod(said["period"]),
        imported_kwh=Decimal(said["imported_kwh"]),
        exported_kwh=Decimal(said["exported_kwh"]),
        netted_kwh=Decimal(said["netted_kwh"]),
        untold_kwh=Decimal(said["untold_kwh"]),
        not_netted=None if said["not_netted"] is None else NotNetted(said["not_netted"]),
        lines=tuple(_read_line(line) for line in said["lines"]),
    )


def _line(line: NettedLine) -> dict[str, Any]:
    return {
        "component": line.component,
        "kind": line.kind,
        "rate": line.rate,
        "price": str(line.price),
        "quantity": str(line.quantity),
        "amount_micro": line.amount_micro,
        "side": line.side,
        "taxes": [
            {
                "name": tax.name,
                "rate": str(tax.rate),
                "base": str(tax.base),
                "amount": str(tax.amount),
            }
            for tax in line.taxes
        ],
    }


def _read_line(said: Json) -> NettedLine:
    return NettedLine(
        component=said["component"],
        kind=ComponentKind(said["kind"]),
        rate=said["rate"],
        price=Decimal(said["price"]),
        quantity=Decimal(said["quantity"]),
        amount_micro=said["amount_micro"],
        side=LedgerAccountKind(said["side"]),
        taxes=tuple(
            TaxLine(tax["name"], Decimal(tax["rate"]), Decimal(tax["base"]), Decimal(tax["amount"]))
            for tax in said["taxes"]
        ),
    )
