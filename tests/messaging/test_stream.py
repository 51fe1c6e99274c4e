"""The live stream: filters, flow control, and what a browser is told of what it missed."""

from __future__ import annotations

import asyncio
import json

import pytest
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator

from accounts.models import ApiToken
from accounts.passes import NOT_LOGGED_IN
from messaging.live.consumers import MessagesConsumer, StatsConsumer
from messaging.live.hub import hub
from messaging.live.publishing import LiveGroup
from messaging.live.viewer import Viewer
from messaging.rows import LiveFilter, Row
from tests.messaging.conftest import batch_of, make_record

PATIENCE = 60.0  # seconds

# Channels looks at the database connections of its thread before it hands a message over.
pytestmark = pytest.mark.django_db


TOKEN = ""


@pytest.fixture(autouse=True)
def token(db, django_user_model):
    global TOKEN
    viewer = django_user_model.objects.create_superuser("ada", password=None)
    TOKEN = ApiToken.objects.issue(viewer)[1]


def socket(consumer=MessagesConsumer, query="", logged_in=True, token=""):
    given = f"Bearer {token or TOKEN}".encode()
    headers = [(b"authorization", given)] if logged_in else []
    return WebsocketCommunicator(consumer.as_asgi(), f"/ws/messages?{query}", headers)


async def opened(**options):
    communicator = socket(**options)
    connected, _ = await communicator.connect()
    assert connected
    hello = await communicator.receive_json_from()
    assert hello["type"] == "hello"
    return communicator


def published(records, first=0, source="w1"):
    return {
        "type": "messages.batch", "source": source, "first": first, "count": len(records),
        "data": batch_of(records),
    }  # fmt: skip


async def next_of(communicator, kind):
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await communicator.receive_json_from(timeout=PATIENCE)
            if message["type"] == kind:
                return message


async def heard_by(group, processes, message):
    """Publish until so many hear it: subscriptions are made and ended in the background."""
    async with asyncio.timeout(PATIENCE):
        while await group.publish(message) != processes:  # noqa: ASYNC110 - Redis tells no event
            await asyncio.sleep(0.02)


async def test_a_batch_published_on_redis_reaches_each_viewer_by_its_filter():
    everything = await opened()
    errors = await opened(query="errorsOnly=true")
    station = await opened(query="stationId=CP2&direction=received&messageType=Call")
    newer = await opened(query="messageType=Send,CallResultError")
    records = [
        make_record(station="CP1"),
        make_record(station="CP2", direction="received"),
        make_record(station="CP2", error="FormatViolation", kind="CallError"),
        make_record(station="CP3", kind="Send"),
        make_record(station="CP3", kind="CallResultError"),
    ]
    group = LiveGroup()
    await heard_by(group, 1, published(records))
    got = await next_of(everything, "messages")
    assert [item["id"] for item in got["items"]] == [record.id for record in records]
    wrong = [records[2].id, records[4].id]
    assert [i["id"] for i in (await next_of(errors, "messages"))["items"]] == wrong
    assert [i["id"] for i in (await next_of(station, "messages"))["items"]] == [records[1].id]
    kinds = [item["kind"] for item in (await next_of(newer, "messages"))["items"]]
    assert kinds == ["Send", "CallResultError"]
    for communicator in (everything, errors, station, newer):
        await communicator.disconnect()
    assert not hub().viewers
    await heard_by(group, 0, published(records))  # Redis tells when nobody listens any more
    await group.close()


async def test_one_subscription_however_many_viewers_and_none_without():
    first, second = await opened(), await opened()
    await asyncio.sleep(0.2)
    channels = get_channel_layer()._get_layer().channels
    assert len(channels) == 1
    await first.disconnect()
    await second.disconnect()
    await asyncio.sleep(0.2)
    assert len(channels) == 0


async def test_the_filter_is_changed_on_the_open_socket():
    viewer = await opened()
    await viewer.send_json_to({"type": "filter", "action": "Authorize"})
    assert (await next_of(viewer, "filtering"))["filter"]["action"] == "Authorize"
    hub().spread(published([make_record(), make_record(action="Authorize")]))
    assert [i["action"] for i in (await next_of(viewer, "messages"))["items"]] == ["Authorize"]
    await viewer.disconnect()


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"type": "x"}', '{"type":"ack"}', '{"type":"filter","direction":"up"}',
             "[" * 5000, '{"type":"filter","stationId":5}']
)  # fmt: skip
async def test_nonsense_from_a_browser_is_answered_and_harmless(text):
    viewer = await opened()
    await viewer.send_to(text_data=text)
    assert "message" in await next_of(viewer, "error")
    hub().spread(published([make_record()]))
    assert await next_of(viewer, "messages")
    await viewer.disconnect()


async def test_without_a_login_it_is_closed_with_4401():
    for consumer in (MessagesConsumer, StatsConsumer):
        communicator = socket(consumer=consumer, logged_in=False)
        await communicator.connect()
        closing = await communicator.receive_output()
        assert (closing["type"], closing["code"]) == ("websocket.close", NOT_LOGGED_IN)
        await communicator.wait()
    assert not hub().viewers


async def test_a_gap_in_the_stream_is_told_with_its_ids():
    viewer = await opened()
    records = [make_record() for _ in range(6)]
    hub().spread(published(records[:2], first=0))
    hub().spread(published(records[4:], first=4))
    gap = await next_of(viewer, "gap")
    assert gap == {"type": "gap", "count": 2, "after": records[1].id, "before": records[4].id}
    assert hub().stats()["gapMessages"] >= 2
    await viewer.disconnect()


async def taken_by_one():
    """Until one of the viewers has acknowledged all that it was sent."""
    async with asyncio.timeout(PATIENCE):
        while all(viewer._unacknowledged for viewer in hub().viewers):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_slow_viewer_is_told_what_it_missed_and_slows_nobody():
    slow, quick = await opened(), await opened()
    for viewer in hub().viewers:
        viewer.window = 20
    records = [make_record() for _ in range(100)]
    for start in range(0, 100, 10):
        hub().spread(published(records[start : start + 10], first=start))
        got = await next_of(quick, "messages")
        assert [i["id"] for i in got["items"]] == [r.id for r in records[start : start + 10]]
        await quick.send_json_to({"type": "ack", "serial": got["serial"]})
        await taken_by_one()
    first = await next_of(slow, "messages")
    second = await next_of(slow, "messages")
    assert await slow.receive_nothing(0.1)
    await slow.send_json_to({"type": "ack", "serial": first["serial"]})
    missed = await next_of(slow, "missed")
    assert missed == {
        "type": "missed", "count": 80, "first": records[20].id, "last": records[99].id
    }  # fmt: skip
    await slow.send_json_to({"type": "ack", "serial": second["serial"]})
    more = make_record()
    hub().spread(published([more], first=100))
    assert [i["id"] for i in (await next_of(slow, "messages"))["items"]] == [more.id]
    await slow.disconnect()
    await quick.disconnect()


def test_a_viewer_that_never_acknowledges_takes_no_memory():
    viewer = Viewer(LiveFilter(), window=50)
    frames = 0
    for _ in range(1000):
        frames += len(viewer.offer([Row(make_record()) for _ in range(10)]))
    assert frames == 5
    assert viewer.sent + viewer.missed_total == 10_000
    assert len(viewer._unacknowledged) == 5


def test_every_row_is_either_sent_or_counted_as_missed_once():
    viewer = Viewer(LiveFilter({"direction": "sent"}), window=7)
    ids, told, waiting = [], 0, []
    for number in range(300):
        batch = [make_record(direction="sent" if n % 3 else "received") for n in range(number % 5)]
        ids += [record.id for record in batch if record.direction == "sent"]
        frames = viewer.offer([Row(record) for record in batch])
        if number % 4 == 0 and waiting:
            frames += viewer.acknowledge(waiting.pop(0))
        for frame in map(json.loads, frames):
            if frame["type"] == "missed":
                assert ids.index(frame["last"]) - ids.index(frame["first"]) + 1 == frame["count"]
                told += frame["count"]
            else:
                waiting.append(frame["serial"])
    while waiting:
        for frame in map(json.loads, viewer.acknowledge(waiting.pop(0))):
            told += frame["count"]
    assert viewer.sent + told == len(ids)
    assert told > 0


def test_a_row_is_encoded_once_for_all_viewers():
    row = Row(make_record())
    assert row.json is row.json


def test_long_frames_are_cut_for_viewers_and_say_so():
    item = json.loads(Row(make_record(text="x" * 10_000)).json)
    assert item["cut"] is True
    assert len(item["text"]) < 5000
    assert item["bytes"] == 10_000


class BrokenLayer:
    """Redis goes away while the hub lets go of it."""

    def __init__(self):
        self.listening = asyncio.Event()

    async def new_channel(self, prefix):
        return prefix

    async def group_add(self, group, channel):
        pass

    async def receive(self, channel):
        self.listening.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("closed meanwhile") from None

    async def group_discard(self, group, channel):
        raise ConnectionError("gone")


async def test_the_subscription_ends_with_its_last_viewer_though_redis_is_gone(monkeypatch):
    layer = BrokenLayer()
    monkeypatch.setattr("messaging.live.hub.get_channel_layer", lambda: layer)
    hub().watch()
    await asyncio.wait_for(layer.listening.wait(), PATIENCE)
    task = hub()._task
    hub().unwatch()
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    assert done == {task}


class DeafLayer(BrokenLayer):
    """A cancellation is lost while redis-py connects."""

    async def new_channel(self, prefix):
        self.listening.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return prefix

    async def receive(self, channel):
        await asyncio.Event().wait()

    async def group_discard(self, group, channel):
        pass


async def test_the_subscription_ends_though_its_cancellation_was_lost_on_the_way(monkeypatch):
    layer = DeafLayer()
    monkeypatch.setattr("messaging.live.hub.get_channel_layer", lambda: layer)
    hub().watch()
    await asyncio.wait_for(layer.listening.wait(), PATIENCE)
    task = hub()._task
    hub().unwatch()
    done, _ = await asyncio.wait([task], timeout=PATIENCE)
    assert done == {task}


async def test_stats_say_what_the_stream_and_the_queue_do():
    viewer = await opened()
    communicator = socket(consumer=StatsConsumer)
    await communicator.connect()
    hub().spread(published([make_record() for _ in range(10)]))
    await next_of(communicator, "stats")
    stats = await next_of(communicator, "stats")
    assert stats["stream"]["viewers"] == 1
    assert stats["stream"]["received"] >= 10
    assert stats["stream"]["rate"] > 0
    assert stats["queue"] is not None
    assert stats["redis"] == "ok"
    assert stats["workers"] == {}
    await communicator.disconnect()
    await viewer.disconnect()
