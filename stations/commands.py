"""Sending commands and change notices to the worker that owns a station.

They travel by the channel layer "workers" on one channel a shard. The layer may drop a message, so
a command is answered, and a change notice only hastens what the workers' reconciling does anyway.
"""

import asyncio
import logging
import time
import uuid
import zlib
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any

import msgpack
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from stations import keys

log = logging.getLogger(__name__)

LAYER = "workers"


class CommandFailed(Exception):
    """A command was refused, or nobody carried it out. `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def shard_of(identity: str) -> int:
    """The shard that a station belongs to."""
    return zlib.crc32(identity.encode()) % settings.CHARGE_POINT_SHARDS


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
    by_shard: dict[int, list[str]] = defaultdict(list)
    for identity in dict.fromkeys(identities):
        by_shard[shard_of(identity)].append(identity)
    try:
        msgpack.packb(args)  # as the channel layer will
    except (OverflowError, ValueError) as fault:
        why = f"Numbers must fit in 64 bits and texts be proper Unicode ({fault})."
        return _all_failed(list(chain(*by_shard.values())), "invalid_arguments", why)
    answers = await asyncio.gather(
        *(_ask(shard, members, name, args or {}, timeout) for shard, members in by_shard.items())
    )
    return {identity: answer for shard in answers for identity, answer in shard.items()}


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
    by_shard: dict[int, list[str]] = defaultdict(list)
    for identity in identities:
        by_shard[shard_of(identity)].append(identity)
    layer = get_channel_layer(LAYER)
    for shard, members in by_shard.items():
        try:
            message = {"type": "station.changed", "identities": members}
            await layer.send(channel_of(shard), message)
        except (ChannelFull, RedisError, OSError) as failure:
            log.warning("change of %d stations not announced: %s", len(members), failure)


def notify_changed_sync(identities: Iterable[str]) -> None:
    """Twin of notify_changed for code without an event loop."""
    async_to_sync(notify_changed)(list(identities))


async def _ask(
    shard: int, identities: list[str], name: str, args: dict[str, Any], timeout: float
) -> dict[str, dict[str, Any]]:
    try:
        if not await _has_owner(shard):
            return _all_failed(
                identities, "no_worker", "No charge point worker runs this station. Start one."
            )
        return await _exchange(shard, identities, name, args, timeout)
    except TimeoutError:
        return _all_failed(
            identities, "timeout", f"The charge point worker did not answer within {timeout} s."
        )
    except ChannelFull:
        return _all_failed(identities, "busy", "Too many commands are waiting. Try again.")
    except (RedisError, OSError) as failure:
        return _all_failed(identities, "unavailable", f"Redis cannot be reached: {failure}")


async def _exchange(
    shard: int, identities: list[str], name: str, args: dict[str, Any], timeout: float
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
        "reply": reply,
        "until": time.time() + timeout,  # a command that nobody waits for is not carried out
    }
    await layer.send(channel_of(shard), message)
    async with asyncio.timeout(timeout):
        answer = await layer.receive(reply)
    return answer["answers"]


async def _has_owner(shard: int) -> bool:
    async with Redis.from_url(settings.REDIS_URL) as client:
        return bool(await client.exists(f"{keys.lease_prefix()}{shard}"))


def _all_failed(identities: list[str], code: str, message: str) -> dict[str, dict[str, Any]]:
    return {identity: {"error": {"code": code, "message": message}} for identity in identities}
