"""Listening on a shard's channel for commands and change notices."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from stations.commands import LAYER, channel_of
from stations.fleet import failure

if TYPE_CHECKING:
    from stations.worker import Worker

log = logging.getLogger(__name__)


class ShardListener:
    """One task that takes a shard's messages one after the other."""

    def __init__(self, shard: int, worker: "Worker") -> None:
        self._worker = worker
        self._channel = channel_of(shard)
        self._layer = get_channel_layer(LAYER)
        self._task = asyncio.create_task(self._listen(), name=f"shard-{shard}")

    async def stop(self) -> None:
        # A cancellation that falls into redis-py's own clean-up is swallowed there: ask again.
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.5)

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception as fault:
                log.warning("channel %s not heard: %s", self._channel, fault)
                await asyncio.sleep(1)
                continue
            try:
                await self._handle(message)
            except Exception:
                log.exception("message on %s not handled: %.200r", self._channel, message)

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "station.changed":
                self._worker.notice(message["identities"])
            case "station.command" if message["until"] > time.time():
                answers = await self._answers(message)
                await self._layer.send(message["reply"], {"type": "reply", "answers": answers})
            case "station.command":
                # Its sender has given up (a message is also seen twice if a worker dies with it).
                log.warning("%s came too late and is not carried out", message["name"])

    async def _answers(self, message: dict[str, Any]) -> dict[str, dict[str, Any]]:
        name, identities = message["name"], message["identities"]
        if name in ("start", "stop"):
            try:
                await self._worker.set_running(identities, name == "start")
            except Exception as fault:
                log.exception("%s not kept", name)
                return dict.fromkeys(identities, failure("unavailable", f"MongoDB: {fault}"))
            return {identity: {"result": {"running": name == "start"}} for identity in identities}
        command = self._worker.fleet.command
        return {identity: command(identity, name, message["args"]) for identity in identities}
