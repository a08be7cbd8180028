"""Fixtures of what is here."""

import pytest

from db.ids import InvoiceId
from tests.db.invoicing import (
    invoiced,
    make_consumed,
)
from tests.factories import Place


@pytest.fixture
async def place(room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)
