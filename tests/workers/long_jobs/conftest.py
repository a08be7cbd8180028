"""Who asks for long work, and where."""

import pytest

from db import access
from db.ids import CompanyId
from domain.identity.passwords import Passwords
from domain.longwork.jobs import Asker
from tests.factories import make_place
from tests.imports import make_asker


@pytest.fixture
async def asker(connected: None, passwords: Passwords) -> Asker:
    place = await make_place(meters=0)
    return await make_asker(place.company_id, passwords)


@pytest.fixture
async def company_id(asker: Asker) -> CompanyId:
    async with access.system() as connection:
        return CompanyId(await connection.fetchval("select id from company"))
