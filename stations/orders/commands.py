"""Sending commands and change notices to the worker that owns a station.

They travel by the channel layer "workers" on one channel a shard. The layer may drop a message, so
a command is answered, and a change notice only hastens what the workers' reconciling does anyway.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any

import msgpack
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings

from accounts.trail import acts
from runtime import redis_links
from runtime.stores import STORE_ERRORS
from stations.cars.garage import brought
from stations.configuration import trail
from stations.orders import sharding
from stations.orders.sharding import shard_of
from stations.state import keys

log = logging.getLogger(__name__)

LAYER = "workers"
MOVED = "moved"  # an answer's code: the station belongs to another shard than its sender thought
AGAIN = 0.1  # seconds until what has moved is sent once more


class CommandFailed(Exception):
    """A command was refused, or nobody carried it out. `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def channel_of(shard: int) -> str:
    return f"charge-points.{shard}"


async def send_command(
    identity: str, name: str, args: dict[str, Any] | None = None, timeout: float = 5.0
) -> dict[str, Any]:
    """Have a station carry out a command; returns its result or raises CommandFailed."""
    answer = (await send_commands([identity], name, args, timeout))[identity]
    if "error" in answer:
        raise CommandFailed(answer["error"]["code"], answer["error"]["message"])
    return answer["result"]


async def send_commands(
    identities: Iterable[str], name: str, args: dict[str, Any] | None = None, timeout: float = 5.0
) -> dict[str, dict[str, Any]]:
    """{identity: {"result": {...}} or {"error": {"code", "message"}}}; one message a shard."""
    names = list(dict.fromkeys(identities))
    args = await brought(name, args)
    try:
        msgpack.packb(args)  # as the channel layer will
    except (OverflowError, ValueError) as fault:
        why = f"Numbers must fit in 64 bits and texts be proper Unicode ({fault})."
        told = _all_failed(names, "invalid_arguments", why)
        trail.commanded(name, {}, told)
        return told
    looks = name in trail.LOOKS
    cause = "" if looks else acts.current().words()
    told = await _ask_all(names, name, args or {}, timeout, cause)
    if not looks:
        trail.commanded(name, args or {}, told)
    return told


def send_command_sync(
    identity: str, name: str, args: dict[str, Any] | None = None, timeout: float = 5.0
) -> dict[str, Any]:
    """Twin of send_command for code without an event loop."""
    return async_to_sync(send_command)(identity, name, args, timeout)


def send_commands_sync(
    identities: Iterable[str], name: str, args: dict[str, Any] | None = None, timeout: float = 5.0
) -> dict[str, dict[str, Any]]:
    """Twin of send_commands for code without an event loop."""
    return async_to_sync(send_commands)(list(identities), name, args, timeout)


async def notify_changed(identities: Iterable[str]) -> None:
    """Tell the owners that these stations' configuration or `running` changed or went.

    Never raises for want of Redis or a worker: the workers find the change by themselves in 15 s.
    """
    await _announce({
        shard: {"type": "station.changed", "identities": members}
        for shard, members in sharding.by_shard(identities).items()
    })  # fmt: skip


async def notify_ordered(identities: Iterable[str]) -> None:
    """Tell the owners that an order for these stations is kept; as notify_changed."""
    shards = sorted({shard_of(identity) for identity in identities})
    await _announce({shard: {"type": "station.ordered"} for shard in shards})


async def notify_shards() -> None:
    """Tell every worker that another number of shards is wanted; as notify_changed."""
    await _announce({shard: {"type": "shards.wanted"} for shard in range(sharding.in_force())})


async def _announce(messages: dict[int, dict[str, Any]]) -> None:
    layer = get_channel_layer(LAYER)
    for shard, message in messages.items():
        try:
            async with asyncio.timeout(settings.REDIS_CLIENT["socket_timeout"]):
                await layer.send(channel_of(shard), message)
        except ChannelFull as failure:
            log.warning("%s not announced to shard %d: %s", message["type"], shard, failure)
        except STORE_ERRORS as failure:
            # Nor would it take those of the other shards.
            log.warning("%s not announced, Redis is away: %r", message["type"], failure)
            return


def notify_changed_sync(identities: Iterable[str]) -> None:
    """Twin of notify_changed for code without an event loop."""
    async_to_sync(notify_changed)(list(identities))


def notify_ordered_sync(identities: Iterable[str]) -> None:
    """Twin of notify_ordered for code without an event loop."""
    async_to_sync(notify_ordered)(list(identities))


async def _ask_all(
    identities: list[str], name: str, args: dict[str, Any], timeout: float, cause: str
) -> dict[str, dict[str, Any]]:
    """Those whose shard was divided meanwhile are asked again in the time that is left."""
    told: dict[str, dict[str, Any]] = {}
    end, left = time.monotonic() + timeout, identities
    while left:
        answers = await asyncio.gather(*(
            _ask(shard, members, name, args, timeout, cause)
            for shard, members in sharding.by_shard(left).items()
        ))  # fmt: skip
        told |= {identity: answer for shard in answers for identity, answer in shard.items()}
        left = [i for i in left if told.get(i, {}).get("error", {}).get("code") == MOVED]
        if left and time.monotonic() + AGAIN > end:
            return told | _all_failed(left, "busy", "The stations are being divided. Try again.")
        if left:
            await asyncio.sleep(AGAIN)
            timeout = round(end - time.monotonic(), 1)
    return told


async def _ask(
    shard: int, identities: list[str], name: str, args: dict[str, Any], timeout: float, cause: str
) -> dict[str, dict[str, Any]]:
    try:
        owned = await _has_owner(shard)
        if owned is None:
            return _all_failed(identities, MOVED, "There are more shards now.")
        if not owned:
            return _all_failed(
                identities, "no_worker", "No charge point worker runs this station. Start one."
            )
        return await _exchange(shard, identities, name, args, timeout, cause)
    except TimeoutError:
        return _all_failed(
            identities, "timeout", f"The charge point worker did not answer within {timeout} s."
        )
    except ChannelFull:
        return _all_failed(identities, "busy", "Too many commands are waiting. Try again.")
    except STORE_ERRORS as failure:
        return _all_failed(identities, "unavailable", f"Redis cannot be reached: {failure}")


async def _exchange(
    shard: int, identities: list[str], name: str, args: dict[str, Any], timeout: float, cause: str
) -> dict[str, dict[str, Any]]:
    layer = get_channel_layer(LAYER)
    # An ordinary channel of its own: the layer's process-local ones are bound to one event loop,
    # and synchronous callers have a new loop each time.
    reply = f"charge-points.reply.{uuid.uuid4().hex}"
    message = {
        "type": "station.command",
        "identities": identities,
        "name": name,
        "args": args,
        "cause": cause,  # who has sent it, for the message log
        "reply": reply,
        "until": time.time() + timeout,  # a command that nobody waits for is not carried out
    }
    async with asyncio.timeout(timeout):
        await layer.send(channel_of(shard), message)
        answer = await layer.receive(reply)
    return answer["answers"]


async def _has_owner(shard: int) -> bool | None:
    """None: there is another number of shards than this process knew of until now."""
    async with redis_links.connect(settings.REDIS_URL, **settings.REDIS_CLIENT) as client:
        number, lease = await client.mget(keys.shards_key(), f"{keys.lease_prefix()}{shard}")
        if sharding.learn(number):
            return None
        owner = lease.decode().rpartition(":")[0] if lease else ""
        return bool(owner) and bool(await client.exists(keys.speaking_key(owner)))


def _all_failed(identities: list[str], code: str, message: str) -> dict[str, dict[str, Any]]:
    return {identity: {"error": {"code": code, "message": message}} for identity in identities}
