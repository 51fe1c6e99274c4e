"""Waiting until the log has everything: no journal left over, nothing queued, nothing in hand."""

from __future__ import annotations

import json
import time

import redis

from benchmarks.child import Child
from chaos.platform import Platform

PATIENCE = 300.0
CALM = 6  # looks in a row
STEP = 0.5


def await_drained(platform: Platform, csms: Child) -> list[str]:
    """[] once nothing is on its way any more; else what still was after PATIENCE."""
    limit = time.monotonic() + PATIENCE
    calm = 0
    waiting = "nothing was looked at"
    while time.monotonic() < limit:
        platform.pause(STEP)
        linked = csms.ask("counts")["linked"]
        waiting = f"{linked} stations still linked" if linked else _on_its_way(platform)
        calm = 0 if waiting else calm + 1
        if calm >= CALM:
            return []
    return [f"the log did not drain within {PATIENCE:g} s: {waiting}"]


def _on_its_way(platform: Platform) -> str:
    try:
        lines = [json.loads(line) for line in platform.redis.hvals("ocpp:fleet:workers")]
        queued = platform.redis.llen("ocpp:celery:messages")
        unacked = platform.redis.hlen("ocpp:celery:unacked")
        unstored = platform.redis.zcard("ocpp:log:outstanding")
    except redis.RedisError as error:
        return f"Redis: {error}"
    buffered = sum(line.get("recorder", {}).get("buffered", 0) for line in lines)
    # One of which all was accepted stays for a while, marked: see messaging/journals/leftovers.py.
    journals = [
        folder.name for folder in platform.journals() if not (folder / "accepted").exists()
    ]  # fmt: skip
    if len(journals) > platform.workers:
        return f"{len(journals)} journals of {platform.workers} workers: {journals}"
    if buffered or queued or unacked or unstored:
        return (
            f"{buffered} records in journals, {queued} batches queued, {unacked} in hand, "
            f"{unstored} not stored"
        )
    return ""
