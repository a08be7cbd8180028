"""A simulated collector against a small server that acks, or does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from time import monotonic
from typing import Any

import pytest

from collectors.base import Effect, Identify, RawFrame, Reply, Store
from collectors.drivers.mass.decode import decode
from collectors.drivers.mass.push import PushSession
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import decode as decode_readout
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD, VENDOR, Dialect, Function
from collectors.protocols.mass.framing import encode
from collectors.simulator.clock import FastClock
from collectors.simulator.collector import Persistence, SimulatedCollector
from collectors.simulator.load import EPOCH
from collectors.simulator.meter import SimulatedMeter
from tests.waiting import PATIENCE_S, until

START = EPOCH + timedelta(days=100)
PROOF = "s3cret"
METERS = [SimulatedMeter(serial=f"900{seed}", seed=seed) for seed in range(3)]
PATIENT = Persistence(retry_interval_s=60, retry_count=2, backoff_s=0.01, backoff_max_s=0.02)
# Who is not acked within that, on a busy machine, sends again what has arrived.
IMPATIENT = replace(PATIENT, retry_interval_s=0.3)


@dataclass
class FakeGateway:
    """Stores in a list and acks.

    accept: whether an identification is accepted.
    deaf_to: how many frames are not even stored.
    hang_up_after: frames stored before the first connection is cut, without the last one's ack.
    requests: sent right after an identification was accepted.
    """

    accept: bool = True
    deaf_to: int = 0
    hang_up_after: int | None = None
    requests: list[bytes] = field(default_factory=list)
    identities: list[Identify] = field(default_factory=list)
    frames: list[RawFrame] = field(default_factory=list)
    heard: bytes = b""
    heartbeats: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = PushSession()
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self.heard += data
                for effect in session.feed(data):
                    self.carry_out(effect, session, writer)
                if self.hang_up_after is not None and len(self.frames) >= self.hang_up_after:
                    self.hang_up_after = None
                    break
        writer.close()

    def carry_out(self, effect: Effect, session: PushSession, writer: asyncio.StreamWriter) -> None:
        match effect:
            case Identify():
                self.identities.append(effect)
                for answer in session.identified(ok=self.accept):
                    if isinstance(answer, Reply):
                        writer.write(answer.data)
                writer.write(b"".join(self.requests))
            case Store():
                self.store(effect, writer)
            case Reply(data):
                self.heartbeats += 1
                writer.write(data)

    def store(self, effect: Store, writer: asyncio.StreamWriter) -> None:
        if self.deaf_to > 0:
            self.deaf_to -= 1
            return
        self.frames.append(effect.frame)
        hangs_up = self.hang_up_after is not None and len(self.frames) >= self.hang_up_after
        if effect.ack is not None and not hangs_up:
            writer.write(effect.ack)


@asynccontextmanager
async def serving(gateway: FakeGateway) -> AsyncIterator[FakeGateway]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", gateway.port)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        await server.wait_closed()


def collector_for(gateway: FakeGateway, **changes: Any) -> SimulatedCollector:
    speed = 36_000.0
    numbers = count(1)
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": gateway.port,
        "flag": "XYZ",
        "serial": "42",
        "token": PROOF,
        "meters": METERS,
        "clock": FastClock(start=START, speed=speed, monotonic=monotonic),
        "period": timedelta(minutes=15),
        "speed": speed,
        "persistence": PATIENT,
        "jitter": lambda: 0.5,
        "new_reference": lambda: f"ref-{next(numbers)}",
    }
    return SimulatedCollector(**{**settings, **changes})


async def run(collector: SimulatedCollector, *, rounds: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await collector.run(rounds=rounds)


async def test_it_identifies_itself_with_its_token() -> None:
    async with serving(FakeGateway()) as gateway:
        await run(collector_for(gateway), rounds=1)

    assert [(who.flag, who.serial, who.token) for who in gateway.identities] == [
        ("XYZ", "42", PROOF)
    ]


async def test_every_meter_is_pushed_once_a_period() -> None:
    async with serving(FakeGateway()) as gateway:
        collector = collector_for(gateway)
        await run(collector, rounds=3)

    serials = [decode([frame.body]) for frame in gateway.frames]
    assert [getattr(found, "meter_serial", found) for found in serials] == [
        "9000", "9001", "9002",
    ] * 3  # fmt: skip
    assert (collector.counters.queued, collector.counters.acked) == (9, 9)


async def test_a_readout_shows_the_meters_registers_at_the_simulated_time() -> None:
    at = START + timedelta(minutes=7)
    async with serving(FakeGateway()) as gateway:
        await run(collector_for(gateway, clock=lambda: at), rounds=1)

    found = decode([gateway.frames[1].body])
    readout = decode_readout(parse_readout(getattr(found, "readout", b"")))

    assert getattr(found, "collector_at", None) == at.replace(tzinfo=None)
    assert readout.meter_clock is not None
    assert readout.meter_clock.local == at.replace(tzinfo=None)
    assert {register.obis: register.value for register in readout.registers} == (
        METERS[1].registers_wh(at)
    )


@pytest.mark.parametrize(
    ("dialect", "fragment_chars"),
    [
        pytest.param(STANDARD, None, id="standard"),
        pytest.param(VENDOR, None, id="vendor"),
        pytest.param(STANDARD, 100, id="standard fragments"),
        pytest.param(VENDOR, 100, id="vendor fragments"),
    ],
)
async def test_what_it_counts_as_acked_is_what_was_stored(
    dialect: Dialect, fragment_chars: int | None
) -> None:
    acked: list[tuple[str, bytes]] = []
    async with serving(FakeGateway()) as gateway:
        collector = collector_for(
            gateway,
            dialect=dialect,
            fragment_chars=fragment_chars,
            on_acked=lambda reference_id, digest: acked.append((reference_id, digest)),
        )
        await run(collector, rounds=2)

    assert acked == [(frame.reference_id, frame.digest) for frame in gateway.frames]
    assert (len(acked) > 6) == (fragment_chars is not None)


async def test_what_is_not_acked_is_sent_again() -> None:
    async with serving(FakeGateway(deaf_to=2)) as gateway:
        collector = collector_for(gateway, persistence=IMPATIENT)
        await run(collector, rounds=1)

    assert {frame.reference_id for frame in gateway.frames} == {"ref-1", "ref-2", "ref-3"}
    assert collector.counters.connected == 1


async def test_after_too_many_retries_it_dials_again() -> None:
    async with serving(FakeGateway(deaf_to=7)) as gateway:
        collector = collector_for(gateway, meters=METERS[:1], persistence=IMPATIENT)
        await run(collector, rounds=1)

    assert {frame.reference_id for frame in gateway.frames} == {"ref-1"}
    assert collector.counters.connected == 3


async def test_a_cut_connection_loses_nothing() -> None:
    async with serving(FakeGateway(hang_up_after=2)) as gateway:
        collector = collector_for(gateway)
        await run(collector, rounds=4)

    digests = {frame.digest for frame in gateway.frames}
    assert len(digests) == 12
    assert collector.counters.acked == 12
    assert collector.counters.connected == 2
    assert len(gateway.frames) > len(digests)


async def test_it_waits_for_a_gateway_that_is_not_there_yet() -> None:
    async with serving(FakeGateway()) as gateway:
        pass
    collector = collector_for(gateway)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run(collector, rounds=2))
        await until(lambda: collector.counters.queued == 6)
        assert collector.counters.connected == 0

        async with serving(gateway):
            await running

    assert collector.counters.acked == 6


async def test_a_refused_collector_keeps_its_readouts_and_tries_again() -> None:
    async with serving(FakeGateway(accept=False)) as gateway:
        collector = collector_for(gateway)
        running = asyncio.create_task(run(collector, rounds=1))
        await until(lambda: len(gateway.identities) >= 2)
        refused_frames = len(gateway.frames)
        gateway.accept = True
        await running

    assert refused_frames == 0
    assert collector.counters.acked == 3


async def test_it_sends_heartbeats_and_answers_them() -> None:
    heartbeat = build.heartbeat(
        build.Sender("XYZ", "42"), reference_id="ours", device_at=START.replace(tzinfo=None)
    )
    answer = build.ack(build.Sender("XYZ", "42"), reference_id="ours")
    async with serving(FakeGateway(requests=[heartbeat])) as gateway:
        collector = collector_for(gateway, heartbeat=timedelta(minutes=5))
        running = asyncio.create_task(collector.run())
        await until(lambda: gateway.heartbeats >= 2 and answer in gateway.heard)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert gateway.heartbeats >= 2


@pytest.mark.parametrize(
    ("function", "request_body", "expected_code"),
    [
        pytest.param("read", {"meter": {"serialNumber": "9001"}}, None, id="its meter"),
        pytest.param("read", {"meter": {"serialNumber": "1"}}, 525, id="another meter"),
        pytest.param("reset", {}, 501, id="what it cannot do"),
    ],
)
async def test_requests_are_answered(
    function: str, request_body: dict[str, Any], expected_code: int | None
) -> None:
    sender = build.Sender("XYZ", "42")
    request = encode(sender.message(Function(function), reference_id="asked", request=request_body))
    async with serving(FakeGateway(requests=[request])) as gateway:
        collector = collector_for(gateway, meters=METERS[1:2])
        running = asyncio.create_task(collector.run())
        await until(lambda: b"asked" in gateway.heard and collector.counters.acked >= 2)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    answered = [frame.reference_id for frame in gateway.frames].count("asked")
    assert answered == (1 if expected_code is None else 0)
    assert (f'"failCode":{expected_code}'.encode() in gateway.heard) == (expected_code is not None)
