"""Listening on a shard's channel for commands and change notices."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from runtime import lifetime
from stations.orders.commands import LAYER, MOVED, channel_of
from stations.worker.fleet import failure

if TYPE_CHECKING:
    from stations.worker.worker import Worker

log = logging.getLogger(__name__)

# Seconds that Redis may let a question for messages wait, below the limit on a read (settings.py).
# The layer's own 5 s ask 1.6 times a second of an idle worker, four commands each.
LONGEST_ASK = 25


class ShardListener:
    """One task that takes a shard's messages one after the other."""

    def __init__(self, shard: int, worker: "Worker") -> None:
        self._worker = worker
        self._channel = channel_of(shard)
        self._layer = get_channel_layer(LAYER)
        self._layer.brpop_timeout = LONGEST_ASK
        self._task = asyncio.create_task(self._listen(), name=f"shard-{shard}")

    async def stop(self) -> None:
        await lifetime.end([self._task])

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
        gate = self._worker.host.gate
        if gate.shut():
            # The shard may be another worker's by now, and so is the message then.
            await self._layer.send(self._channel, message)
            await gate.opened()
            return
        match message["type"]:
            case "station.changed":
                await self._notice(message["identities"])
            case "station.ordered":
                self._worker.notice_order()
            case "shards.wanted":
                self._worker.notice_shards()
            case "station.command" if message["until"] > time.time():
                answers = await self._answers(message)
                await self._layer.send(message["reply"], {"type": "reply", "answers": answers})
            case "station.command":
                # Its sender has given up (a message is also seen twice if a worker dies with it).
                log.warning("%s came too late and is not carried out", message["name"])

    async def _notice(self, identities: list[str]) -> None:
        """Its sender may not know of the last divisions: what is another shard's goes on there. It
        only ever goes from a shard to one that came out of it, so it arrives."""
        fleet = self._worker.fleet
        self._worker.notice(identities)
        for shard in {fleet.shard_of(i) for i in identities}.difference(fleet.epochs):
            members = [i for i in identities if fleet.shard_of(i) == shard]
            message = {"type": "station.changed", "identities": members}
            await self._layer.send(channel_of(shard), message)

    async def _answers(self, message: dict[str, Any]) -> dict[str, dict[str, Any]]:
        mine = self._worker.fleet.share()
        identities = [i for i in message["identities"] if i in mine]
        moved = failure(MOVED, "The station belongs to a shard of another worker.")
        others = dict.fromkeys(set(message["identities"]).difference(identities), moved)
        return others | await self._carried_out(message, identities)

    async def _carried_out(
        self, message: dict[str, Any], identities: list[str]
    ) -> dict[str, dict[str, Any]]:
        name = message["name"]
        if name in ("start", "stop"):
            try:
                await self._worker.set_running(identities, name == "start")
            except Exception as fault:
                log.exception("%s not kept", name)
                return dict.fromkeys(identities, failure("unavailable", f"MongoDB: {fault}"))
            return {identity: {"result": {"running": name == "start"}} for identity in identities}
        command = self._worker.fleet.command
        args, cause = message["args"], message.get("cause", "")
        return {identity: command(identity, name, args, cause) for identity in identities}
