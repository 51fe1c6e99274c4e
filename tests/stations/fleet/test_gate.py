"""A worker that stood still says nothing until its leases were looked at."""

import time

import pytest

from chargepoint.effects import URGENT, Download, Transferred
from stations.state import keys
from stations.state.snapshot_writer import Silenced, SnapshotWriter
from stations.worker import gate as gates
from stations.worker.fleet import Fleet
from stations.worker.gate import Gate
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import booted, make_dialer


def freeze(gate: Gate) -> None:
    """As if the process had stood still for longer than its leases allow."""
    gate.open_until(time.monotonic() - 1)


def thaw(gate: Gate) -> None:
    gate.open_until(time.monotonic() + 60)


def answers(connection) -> list[str]:
    return [message[1] for message in connection.received if message[0] == 3]


@pytest.fixture
async def up(station, sink):
    """A dialer whose station has booted, and its connection at the CSMS."""
    station.connect()
    connection = await booted(sink)
    await until(lambda: station.consumer.station.registration == "Accepted")
    return station, connection


async def test_what_came_in_meanwhile_is_answered_in_order_once_the_lease_is_known(up, kept):
    dialer, connection = up
    gate = dialer.consumer.host.gate
    freeze(gate)
    before = len(kept.frames)
    for number in range(40):
        connection.send(f'[2,"q{number}","ClearCache",{{}}]')
    await until(lambda: gate.closed)
    connection.transport.send_ping(b"there?")
    dialer.consumer.unreadable("", "noise")
    assert answers(connection) == [] and len(kept.frames) == before
    thaw(gate)
    await until(lambda: len(answers(connection)) == 40)
    assert answers(connection) == [f"q{number}" for number in range(40)]
    heard = [f.unique_id for _, _, f in kept.frames[before:] if f.direction == "received"]
    assert [name for name in heard if name.startswith("q")] == answers(connection)
    assert not gate.closed
    connection.send('[2,"last","ClearCache",{}]')
    await until(lambda: answers(connection)[-1] == "last")


async def test_nothing_is_begun_while_the_gate_is_shut(up):
    """One step may find it out; what comes then waits with the station's state as it was."""
    dialer, _ = up
    consumer = dialer.consumer
    freeze(consumer.host.gate)
    begun = consumer.host.received
    for number in range(3):
        text = f'[2,"n{number}","ClearCache",{{}}]'
        consumer.handle({"type": "websocket.receive", "text": text})
    assert consumer.host.received == begun + 1


async def test_a_ping_is_answered_by_who_may_speak(up):
    dialer, connection = up
    gate = dialer.consumer.host.gate
    connection.transport.send_ping(b"one")
    await until(lambda: connection.pongs == 1)
    freeze(gate)
    connection.transport.send_ping(b"two")
    await until(lambda: gate.closed)
    thaw(gate)
    await until(lambda: not gate.closed)
    connection.transport.send_ping(b"three")
    await until(lambda: connection.pongs == 2)
    connection.send('[2,"last","ClearCache",{}]')
    await until(lambda: "last" in answers(connection))
    assert connection.pongs == 2


async def test_a_lost_station_ends_without_a_word(up, kept, sink):
    dialer, connection = up
    consumer = dialer.consumer
    gate = consumer.host.gate
    freeze(gate)
    before = len(kept.frames)
    said = sum(frame.direction == "sent" for _, _, frame in kept.frames)  # some may be on the way
    connection.send('[2,"late","ClearCache",{}]')
    await until(lambda: gate.closed)
    consumer.due(time.time() + 3600)
    consumer.transfer_ended(Transferred("none", "done"))
    consumer.disown()
    dialer.drop()
    thaw(gate)
    await until(lambda: not gate.closed)
    await until(lambda: not sink.live())
    assert len(kept.frames) == before and len(connection.received) == said
    assert connection.closed_with is None  # a close frame is a word too


async def test_no_link_is_made_and_no_ping_sent_meanwhile(station, sink, monkeypatch):
    monkeypatch.setattr(gates, "PAUSE", 0.01)
    gate = station.consumer.host.gate
    freeze(gate)
    station.connect()
    await until(lambda: gate.closed)
    assert sink.requests == []
    thaw(gate)
    connection = await booted(sink)
    station.ping_every(0.01)
    freeze(gate)
    await until(lambda: gate.closed)
    pings = connection.pings
    assert station.due(time.time() + 5) > time.time()
    assert connection.pings == pings
    thaw(gate)
    await until(lambda: connection.pings > pings)


def answer(gate: Gate) -> None:
    """As a round of the leases does at its end."""
    for one in gate.asking():
        one.set_result(None)


async def waiting_link(station, sink):
    """A link that the CSMS has taken, of a worker that has not reached Redis for long."""
    gate = station.consumer.host.gate
    gate.unsure = True
    station.connect()
    await until(lambda: gate._asking)
    assert sink.requests == []
    answer(gate)  # in vain
    await until(lambda: gate._asking and sink.live())
    return gate, sink.live()[-1]


async def test_on_a_new_link_nothing_is_said_before_a_round_has_been_tried(station, sink):
    gate, connection = await waiting_link(station, sink)
    connection.send('[2,"early","ClearCache",{}]')
    connection.transport.send_ping(b"there?")
    assert connection.received == [] and station.consumer.host.received == 0
    answer(gate)  # in vain: Redis is away, so nobody can have taken it
    await until(lambda: any(message[2] == "BootNotification" for message in connection.received))
    await until(lambda: connection.pongs == 1)
    await until(lambda: "early" in answers(connection))


async def test_no_link_is_made_to_a_station_that_was_lost_meanwhile(station, sink):
    gate = station.consumer.host.gate
    gate.unsure = True
    station.connect()
    await until(lambda: gate._asking)
    station.consumer.disown()
    station.drop()
    gate.unsure = False
    answer(gate)
    await until(lambda: not station.queue._tasks)
    assert sink.requests == []


async def test_a_station_that_was_lost_meanwhile_says_nothing_on_its_new_link(station, sink):
    gate, connection = await waiting_link(station, sink)
    station.consumer.disown()
    station.drop()
    answer(gate)
    await until(lambda: not sink.live())
    assert connection.received == [] and connection.closed_with is None


async def test_a_link_that_ends_while_it_waits_is_made_again(station, sink):
    gate, connection = await waiting_link(station, sink)
    connection.transport.disconnect(False)
    await until(lambda: not sink.live())
    gate.unsure = False
    answer(gate)
    await until(lambda: len(sink.requests) == 2)
    await until(lambda: sink.connections[-1].received)
    assert connection.received == [] and len(sink.connections) == 2


async def test_a_step_that_took_too_long_says_nothing_either(up, monkeypatch):
    """The gap lies within the handling of the frame, after every look at what comes in."""
    dialer, connection = up
    core, gate = dialer.consumer.station, dialer.consumer.host.gate
    whole = type(core).received

    def slow(self, data, now):
        effects = whole(self, data, now)
        freeze(gate)
        return effects

    with monkeypatch.context() as patch:
        patch.setattr(type(core), "received", slow)
        connection.send('[2,"slow","ClearCache",{}]')
        await until(lambda: gate.closed)
    connection.send('[2,"next","ClearCache",{}]')
    assert answers(connection) == []
    thaw(gate)
    await until(lambda: answers(connection) == ["slow", "next"])


@pytest.fixture
def stopped_while_writing(up, kept, monkeypatch):
    """The process stands still while the state is written ahead of the answer."""
    gate, whole = up[0].consumer.host.gate, kept.state

    def slow(*state):
        whole(*state)
        freeze(gate)
        monkeypatch.setattr(kept, "state", whole)

    monkeypatch.setattr(kept, "state", slow)
    return '[2,"slow","ChangeConfiguration",{"key":"HeartbeatInterval","value":"77"}]'


async def test_a_freeze_while_the_state_is_written_holds_the_answer(up, stopped_while_writing):
    dialer, connection = up
    gate = dialer.consumer.host.gate
    connection.send(stopped_while_writing)
    await until(lambda: gate.closed)
    connection.send('[2,"next","ClearCache",{}]')
    connection.transport.send_ping(b"there?")
    assert answers(connection) == []
    thaw(gate)
    await until(lambda: answers(connection) == ["slow", "next"])


async def test_who_lost_the_station_while_its_state_was_written_does_not_answer(
    up, kept, stopped_while_writing
):
    dialer, connection = up
    gate = dialer.consumer.host.gate
    connection.send(stopped_while_writing)
    await until(lambda: gate.closed)
    dialer.consumer.disown()
    thaw(gate)
    await until(lambda: not gate.closed)
    dialer.drop()
    assert answers(connection) == []
    assert not [f for _, _, f in kept.frames if f.direction == "sent" and f.unique_id == "slow"]


async def test_nothing_is_written_meanwhile(aredis, store):
    class Source:
        identity, pending = "CP-1", 0

        def packed_state(self) -> bytes:
            return b"000000000000001.000000001{}"

    source, gate = Source(), Gate()
    writer = SnapshotWriter(aredis, lambda: [source])
    writer.silent = gate.shut
    freeze(gate)
    with pytest.raises(Silenced):
        await writer.write([source])
    writer.changed(source, URGENT)
    await writer._write_due()
    assert not store.exists(keys.state_key("CP-1"))
    thaw(gate)
    await until(lambda: not gate.closed)
    await writer._write_due()
    assert store.exists(keys.state_key("CP-1"))


async def test_only_the_station_that_was_refused_is_let_go(sink, queue, kept):
    """A consumer that was dropped comes back refused: another runs under its identity by now."""
    first, second = (make_dialer("CP-1", sink, queue, kept) for _ in range(2))
    fleet = Fleet(second.consumer.host, queue)
    fleet.running["CP-1"] = Running(second)
    first.consumer.disown()
    assert not fleet.drop(first.consumer)
    assert fleet.running["CP-1"].dialer is second
    assert fleet.drop(second.consumer) and fleet.running == {}


async def test_nothing_is_written_of_a_consumer_that_was_let_go(aredis, store):
    """Not from what waited, not for what its link does later, not at a rewrite."""

    class Source:
        identity, pending = "CP-1", 0

        def packed_state(self) -> bytes:
            raise AssertionError("it was asked for its state")

    source = Source()
    writer = SnapshotWriter(aredis, lambda: [source])
    writer.changed(source, URGENT)
    await writer.forget([source])
    writer.changed(source, URGENT)
    writer.rewrite_all()
    await writer._write_due()
    assert not store.exists(keys.state_key("CP-1"))


class Running:
    """As stations.worker.fleet.RunningStation, with no row."""

    def __init__(self, dialer) -> None:
        self.dialer, self.consumer, self.shard, self.row = dialer, dialer.consumer, 0, ("", 1)


async def test_a_transfer_that_was_stopped_does_not_end_the_next_of_its_name(up):
    dialer, _ = up
    transfers = dialer.consumer.host.transfers
    ended = []

    async def stubborn(effect, tls):
        try:
            await until(lambda: False, 60)
        except BaseException:
            return Transferred(effect.id, "done")  # a library swallowed the cancellation

    async def patient(effect, tls):
        await until(lambda: ended or release)
        return Transferred(effect.id, "done", size=2)

    release: list[int] = []
    owner_ended = type("Ends", (), {"identity": "CP-1", "transfer_ended": ended.append})()
    effect = Download("d1", "http://127.0.0.1:9/x")
    transfers_type = type(transfers)
    original = transfers_type._transfer
    try:
        transfers_type._transfer = lambda self, effect, tls: stubborn(effect, tls)
        transfers.start(owner_ended, effect, None)
        first = next(iter(transfers._tasks[owner_ended].values()))
        await until(lambda: transfers._places is not None)
        transfers.stop(owner_ended, "d1")
        transfers_type._transfer = lambda self, effect, tls: patient(effect, tls)
        transfers.start(owner_ended, effect, None)
        await until(first.done)
        assert ended == []
        release.append(1)
        await until(lambda: ended)
        assert ended[0].size == 2
    finally:
        transfers_type._transfer = original
