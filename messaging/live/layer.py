"""The channel layer of the live view: channels_redis' pub/sub, at rest while nothing comes.

The stock one looks ten times a second whether something has come, for as long as the process
lives once it has subscribed: a fifth of a percent of a core for a runner of scenarios.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds; what comes is there at once
PAUSE = 1.0  # seconds after a fault


class RestingConnection(RedisSingleShardConnection):
    """Waits for what comes, and for a subscription where there is none."""

    def __init__(self, host: Any, channel_layer: RedisPubSubLoopLayer) -> None:
        super().__init__(host, channel_layer)
        self._asked = asyncio.Event()

    async def subscribe(self, channel: str) -> None:
        """As Channels has it; and those who wait for the first subscription are told."""
        await super().subscribe(channel)
        self._asked.set()

    async def _do_receiving(self) -> None:
        while True:
            try:
                await self._receive()
            except (asyncio.CancelledError, GeneratorExit):
                raise
            except Exception:
                log.exception("The live stream's connection is made anew")
                await asyncio.sleep(PAUSE)

    async def _receive(self) -> None:
        if self._pubsub is not None and self._pubsub.subscribed:
            self._receive_message(await self._pubsub.get_message(True, LOOK_EVERY))
            return
        self._asked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await self._asked.wait()


class LiveLayer(RedisPubSubChannelLayer):
    """Has a layer for each event loop, as its base."""

    def _get_layer(self) -> RedisPubSubLoopLayer:
        known = len(self._layers)
        layer = super()._get_layer()
        if len(self._layers) != known:
            layer._shards = [RestingConnection(shard.host, layer) for shard in layer._shards]
        return layer
