"""The live view's channel layer on a real Redis: at rest it asks nothing, and misses nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import redis
from django.conf import settings
from redis.asyncio.client import PubSub

from messaging.live import layer as live_layer
from messaging.live.layer import LiveLayer

WAIT = 60.0


@pytest.fixture
async def layer(monkeypatch) -> AsyncIterator[LiveLayer]:
    """It would look by itself once an hour, so what comes was told."""
    monkeypatch.setattr(live_layer, "LOOK_EVERY", 3600.0)
    monkeypatch.setattr(live_layer, "PAUSE", 0.05)
    config = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    made = LiveLayer(hosts=config["hosts"], prefix=f"test-{uuid.uuid4()}")
    yield made
    await made.flush()


async def heard(layer: LiveLayer, channel: str) -> dict:
    return await asyncio.wait_for(layer.receive(channel), WAIT)


def test_the_live_view_has_it():
    assert settings.CHANNEL_LAYERS["default"]["BACKEND"] == "messaging.live.layer.LiveLayer"


async def test_what_is_sent_comes_though_nobody_looks(layer):
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    for number in range(3):
        await layer.group_send("group", {"type": "x", "number": number})
        assert (await heard(layer, channel))["number"] == number


async def test_a_subscription_after_a_rest_is_heard(layer):
    channel = await layer.new_channel()
    for number in range(2):
        await layer.group_add("group", channel)
        await layer.group_send("group", {"type": "x", "number": number})
        assert (await heard(layer, channel))["number"] == number
        await layer.group_discard("group", channel)  # nobody is subscribed now


async def test_another_group_joins_while_one_is_listened_to(layer):
    channel = await layer.new_channel()
    await layer.group_add("one", channel)
    await layer.group_send("one", {"type": "x"})
    await heard(layer, channel)
    await layer.group_add("two", channel)
    await layer.group_send("two", {"type": "y"})
    assert (await heard(layer, channel))["type"] == "y"


async def test_a_connection_that_was_cut_is_made_anew(layer):
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "x"})
    await heard(layer, channel)
    await asyncio.to_thread(cut_subscriptions, layer.prefix)
    hearing = asyncio.create_task(heard(layer, channel))
    while not hearing.done():  # until the subscription stands again
        await layer.group_send("group", {"type": "again"})
        await asyncio.sleep(0.02)
    assert hearing.result()["type"] == "again"


def cut_subscriptions(prefix: str) -> None:
    """Of every subscriber to this Redis, which is of this process of pytest alone."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.pubsub_channels(f"*{prefix}*")
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def test_it_looks_once_for_each_thing_that_comes(layer, monkeypatch):
    looks = []
    stock = PubSub.get_message

    async def counted(self, *args, **kwargs):
        looks.append(1)
        return await stock(self, *args, **kwargs)

    monkeypatch.setattr(PubSub, "get_message", counted)
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "x"})
    await heard(layer, channel)
    looks.clear()
    for _ in range(3):
        await asyncio.sleep(0.3)
        await layer.group_send("group", {"type": "x"})
        await heard(layer, channel)
    assert len(looks) <= 4  # three, and the one that waits now
