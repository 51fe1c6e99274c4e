"""Looking for one frame of a station, in what comes live and, where that is not enough, in the log.

A frame counts if it was recorded by the deadline, whenever it reaches us. A wait ends before its
time where the answer that it waits for has come and is wrong: no other will come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from messaging.records import time_of
from runtime.stores import STORE_ERRORS
from scenarios.engine.strand import Order, StepFailed, Strand
from scenarios.rules.matching import MISSING, look_up, shown
from scenarios.rules.patterns import Frame, Pattern
from scenarios.watch.reading import fault_of, spoilt
from scenarios.watch.rules import FAIL, Policy

log = logging.getLogger(__name__)

# Seconds into a wait at which the log is asked for what was before the live stream: a message is
# stored some tenths of a second after it was sent.
LOOK_BACK = (0.0, 1.0, 3.0)
STORING = 2.5  # seconds that a message may take into the log
TRANSIT = 0.5  # seconds that one may take to us by the live stream
ANSWERS = ("CallResult", "CallError")
SEEN_AT_MOST = 50
# Its answer may be Pending, and then come again.
ASKED_AGAIN = BOOT = "BootNotification"


class Search:
    """`within` its time or never: the first frame that matches; then see `near` and `seen`."""

    def __init__(
        self, strand: Strand, wanted: Pattern, after: str, timeout: float, strict: bool = False
    ) -> None:
        """`strict`: what breaks the specification does not match, however the station reads."""
        self._strand, self._wanted, self._after = strand, wanted, after
        self._strict = strict and not wanted.mark
        self._seen = 0
        self._gaps = strand.inbox.gaps
        self._clock = strand.services.clock
        self._began = self._clock.monotonic()
        self._timeout = timeout
        self._limit = strand.inbox.limit(self._clock.time() + timeout)
        self._at_once = strand.services.at_once
        self._looks = list(LOOK_BACK) if after < strand.inbox.since else []
        self.near: tuple[Frame, str] | None = None  # the last one that was about right, and why not
        self._rebooted = False  # since the Call whose answer is wanted
        self.wrong = False  # `near` is the answer, and none other will come
        self.seen: dict[str, Frame] = {}  # what came meanwhile, by id

    # --- one frame ---------------------------------------------------------------------------

    def _examine(self, frames: list[Frame]) -> Frame | None:
        for frame in frames:
            if frame.id <= self._after:
                continue
            # What has satisfied another step tells of a reboot all the same.
            if self._wanted.uid and frame.kind == "Call" and frame.direction == "sent":
                self._follow(frame)
            if frame.id in self._wanted.taken:
                continue
            if frame.id <= self._limit and len(self.seen) < SEEN_AT_MOST:
                self.seen[frame.id] = frame
            if not self._wanted.concerns(frame):
                if why := self._wrong_kind(frame):
                    return self._is_wrong(frame, why)
                if self._wanted.next and self._wanted.rivals(frame):
                    return self._is_wrong(frame, "another came first")
                continue
            why = self._why_not(frame)
            if why is None:
                return frame
            if self.wrong:
                return None
            if self.near is None or self.near[0].id < frame.id:
                self.near = (frame, why)
        return None

    def _follow(self, frame: Frame) -> None:
        """A Call of the station while the answer to one is wanted. What was cut off before its
        answer came is told again on another link, under another id: then that one's is wanted."""
        strand, watch = self._strand, self._strand.inbox.watch
        if frame.id <= strand.called:
            return
        # A boot that is told again is no sign of a reboot between the two.
        self._rebooted |= frame.action == BOOT and strand.calling[0] != BOOT
        if (frame.action, frame.payload()) != strand.calling:
            return
        since, until = time_of(strand.called), time_of(frame.id)
        if self._rebooted or (watch is not None and watch.was_cut(since, until)):
            self._wanted = replace(self._wanted, uid=frame.uid)

    def _why_not(self, frame: Frame) -> str | None:
        why = self._wanted.why_not(frame)
        fault = fault_of(frame, self._strand.subject.version) if self._strict else None
        if fault is not None:
            level = self._policy().level(fault.rule, frame.action[:60])
            if level == FAIL:
                sentence = f"{fault.sentence} [{fault.rule}]"
                if frame.id <= self._limit:
                    self._is_wrong(frame, sentence)
                return sentence
        if frame.id > self._limit:
            late = time_of(frame.id) - time_of(self._limit)
            return why or f"it came {late:.3f} s too late"
        if why is not None and self._strict and self._is_the_answer(frame):
            if self._wanted.uid or frame.action != ASKED_AGAIN or self._fails(frame):
                self._is_wrong(frame, why)
        elif why is not None and self._wanted.next:
            self._is_wrong(frame, why)
        return why

    def _wrong_kind(self, frame: Frame) -> str:
        """Why a frame that is the answer, of the other kind, is none; "" where it is not."""
        wanted = self._wanted
        if not (self._strict and self._is_the_answer(frame)) or frame.id > self._limit:
            return ""
        fits = not wanted.direction or frame.direction == wanted.direction
        named = not wanted.actions or any(frame.action == action for action, _ in wanted.actions)
        if not (fits and named and wanted.kind in ANSWERS and wanted.kind != frame.kind):
            return ""
        return wanted.refusal(frame) or f"it is a {frame.kind}, not a {wanted.kind}"

    def _is_the_answer(self, frame: Frame) -> bool:
        uid = self._wanted.uid or self._strand.call
        return bool(uid) and frame.uid == uid and frame.kind in ANSWERS and not spoilt(frame)

    def _fails(self, frame: Frame) -> bool:
        """Whether it is a CallError that fails the run anyhow."""
        return (
            frame.kind == "CallError" and self._policy().level("call_error", frame.action) == FAIL
        )

    def _is_wrong(self, frame: Frame, why: str) -> None:
        self.near, self.wrong = (frame, why), True

    def _policy(self) -> Policy:
        watch = self._strand.inbox.watch
        return Policy() if watch is None else watch.policy

    # --- many --------------------------------------------------------------------------------

    def live(self) -> Frame | None:
        """The first frame that fits among those that came to the inbox since the last look, or
        None."""
        new = self._strand.inbox.after(self._seen)
        if new:
            self._seen = new[-1][0]
        return self._examine([frame for _, frame in new])

    async def back(self) -> Frame | None:
        """What the log has. A store that is away is no verdict: the live stream goes on.

        Where the answer to a Call is wanted, all that passed is: the Call may have been told again
        under another id, and it takes the boot between to know it.
        """
        wanted = None if self._wanted.uid else self._wanted
        try:
            found = await self._strand.services.past.frames(
                self._strand.identity, self._after, wanted
            )
        except STORE_ERRORS as failure:
            log.warning("%s: the log was not asked: %s", self._strand.identity, failure)
            return None
        return self._examine(found)

    async def within(self) -> Frame | None:
        """The first frame that matches, or None when the time is over or the answer was wrong."""
        inbox, deadline = self._strand.inbox, self._began + self._timeout
        while True:
            news = inbox.news
            if found := self.live():
                return found
            now = self._clock.monotonic()
            if self.wrong:
                return None
            if inbox.gaps > self._gaps:
                self._gaps = inbox.gaps
                self._looks = [now - self._began + wait for wait in LOOK_BACK]
            if self._looks and now >= self._began + self._looks[0]:
                self._looks.pop(0)
                if found := await self.back():
                    return found
                continue
            if now >= deadline:
                return None
            until = min(deadline, *(self._began + look for look in self._looks[:1]), deadline)
            try:
                async with asyncio.timeout(max(0.0, until - now)):
                    await news.wait()
            except TimeoutError:
                pass

    async def verdict(self) -> Frame | None:
        """Before a wait fails: what came in time and has not reached us yet. The stream may have
        lost some, and of its last ones no gap tells before the next comes."""
        if self.wrong:
            return None
        if found := await self.back() or await self._in_transit(STORING):
            return found
        return None if self.wrong else await self.back()

    async def _in_transit(self, seconds: float) -> Frame | None:
        """What was recorded before the deadline and reaches us after it, until a later one has."""
        seconds = 0.0 if self._at_once else seconds
        inbox, deadline = self._strand.inbox, self._clock.monotonic() + seconds
        while True:
            news = inbox.news
            if found := self.live():
                return found
            left = deadline - self._clock.monotonic()
            if self.wrong or left <= 0 or inbox.last > self._limit:
                return None
            try:
                async with asyncio.timeout(left):
                    await news.wait()
            except TimeoutError:
                pass

    async def missed(self) -> Frame | None:
        """Before a wait for nothing passes: what came in time after all, and what the log has, if
        the stream may have lost some."""
        inbox = self._strand.inbox
        if found := await self._in_transit(TRANSIT):
            return found
        certain = self._after >= inbox.since and not inbox.gaps
        return None if certain else await self.back()


def captured(strand: Strand, order: Order, payload: Any) -> None:
    """Set variables from a payload by the step's `capture`: {variable: path}.

    Raises StepFailed where a path leads nowhere.
    """
    capture: Mapping[str, str] = order.params.get("capture") or order.step.get("capture") or {}
    for name, path in capture.items():
        value = look_up(payload, path)
        if value is MISSING:
            raise StepFailed(f'There is no "{path}" to capture in {shown(payload)}.')
        strand.variables[name] = value
