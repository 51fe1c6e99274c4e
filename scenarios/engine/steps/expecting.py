"""Steps that wait for a message, or for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from messaging.records import time_of
from scenarios.engine.links import closed_by_csms
from scenarios.engine.searching import Search, captured
from scenarios.engine.strand import Order, StepFailed, Strand
from scenarios.engine.telling import (
    LONGEST_NEAR,
    MOST_SEEN,
    clock_of,
    day_time,
    expected_of,
    instead,
    row_of,
    said_of,
)
from scenarios.rules.patterns import Frame, Pattern, pattern
from scenarios.rules.words import foreign

TAKEN_AT_MOST = 10_000


def _wanted(strand: Strand, order: Order, translate: bool) -> Pattern:
    params = order.params
    validate = strand.resolved(order.step.get("validate")) or params.get("validate")
    payload = params.get("payload")
    if payload and validate and isinstance(payload, Mapping) and isinstance(validate, Mapping):
        payload = {**payload, **validate}
    if params.get("answers") and not strand.call:
        raise StepFailed("No Call has matched yet whose answer could be expected.")
    uid = strand.call if params.get("answers") else ""
    version = strand.subject.version
    try:
        wanted = pattern(params, payload or validate, version, translate, uid)
    except (TypeError, ValueError) as problem:
        raise StepFailed(f"What is expected makes no sense: {problem}") from None
    if uid and not wanted.actions and strand.calling[0]:
        told = wanted.words.replace("answer", f"answer to {strand.calling[0]}", 1)
        wanted = replace(wanted, words=told)
    whys = [foreign(action, version) for action, _ in wanted.actions]
    if whys and all(whys):
        raise StepFailed(f"{whys[0].rstrip('.?')}.")
    return wanted


async def _after(strand: Strand, order: Order) -> str:
    usual = "act" if order.params.get("order") == "any" else ""
    return await strand.place(order.params.get("since") or usual)


async def expect(strand: Strand, order: Order, translate: bool = False) -> tuple[str, str]:
    """Wait for `count` frames that fit the params, in their order unless `order` is "any".

    Captures from the last one's payload; returns (words, record id of the last). `translate` takes
    the predecessor's names. Raises StepFailed when the timeout (seconds) is over and one is
    missing.
    """
    wanted = _wanted(strand, order, translate)
    count = int(order.params.get("count") or 1)
    after = await _after(strand, order)
    if order.params.get("answers") and strand.called < after and not order.params.get("since"):
        # The Call was found by looking back: its answer may have come before what matched last.
        after = strand.called
        wanted = wanted.without(strand.taken)
    if order.params.get("order") == "any":
        wanted = wanted.without(strand.taken)
    clock = strand.services.clock
    deadline = clock.monotonic() + order.timeout
    for number in range(1, count + 1):
        left = max(0.0, deadline - clock.monotonic())
        found = await _one(strand, order, wanted, after, left, (number, count))
        _matched(strand, order, found)
        if order.params.get("order") != "any":
            after = max(after, found.id)
    captured(strand, order, found.payload())
    return (f"{count} came" if count > 1 else ""), found.id


async def _one(
    strand: Strand, order: Order, wanted: Pattern, after: str, left: float, of: tuple[int, int]
) -> Frame:
    """The frame; raises StepFailed with all that is known of why there is none."""
    search = Search(strand, wanted, after, left, strict=True)
    found = await search.within() or await search.verdict()
    if found is not None:
        return found
    what = f"{wanted}" if of[1] == 1 else f"{wanted}, number {of[0]} of {of[1]},"
    seen = [search.seen[key] for key in sorted(search.seen)]
    rows = [row_of(frame) for frame in seen[-MOST_SEEN:]]
    sentence = f"No {what} came within {order.patience}"
    expected = expected_of(wanted, order.params)
    if search.near is None:
        words = f"{sentence}.{instead(seen)}"
        if closed := await closed_by_csms(strand):
            words += f" At {day_time(closed.moment)} the CSMS has ended the link: {closed.why}."
        raise StepFailed(words, seen=rows, expected=expected)
    frame, why = search.near
    told = f"of the last one, at {clock_of(frame)}, {why}." if not search.wrong else ""
    if search.wrong:
        sentence = f"{wanted} was expected, and at {clock_of(frame)} came {frame.kind}"
        sentence += f" {frame.action}: {why}." if frame.action else f": {why}."
        sentence = sentence[0].upper() + sentence[1:]
    else:
        sentence = f"{sentence} that matches: {told}"
    near = row_of(frame, LONGEST_NEAR)
    others = [row for row in rows if row["id"] != frame.id][-MOST_SEEN + 1 :]
    raise StepFailed(f"{sentence}{said_of(frame)}", frame.id, [*others, near], expected)


def _matched(strand: Strand, order: Order, found: Frame) -> None:
    strand.cursor = max(strand.cursor, found.id)
    if len(strand.taken) < TAKEN_AT_MOST:
        strand.taken.add(found.id)
    watch = strand.inbox.watch
    if found.kind == "CallError" and order.params.get("kind") == "CallError" and watch:
        watch.allow(found.id)
    limit = order.params.get("within_ms")
    if limit is not None and found.kind != "Call":
        if not strand.called:
            raise StepFailed("No Call has matched yet from which within_ms could count.", found.id)
        took = (time_of(found.id) - time_of(strand.called)) * 1000 / strand.services.clock.speed
        if took > limit:
            sentence = f"{found.action} ({found.kind}) came {took:.0f} ms after its Call, not "
            raise StepFailed(f"{sentence}within {limit:g} ms.", found.id, [row_of(found)])
    if found.kind == "Call":
        strand.call, strand.called = found.uid, found.id
        strand.calling = found.action, found.payload()


async def wait_for_message(strand: Strand, order: Order) -> tuple[str, str]:
    """The predecessor's: OCPP 1.6's words, and "received X" is the answer to X as well."""
    return await expect(strand, order, translate=True)


async def expect_none(strand: Strand, order: Order) -> tuple[str, str]:
    """Pass if no frame that fits the params comes within the timeout, in seconds.

    Raises StepFailed with the frame that came.
    """
    wanted = _wanted(strand, order, translate=False).loose()
    after = await _after(strand, order)
    search = Search(strand, wanted, after, order.timeout)
    found = await search.within() or await search.missed()
    if found is not None:
        sentence = f"A {wanted} came at {clock_of(found)}, and none should have."
        raise StepFailed(sentence, found.id, [row_of(found)])
    strand.acted(strand.here())
    return "", ""
