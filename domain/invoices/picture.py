"""Pictures of invoices: what stands on the page, in Turkish or English. Pure, but for the template.

Not here: whose invoice it is, and where the picture is kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

from db.enums import InvoiceKind, InvoiceLanguage, InvoiceLineKind, LineUnit
from domain.invoices.rules import Index, InvoiceLine, Month, Priced
from domain.invoices.stored import StoredInvoice
from domain.invoices.words import WORDS, Words
from domain.messages.formats import LANGUAGES, number
from domain.money import decimals_of
from domain.units import WH_PER_KWH

TEMPLATE = Path(__file__).with_name("invoice.typ")
COLUMNS = ("first", "last", "quantity", "price", "amount")
TOTALS = {
    InvoiceKind.MONTHLY: "payable",
    InvoiceKind.PURCHASE: "bought",
    InvoiceKind.CREDIT_NOTE: "given_back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody on an invoice: a name, and what else stands below it."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a picture shows. refers_to: the number of the invoice that a credit note answers."""

    invoice: StoredInvoice
    company: Party
    customer: Party
    account_number: str
    premises: str
    refers_to: str | None
    zone: ZoneInfo
    language: InvoiceLanguage


def pdf(page: Page) -> bytes:
    """Return the picture. It takes a tenth of a second: not on the event loop."""
    data = json.dumps(_data(page), ensure_ascii=False)
    made = typst.compile(
        TEMPLATE.read_bytes(),
        sys_inputs={"data": data},
        ignore_system_fonts=True,
        format="pdf",
        timestamp=int(page.invoice.issued_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError(f"a PDF is one file, not {type(made)}")
    return made


def _data(page: Page) -> dict[str, Any]:
    invoice, words = page.invoice, WORDS[page.language]
    lines = [_line(page, line, words) for line in invoice.lines]
    # Bought credit has neither indexes nor a price.
    shown = [column for column in COLUMNS if any(line["cells"][column] for line in lines)]
    return {
        "language": page.language.lower(),
        "labels": {"customer": words["customer"]},
        "number": invoice.number,
        "title": words[invoice.kind],
        "company": {"name": page.company.name, "lines": list(page.company.lines)},
        "customer": {"name": page.customer.name, "lines": list(page.customer.lines)},
        "facts": _facts(page, words),
        "columns": [words[column] for column in ("line", *shown)],
        "lines": [{**line, "cells": [line["cells"][column] for column in shown]} for line in lines],
        "sums": _sums(page, words),
        "notes": _notes(invoice, words),
    }


def _facts(page: Page, words: Words) -> list[tuple[str, str]]:
    invoice = page.invoice
    facts = [(words["issued"], _day(invoice.issue_date, page.language))]
    if invoice.kind is InvoiceKind.MONTHLY:
        facts.append((words["due"], _day(invoice.due_date, page.language)))
    if invoice.month is not None:
        facts.append((words["month"], _month(invoice.month, page.language)))
    if page.refers_to is not None:
        facts.append((words["refers_to"], page.refers_to))
    return [*facts, (words["account"], page.account_number), (words["premises"], page.premises)]


def _line(page: Page, line: InvoiceLine, words: Words) -> dict[str, Any]:
    what, details, indexes = words[line.kind], [], ["", ""]
    if line.energy_month is not None and _is_of_month_alone(line):
        what = f"{what} {_month(line.energy_month, page.language)}"
    if (metered := line.metered) is not None:
        times = _number(metered.multiplier.normalize(), None, page.language)
        details = [f"{words['meter']} {metered.serial}", f"{words['multiplier']} {times}"]
        # Days are charged whatever the meter shows.
        if line.priced is None or line.priced.unit is not LineUnit.DAY:
            unit = _unit(line.priced, words)
            indexes = [_index(page, index, unit) for index in (metered.first, metered.last)]
        if metered.first is None:
            details.append(words["maximum"])
        if metered.shared_wh is not None:
            details.append(words["shared"])
    if line.is_estimated:
        details.append(words["estimated"])
    counted = ["", ""] if line.priced is None else _priced(line.priced, words, page.language)
    amount = _number(line.amount, 6, page.language)
    return {
        "what": " ".join([what, *_component(line)]),
        "details": details,
        "cells": dict(zip(COLUMNS, [*indexes, *counted, amount], strict=True)),
    }


def _unit(priced: Priced | None, words: Words) -> str:
    """Return the unit of indexes, as far as it is not that of the columns."""
    if priced is None or priced.unit is LineUnit.KWH:
        return ""
    return f" {words[priced.unit]}"


def _index(page: Page, index: Index | None, unit: str) -> str:
    if index is None:
        return ""
    day = index.at.astimezone(page.zone).date()
    return f"{_kwh(Decimal(index.index_wh), page.language)}{unit}\n{_day(day, page.language)}"


def _is_of_month_alone(line: InvoiceLine) -> bool:
    """Whether nothing else tells which month a line is of, which may be an earlier one."""
    is_bare = line.metered is None and line.priced is None
    return is_bare or line.kind is InvoiceLineKind.SETTLEMENT


def _component(line: InvoiceLine) -> list[str]:
    """Return what of the tariff a line is, where that has components."""
    priced = line.priced
    if priced is None or priced.component is None:
        return []
    return [f"· {priced.component}", *([priced.rate] if priced.rate else [])]


def _priced(priced: Priced, words: Words, language: InvoiceLanguage) -> list[str]:
    decimals = 0 if priced.unit is LineUnit.DAY else 3
    quantity = f"{_number(priced.quantity, decimals, language)} {words[priced.unit]}"
    return [quantity, _number(priced.price.normalize(), None, language)]


def _sums(page: Page, words: Words) -> list[dict[str, Any]]:
    invoice, language = page.invoice, page.language
    totals = invoice.totals
    rows = [(words["subtotal"], _number(totals.lines, 6, language), False)]
    for tax in invoice.taxes:
        rate = "" if tax.rate is None else f" {_percent(tax.rate, language)}"
        base = f" ({words['on']} {_number(tax.base, 6, language)})"
        rows.append((tax.name + rate + base, _number(tax.amount, 6, language), False))
    if totals.rounding:
        rows.append((words["rounding"], _number(totals.rounding, 6, language), False))
    total = _number(totals.total, decimals_of(invoice.currency), language)
    rows.append((words[TOTALS[invoice.kind]], f"{total} {invoice.currency}", True))
    return [{"what": what, "amount": amount, "bold": bold} for what, amount, bold in rows]


def _notes(invoice: StoredInvoice, words: Words) -> list[str]:
    notes = []
    if any(line.is_estimated for line in invoice.lines):
        notes.append(words["about_estimates"])
    if invoice.reason is not None:
        notes.append(f"{words['reason']}: {invoice.reason}")
    if invoice.kind is InvoiceKind.PURCHASE:
        notes.append(words["paid_by_purchase"])
    return notes


def _kwh(energy_wh: Decimal, language: InvoiceLanguage) -> str:
    return _number(energy_wh / WH_PER_KWH, 3, language)


def _month(month: Month, language: InvoiceLanguage) -> str:
    return f"{LANGUAGES[language.lower()].months[month.first.month - 1]} {month.first.year}"


def _day(day: date, language: InvoiceLanguage) -> str:
    return f"{day:%d.%m.%Y}" if language is InvoiceLanguage.TR else f"{day:%Y-%m-%d}"


def _percent(rate: Decimal, language: InvoiceLanguage) -> str:
    written = _number((rate * 100).normalize(), None, language)
    return f"%{written}" if language is InvoiceLanguage.TR else f"{written}%"


def _number(value: Decimal, decimals: int | None, language: InvoiceLanguage) -> str:
    """Return a number as it is written in the language; decimals: None for as many as it has."""
    shown = max(0, -int(value.as_tuple().exponent)) if decimals is None else decimals
    return number(value, decimals=shown, language=language.lower())
