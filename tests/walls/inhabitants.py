"""Who and what is in a place of the walls' world: a row of every type."""

from dataclasses import replace
from datetime import timedelta

from db import access
from db.access import Connection
from db.enums import ProtectionKind, ValidationRule
from domain.frames import operations as frames
from domain.hierarchy import synchronisations
from domain.identity.rules import Place as Confinement
from domain.profiles import storing
from domain.readings import exceptions
from domain.readings import operations as readings
from domain.readings.batch import Read
from domain.subscribers import protection
from domain.subscribers.protection import Detail
from domain.tariffs import assignments
from domain.tariffs.assignments import Whom
from tests.api.documents import register
from tests.api.keys import KEY, make_key
from tests.db.load_profiles.told import told
from tests.factories import KEYRING, NOW, Place, account_of, make_read, make_register_set
from tests.walls.deliveries import frame_of, give_work, tell
from tests.walls.members import people
from tests.walls.money import books, payments
from tests.walls.months import judge


async def inhabit(place: Place, index_wh: int) -> None:
    """Give a place rows that `make_place` does not make."""
    await protection.add(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        detail=Detail(
            kind=ProtectionKind.OTHER, document=f"file of {index_wh}", note=f"note of {index_wh}"
        ),
        valid_from=NOW.date(),
        valid_until=None,
        keyring=KEYRING,
    )
    registers = await make_register_set(place.company_id, (f"1.8.{place.field_id}",))
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, index_wh)], now=NOW)
        await doubt(connection, place, make_read(place, registers, NOW, index_wh + 1))
    await synchronisations.note_clock(
        company_id=place.company_id, collector_id=place.collector_id, device_at=NOW, now=NOW
    )
    await frames.store([frame_of(place)])
    await register(place.company_id, f"query Of{place.company_id} {{ viewer {{ name }} }}")
    await make_key(
        place.company_id,
        replace(KEY, name=f"key of {place.field_id}", place=Confinement(field_id=place.field_id)),
    )
    await assign_tariff(place)
    await give_work(place)
    # Before invitations, which are messages of no place.
    await tell(place)
    await people(place)
    await books(place)
    await payments(place)
    await judge(place)


async def doubt(connection: Connection, place: Place, read: Read) -> None:
    """Give a place's meter readings and intervals that wait for a person."""
    intervals = told(place, NOW, place.field_id, channel=f"1.5.0 of field {place.field_id}")
    await exceptions.hold(connection, [(read, ValidationRule.FUTURE)])
    await exceptions.keep_conflicts(connection, [read])
    await storing.hold(connection, [(one, ValidationRule.FUTURE) for one in intervals])
    await storing.keep_conflicts(connection, intervals)


async def assign_tariff(place: Place) -> None:
    account_id = account_of(place)
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        whom=Whom(account_ids=[account_id]),
        starts_at=NOW + timedelta(days=1),
        now=NOW,
    )
