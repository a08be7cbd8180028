"""Who sends files, and where."""

import pytest

from db.enums import Role
from tests.api.web import User, Web
from tests.factories import Place, make_place


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)
