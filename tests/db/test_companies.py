"""What a company may be, as the database sees it."""

import zoneinfo
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from db import access
from domain.companies import operations, settings
from domain.refusals import InvalidValue
from tests.factories import NOW, make_place


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[str]:
    """Give a time zone that this machine knows and PostgreSQL does not, as `right/UTC` may be."""
    (tmp_path / "Moon").mkdir()
    known = files("tzdata") / "zoneinfo" / "UTC"
    (tmp_path / "Moon" / "Tycho").write_bytes(known.read_bytes())
    usual = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path, *usual])
    yield "Moon/Tycho"
    zoneinfo.reset_tzpath(usual)
    zoneinfo.ZoneInfo.clear_cache(only_keys=["Moon/Tycho"])


async def zones() -> list[str]:
    async with access.system() as connection:
        return [row["time_zone"] for row in await connection.fetch("select * from company")]


async def test_a_zone_that_postgresql_does_not_know_is_refused(connected: None, zone: str) -> None:
    place = await make_place(meters=0)

    with pytest.raises(InvalidValue):
        await settings.update(
            company_id=place.company_id, expected_version=1, changes={"time_zone": zone}
        )
    with pytest.raises(InvalidValue):
        await operations.create(name="Anadolu", currency="TRY", time_zone=zone, now=NOW)

    assert await zones() == ["Europe/Istanbul"]
