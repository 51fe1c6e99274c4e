"""The last word of a run: what the wire watch found, whatever became of the steps.

A strict station refuses what breaks the specification, and the steps that need it fail; a lenient
one reads it. The verdict on a CSMS is not to depend on how the station reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from messaging.records import time_of
from runtime.stores import STORE_ERRORS
from scenarios.engine.links import closed_by_csms, is_down, state_of
from scenarios.engine.strand import Strand
from scenarios.watch.findings import Finding
from scenarios.watch.rules import FAIL, OFF
from scenarios.watch.wire import WireWatch

log = logging.getLogger(__name__)

TRANSIT = 0.5  # seconds that a frame may take to us
LOG_EVERY = 1.0  # seconds between two looks at the log
NO_PROTOCOL = "the CSMS chose "  # what a link's error begins with, see stations/link/speaking.py


async def watched(strand: Strand) -> WireWatch:
    """The watch over the whole run, closed: once no answer is waited for any more."""
    watch, inbox, clock = strand.inbox.watch, strand.inbox, strand.services.clock
    over = clock.time()
    transit = 0.0 if strand.services.at_once else TRANSIT
    await asyncio.sleep(watch.policy.seconds("settle_ms"))
    ahead = inbox.ahead or 0.0
    while True:
        news, gaps = inbox.news, inbox.gaps
        whole = await _of_the_log(strand, watch) if gaps else watch
        until = whole.awaits(over + ahead)
        if until is not None and await is_down(strand):
            until = whole.awaits(over + ahead, clock.time() + ahead)
        if until is None or (left := until - ahead + transit - clock.time()) <= 0:
            break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await news.wait()
                await asyncio.sleep(LOG_EVERY if inbox.gaps else 0)
    await _of_the_state(strand, whole)
    whole.close(clock.time() + ahead)
    return whole


async def _of_the_log(strand: Strand, watch: WireWatch) -> WireWatch:
    """The live stream lost frames: what the log has is the whole."""
    moment = strand.services.clock.time()
    try:
        frames = await strand.services.past.frames(strand.identity, strand.begin, None)
    except STORE_ERRORS as failure:
        log.warning("%s: the log was not asked: %s", strand.identity, failure)
        watch.unseen(moment)
        return watch
    whole = watch.anew()
    for frame in frames:
        whole.eat(frame)
    if whole.eaten < watch.eaten:
        whole.unseen(moment)
    return whole


async def _of_the_state(strand: Strand, watch: WireWatch) -> None:
    """What the station knows: a link that the CSMS has ended, a handshake that came to nothing,
    and what it has read kindly since the boot that the run counts from."""
    state = await state_of(strand)
    if state is None:
        return
    if closed := await closed_by_csms(strand):
        watch.closed(closed.why, closed.moment)
    if not state.get("connected"):  # what is open may have gone with the link
        watch.cut(strand.services.clock.time() + (strand.inbox.ahead or 0.0))
    why = (state.get("link") or {}).get("error") or ""
    if not state.get("connected") and why.startswith(NO_PROTOCOL):
        watch.refused(why, strand.services.clock.time())
    read = [each for each in state.get("breaches", ()) if each["read"]]
    if not read or watch.policy.levels["schema"] == OFF:
        return
    since, begun = time_of(await strand.place("start")), time_of(strand.begin or "0" * 14)
    for each in read:
        if since <= each["last"] < begun:  # what came later the watch has seen itself
            what = f"{each['action']} {each['kind']}: {each['what']}"
            level = watch.policy.level("schema", each["action"])
            sentence = f"Before the run the station read kindly what breaks the schema: {what}"
            watch.findings.add("schema", level, each["action"], what, sentence, each["last"])


def sentence_of(failed: list[Finding]) -> str:
    """The run's message about what fails it."""
    first = failed[0]
    times = f" ({first.count} times)" if first.count > 1 else ""
    more = f" And {len(failed) - 1} more." if len(failed) > 1 else ""
    return f"{first.sentence.rstrip('.')}{times} [{first.rule}].{more}"


def failures(watch: WireWatch) -> list[Finding]:
    return watch.findings.of_level(FAIL)
