"""The gateway over real sockets: identified, stored, then acknowledged; nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import orjson
import pytest

from collectors.drivers.mass.push import PushSession
from collectors.frame_writer import FrameWriter
from collectors.gateway import Admission, Gateway
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD
from db import access
from db.bell import Bell
from domain.frames.packing import unpack
from tests.factories import NOW, TOKEN, Place, make_place
from tests.waiting import LOOK_EVERY_S, PATIENCE_S


@dataclass(slots=True)
class Line:
    """A collector's side of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sender: build.Sender

    async def say(self, *messages: bytes) -> None:
        self.writer.write(b"".join(messages))
        await self.writer.drain()

    async def answer(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            text = await self.reader.readuntil(b"$")
        return dict(orjson.loads(text[1:-1]))

    async def is_hung_up(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read() == b""

    def readout(self, reference_id: str, *texts: str) -> list[bytes]:
        return build.readout(
            self.sender, reference_id=reference_id, texts=texts, meter_serial="M1", read_at=NOW
        )


@asynccontextmanager
async def gateway_of(redis_url: str, admission: Admission) -> AsyncIterator[int]:
    async with Bell(redis_url, "test_gateway") as bell, asyncio.TaskGroup() as tasks:
        writer = FrameWriter(bell=bell, clock=lambda: NOW)
        gateway = Gateway(
            writer=writer, new_session=PushSession, admission=admission, clock=lambda: NOW
        )
        writing = tasks.create_task(writer.run())
        server = await gateway.serve("127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await gateway.close()
            writing.cancel()


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


@pytest.fixture
async def port(connected: None, redis_url: str) -> AsyncIterator[int]:
    async with gateway_of(redis_url, Admission()) as port:
        yield port


@asynccontextmanager
async def dialled(port: int, serial: str) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer, build.Sender("WTL", serial, STANDARD))
    finally:
        writer.close()


@asynccontextmanager
async def identified(port: int, place: Place) -> AsyncIterator[Line]:
    async with dialled(port, place.collector_serial) as line:
        await line.say(build.identification(line.sender, reference_id="hello", token=TOKEN))
        assert (await line.answer())["referenceId"] == "hello"
        yield line


async def fetch(query: str) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query)]


async def test_a_readout_is_committed_before_its_ack(port: int, place: Place) -> None:
    async with identified(port, place) as line:
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))

        answer = await line.answer()

        assert answer["function"] == "ack"
        assert answer["referenceId"] == "r1"
        assert await fetch("select reference_id, function, received_at from raw_frame") == [
            {"reference_id": "r1", "function": "read", "received_at": NOW}
        ]
        assert len(await fetch("select * from pending_frame")) == 1


async def test_a_heartbeat_leaves_a_record_of_the_collectors_clock(port: int, place: Place) -> None:
    told = [NOW + timedelta(seconds=2), NOW + timedelta(hours=1)]
    async with identified(port, place) as line:
        for number, device_at in enumerate(told):
            beat = build.heartbeat(line.sender, reference_id=f"h{number}", device_at=device_at)
            await line.say(beat)
            await line.answer()
        # What is said after it is answered after it.
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))
        await line.answer()

    # The second came within a minute of the first.
    assert await fetch("select kind, outcome, deviation_ms from synchronisation") == [
        {"kind": "CLOCK", "outcome": "SUCCEEDED", "deviation_ms": 2_000}
    ]


async def test_a_resend_is_acked_again_and_stored_once(port: int, place: Place) -> None:
    async with identified(port, place) as line:
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))
        await line.answer()
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))

        assert (await line.answer())["referenceId"] == "r1"

    assert len(await fetch("select * from raw_frame")) == 1


async def test_fragments_wait_for_the_last_one_which_alone_is_acked(
    port: int, place: Place
) -> None:
    async with identified(port, place) as line:
        first, second, last = line.readout("r1", "1.8.0(1", "*kW", "h)")
        await line.say(first, second)
        async with asyncio.timeout(PATIENCE_S):
            # Nothing tells the collector that its fragments are stored.
            while len(waiting := await fetch("select status, reason from review_frame")) < 2:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_S)
        await line.say(last)

        assert (await line.answer())["referenceId"] == "r1"

    assert waiting == [{"status": "PENDING", "reason": "INCOMPLETE"}] * 2
    assert await fetch("select * from review_frame") == []
    assert await fetch("select cardinality(fragment_ids) as earlier from pending_frame") == [
        {"earlier": 2}
    ]


@pytest.mark.parametrize(
    ("serial", "token", "reason"),
    [
        pytest.param("C-unknown", TOKEN, "no company has", id="unknown collector"),
        pytest.param(None, "wrong", "the token is not", id="wrong token"),
        pytest.param(None, None, "the collector has a token", id="no token"),
    ],
)
async def test_who_is_not_known_is_refused_and_quarantined(
    port: int, place: Place, serial: str | None, token: str | None, reason: str
) -> None:
    async with dialled(port, serial or place.collector_serial) as line:
        await line.say(build.identification(line.sender, reference_id="hello", token=token))
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))

        answer = await line.answer()

        assert answer["response"]["failCode"] == build.FAIL_IDENTITY_REFUSED
        assert await line.is_hung_up()
    (unclaimed,) = await fetch("select flag, reason from unclaimed_frame")
    assert unclaimed["reason"].startswith(reason)
    assert await fetch("select * from raw_frame") == []


async def test_frames_before_the_identification_are_neither_stored_nor_acked(
    port: int, place: Place
) -> None:
    async with dialled(port, place.collector_serial) as line:
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))

        assert await line.is_hung_up()

    assert await fetch("select * from raw_frame") == []


async def test_an_inactive_collector_is_refused(port: int, place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update collector set active = false")

    async with dialled(port, place.collector_serial) as line:
        await line.say(build.identification(line.sender, reference_id="hello", token=TOKEN))

        assert "failCode" in (await line.answer())["response"]


async def test_an_address_outside_the_allow_list_is_hung_up_on(
    redis_url: str, place: Place
) -> None:
    elsewhere = Admission(allowlist=(ip_network("10.0.0.0/8"),))

    async with (
        gateway_of(redis_url, elsewhere) as port,
        dialled(port, place.collector_serial) as line,
    ):
        assert await line.is_hung_up()


async def test_review_first_acks_but_does_not_queue(port: int, place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update company set review_first = true")

    async with identified(port, place) as line:
        await line.say(*line.readout("r1", "1.8.0(1*kWh)"))
        assert (await line.answer())["referenceId"] == "r1"

    assert await fetch("select status, reason from review_frame") == [
        {"status": "PENDING", "reason": "REVIEW_FIRST"}
    ]
    assert await fetch("select * from pending_frame") == []


async def test_a_newer_connection_of_the_same_collector_replaces_the_older(
    port: int, place: Place
) -> None:
    async with identified(port, place) as older, identified(port, place) as newer:
        assert await older.is_hung_up()

        await newer.say(build.heartbeat(newer.sender, reference_id="beat", device_at=NOW))
        assert (await newer.answer())["referenceId"] == "beat"


async def test_a_malformed_message_is_kept_and_refused(port: int, place: Place) -> None:
    async with identified(port, place) as line:
        await line.say(b'#{"referenceId":"bad","function":7}$')

        answer = await line.answer()

        assert answer["response"]["failCode"] == build.FAIL_MALFORMED
    (raw,) = await fetch("select function, body from raw_frame")
    assert raw["function"] == "unknown"
    assert unpack(raw["body"]) == b'{"referenceId":"bad","function":7}'
