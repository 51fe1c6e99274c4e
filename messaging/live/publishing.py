"""Sending the live stream, and knowing whether anybody hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.layers import get_channel_layer
from django.conf import settings

from runtime import redis_links

if TYPE_CHECKING:
    from redis.asyncio import Redis

LIVE_GROUP = "messages"


class LiveGroup:
    """Publishes to the group of viewers as the channel layer does, whose `group_send` does not
    pass on what Redis answers: how many have subscribed."""

    def __init__(self) -> None:
        self._redis: Redis | None = None

    async def publish(self, message: dict) -> int:
        """Returns how many processes heard it."""
        layer = get_channel_layer()
        if self._redis is None:
            self._redis = redis_links.connect(settings.REDIS_URL)
        # The name of a group's channel, see channels_redis.pubsub.
        channel = f"{layer.prefix}__group__{LIVE_GROUP}"
        return await self._redis.publish(channel, layer.serialize(message))

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None
