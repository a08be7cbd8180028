"""What stands on an invoice, in the languages that it is shown in."""

from collections.abc import Mapping
from typing import TypeAlias

from db.enums import InvoiceKind, InvoiceLanguage, InvoiceLineKind

Words: TypeAlias = Mapping[str, str]

WORDS: Mapping[InvoiceLanguage, Words] = {
    InvoiceLanguage.EN: {
        InvoiceKind.MONTHLY: "Electricity invoice",
        InvoiceKind.PURCHASE: "Invoice of bought credit",
        InvoiceKind.CREDIT_NOTE: "Credit note",
        InvoiceLineKind.ENERGY: "Electrical energy",
        InvoiceLineKind.SETTLEMENT: "Settlement of",
        InvoiceLineKind.CREDIT: "Electricity credit",
        "customer": "Customer",
        "issued": "Date",
        "due": "Pay until",
        "month": "Month",
        "refers_to": "Takes back",
        "account": "Account",
        "premises": "Premises",
        "line": "What",
        "first": "First index, kWh",
        "last": "Last index, kWh",
        "energy": "kWh",
        "price": "Price per kWh",
        "amount": "Amount",
        "meter": "Meter",
        "multiplier": "Multiplier",
        "shared": "Your part of a shared supply",
        "estimated": "Estimated",
        "subtotal": "Sum",
        "rounding": "Rounding",
        "total": "To be paid",
        "reason": "Reason",
        "about_estimates": "Estimated: the meter was not read at that time. The last reading before"
        " it counts; what it lacks comes with the next invoice.",
        "paid_by_purchase": "This was paid when the credit was bought.",
        "tax_number": "Tax number",
        "months": "January February March April May June July August September October November"
        " December",
    },
    InvoiceLanguage.TR: {
        InvoiceKind.MONTHLY: "Elektrik faturası",
        InvoiceKind.PURCHASE: "Kredi satış faturası",
        InvoiceKind.CREDIT_NOTE: "İade faturası",
        InvoiceLineKind.ENERGY: "Elektrik enerjisi",
        InvoiceLineKind.SETTLEMENT: "Mahsup:",
        InvoiceLineKind.CREDIT: "Elektrik kredisi",
        "customer": "Müşteri",
        "issued": "Tarih",
        "due": "Son ödeme tarihi",
        "month": "Dönem",
        "refers_to": "İade edilen fatura",
        "account": "Hesap",
        "premises": "Mahal",
        "line": "Açıklama",
        "first": "İlk endeks, kWh",
        "last": "Son endeks, kWh",
        "energy": "kWh",
        "price": "Birim fiyat",
        "amount": "Tutar",
        "meter": "Sayaç",
        "multiplier": "Çarpan",
        "shared": "Ortak beslemedeki payınız",
        "estimated": "Tahminî",
        "subtotal": "Ara toplam",
        "rounding": "Yuvarlama",
        "total": "Ödenecek tutar",
        "reason": "Neden",
        "about_estimates": "Tahminî: sayaç o anda okunmadı. Ondan önceki son endeks alındı; eksik"
        " kalan tüketim sonraki faturaya yansır.",
        "paid_by_purchase": "Bu tutar kredi satın alınırken ödendi.",
        "tax_number": "Vergi numarası",
        "months": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    },
}
