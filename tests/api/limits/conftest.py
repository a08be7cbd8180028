"""The engine whose limits are tried."""

import pytest

from api.engine import Engine
from api.root import api_schema


@pytest.fixture(scope="module")
def engine() -> Engine:
    return api_schema().engine(production=False)
