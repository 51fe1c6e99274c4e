"""The wire watch: eats the frames of one station and says what its CSMS did against OCPP-J.

A pure object: frames in (as the log and the live stream have them), findings out. It knows no
clock, store or server; all times are the frames' own. See docs/decisions/0031.

The stream does not tell of links. A station's BootNotification begins a life of its own, and
`cut` tells of what else may have cut a link: what was asked before is not waited for, and ids
may come again. A station has one Call in flight, so one that it follows by another within its
time-out was given up with its link.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from chargepoint.timing.times import seconds_of
from chargepoint.wire import schemas
from messaging.masking import masked_error
from messaging.records import time_of
from scenarios.rules.patterns import Frame
from scenarios.watch.findings import Findings, Key
from scenarios.watch.memory import TimesTold, Transactions
from scenarios.watch.reading import (
    CLOSING,
    CODES,
    NOT_SERVED,
    REQUIRED,
    TIMES,
    fault_of,
    parsed,
    shape_of,
    spoilt,
)
from scenarios.watch.rules import FAIL, OFF, Policy

KEPT = 500  # Calls of each side that are remembered
GIVES_UP = 29.0  # seconds: a station's time-out for an answer is 30
CUTS_KEPT = 100
UNSURE = 1.0  # seconds that a cut may have been sooner or later than it is told
NOT_WAITED = 5.0  # seconds after which a CSMS may take its Call for lost, and make another
_ANSWERS = ("CallResult", "CallError")


@dataclass(slots=True)
class _Asked:
    """A Call of the station. text: kept while it is open. clean: no fault had a hand in it."""

    action: str
    time: float
    frame: str
    text: str
    clean: bool
    open: bool = True
    answers: int = 0
    copies: int = 1
    void: bool = False  # its answer is not waited for


def _is_own(uid: str) -> bool:
    """Whether a station has numbered the Call itself (chargepoint/core/calls.py): one an operator
    crafted goes beside the one in flight."""
    return uid[10:11] == "-" and uid[11:].isdecimal()


class WireWatch:
    """`eat` each frame in order, `close` at the end; `findings` at any time."""

    def __init__(self, version: str, policy: Policy | None = None) -> None:
        self.version = version
        self.policy = policy or Policy()
        self.findings = Findings()
        self.eaten = 0
        self._allowed: set[str] = set()  # ids of CallErrors that a step asked for
        self._errors: dict[str, Key] = {}  # ids of CallErrors -> what was found of them
        self._asked: dict[str, _Asked] = {}
        self._open: dict[str, _Asked] = {}
        self._theirs: dict[str, tuple[float, str]] = {}  # ids of the CSMS's Calls on this link
        self._pending: dict[str, tuple[float, str]] = {}  # those without an answer of ours
        self._cuts: deque[float] = deque(maxlen=CUTS_KEPT)
        self._forgiven = 0  # frames of ours that nobody could answer properly
        self._times = TimesTold()
        self._transactions = Transactions()

    # --- events ------------------------------------------------------------------------------

    def eat(self, frame: Frame) -> None:
        """Watch one frame of the station, in the order of the log."""
        self.eaten += 1
        moment = time_of(frame.id)
        self._expire(moment)
        if frame.direction == "sent":
            self._sent(frame, moment)
        elif frame.direction == "received" and frame.error != CLOSING:
            self._received(frame, moment)
        elif frame.kind == "Note" and frame.uid:  # a Call that the station is to leave unanswered
            self._pending.pop(frame.uid, None)

    def cut(self, moment: float) -> None:
        """About then the link was, or may have been, cut or made."""
        self._cuts.append(moment)

    def allow(self, frame: str) -> None:
        """The CallError of this id is what a step has asked for."""
        self._allowed.add(frame)
        if key := self._errors.pop(frame, None):
            self.findings.forgive(key, frame)

    def anew(self) -> WireWatch:
        """One that has eaten nothing and knows the same of the run."""
        made = WireWatch(self.version, self.policy)
        made._allowed |= self._allowed
        made._cuts.extend(self._cuts)
        return made

    def refused(self, why: str, moment: float) -> None:
        """A handshake that came to nothing by what the CSMS chose."""
        sentence = f"The link was not made: {why}"
        self._found("subprotocol", "", why, sentence, moment)

    def closed(self, why: str, moment: float) -> None:
        """The CSMS has ended a link that was open, without a step's doing."""
        self._found("link_closed", "", "", f"The CSMS has ended the link: {why}", moment)

    def awaits(self, sent_until: float, down_at: float | None = None) -> float | None:
        """When the last Call that was sent by then is beyond waiting for; None: none is open.

        down_at: the link is down now. What was asked before a cut that is known went with it: it
        can be answered no more, and `_unanswered` would find nothing.
        """
        patience = self._patience()
        times = [
            asked.time for asked in self._open.values()
            if asked.time <= sent_until
            and not (down_at is not None and self.was_cut(asked.time, down_at))
        ]  # fmt: skip
        return max(times) + patience if times else None

    def close(self, now: float) -> None:
        """The run is over: what was not answered in time by now will not be."""
        patience = self._patience()
        for uid, asked in list(self._open.items()):
            if now - asked.time >= patience - 1e-6:
                self._unanswered(uid, asked, now)

    def _patience(self) -> float:
        """An answer that is late already need not be waited for any longer."""
        policy = self.policy
        late = policy.seconds("late_ms") if policy.level("late", "") == FAIL else float("inf")
        return min(late, policy.seconds("unanswered_ms"))

    # --- what the station sent ---------------------------------------------------------------

    def _sent(self, frame: Frame, moment: float) -> None:
        last = frame.mark.rpartition("; ")[2]
        if last == "held":
            return
        lost = last.startswith("dropped")
        if frame.kind == "Call":
            if not lost:
                self._asks(frame, moment)
        elif frame.kind in _ANSWERS:
            self._pending.pop(frame.uid, None)
        elif frame.kind == "Invalid" and not lost:
            self._forgiven += 1
        if spoilt(frame) and frame.kind != "Call" and not lost:
            self._forgiven += 1

    def _asks(self, frame: Frame, moment: float) -> None:
        clean = not spoilt(frame)
        uid = frame.uid
        if not clean:
            match parsed(frame):  # a fault may have sent it under another id, or spoilt all of it
                case [2, str(changed), str(), dict()]:
                    uid = changed
                case _:
                    self._forgiven += 1
                    return
        if (known := self._asked.get(uid)) is not None and not known.void:
            known.copies += 1
            return
        if _is_own(uid):
            self._give_up(frame.action, moment)
        asked = _Asked(frame.action, moment, frame.id, frame.text, clean)
        self._asked[uid] = self._open[uid] = asked
        if len(self._asked) > KEPT:
            oldest = next(iter(self._asked))
            del self._asked[oldest]
            self._open.pop(oldest, None)

    def _give_up(self, action: str, moment: float) -> None:
        """Another Call leaves: the one before was answered, or is not waited for any more."""
        if action == "BootNotification":
            self._theirs.clear()
            self._pending.clear()
        for uid, asked in list(self._open.items()):
            if moment - asked.time >= GIVES_UP:
                self._unanswered(uid, asked, moment)
            elif _is_own(uid):
                self._void(uid)

    def _void(self, uid: str) -> None:
        asked = self._open.pop(uid)
        asked.open, asked.void, asked.text = False, True, ""

    def _void_open(self) -> None:
        for uid in list(self._open):
            self._void(uid)

    def _expire(self, moment: float) -> None:
        limit = self.policy.seconds("unanswered_ms")
        while self._open:
            uid, asked = next(iter(self._open.items()))
            if moment - asked.time < limit:
                return
            self._unanswered(uid, asked, moment)

    def was_cut(self, since: float, until: float) -> bool:
        """Whether the link was, between these moments, as far as their times tell."""
        return any(since - UNSURE <= moment <= until + UNSURE for moment in self._cuts)

    def _unanswered(self, uid: str, asked: _Asked, moment: float) -> None:
        del self._open[uid]
        asked.open, asked.text = False, ""
        if asked.clean and not self.was_cut(asked.time, moment):
            waited = (moment - asked.time) / self.policy.speed
            sentence = f"{asked.action} was not answered within {waited:.1f} s"
            self._found("unanswered", asked.action, "", sentence, asked.time, asked.frame)

    # --- what came from the CSMS -------------------------------------------------------------

    def _received(self, frame: Frame, moment: float) -> None:
        ours = spoilt(frame)
        if frame.kind in ("Call", "Send"):
            if frame.kind == "Call" and not ours:
                self._calls(frame, moment)
        elif frame.kind in (*_ANSWERS, "Invalid"):
            known = self._asked.get(frame.uid) if frame.uid else None
            if frame.kind != "Invalid" and not ours:
                self._answers(frame, known, moment)
            if known is not None:
                known.answers += 1
                self._close_call(frame.uid, known)
            elif ours:  # an answer that a fault has spoilt beyond recognition
                self._void_open()
        elif frame.kind == "CallResultError" and not ours:
            sentence = f"The CSMS could not read our answer to {frame.action or 'its Call'}"
            self._found("call_error", frame.action, "result", sentence, moment, frame.id)
        fault = fault_of(frame, self.version)
        if fault is not None:
            action = frame.action[:60]
            self._found(fault.rule, action, fault.what, fault.sentence, moment, frame.id)

    def _close_call(self, uid: str, known: _Asked) -> None:
        known.open, known.text = False, ""
        self._open.pop(uid, None)

    def _calls(self, frame: Frame, moment: float) -> None:
        if not frame.uid:
            return
        before = self._theirs.get(frame.uid)
        if before is not None and not self.was_cut(before[0], moment):
            sentence = f"The CSMS called {frame.action} under the id of an earlier Call"
            self._found("duplicate_id", frame.action, "", sentence, moment, frame.id)
        for begun, action in self._pending.values():
            if moment - begun < NOT_WAITED and not self.was_cut(begun, moment):
                sentence = f"The CSMS called {frame.action} before {action} was answered"
                self._found("concurrent", frame.action, "", sentence, moment, frame.id)
                break
        self._theirs[frame.uid] = self._pending[frame.uid] = (moment, frame.action)
        for table in (self._theirs, self._pending):
            if len(table) > KEPT:
                del table[next(iter(table))]

    def _answers(self, frame: Frame, known: _Asked | None, moment: float) -> None:
        if known is None:
            # The station knew the Call, if it names the action: it was made before we looked.
            if not frame.action:
                self._stray(frame, moment)
        elif known.answers >= known.copies:
            sentence = f"{known.action} was answered {known.answers + 1} times"
            self._found("doubled", known.action, "", sentence, moment, frame.id)
            return
        elif known.clean and not known.void:
            self._in_time(frame, known, moment)
        if frame.kind == "CallError":
            self._refuses(frame, known, moment)
        elif frame.action in TIMES:
            self._tells_time(frame, known, moment)
        elif frame.action == "StartTransaction" and known is not None:
            self._begins(frame, known, moment)

    def _stray(self, frame: Frame, moment: float) -> None:
        if self._forgiven:
            self._forgiven -= 1
            return
        sentence = f'The CSMS answered under the id "{frame.uid[:40]}", which no Call had'
        self._found("stray", "", "", sentence, moment, frame.id)

    def _in_time(self, frame: Frame, known: _Asked, moment: float) -> None:
        took, limit = moment - known.time, self.policy.seconds("late_ms")
        if took > limit:
            took, limit = took / self.policy.speed, limit / self.policy.speed
            sentence = f"{known.action} was answered after {took:.1f} s, not within {limit:g} s"
            self._found("late", known.action, "", sentence, moment, frame.id)

    def _refuses(self, frame: Frame, known: _Asked | None, moment: float) -> None:
        if frame.id in self._allowed or self._deserved(known):
            return
        shape = shape_of(frame)
        error = shape[1] if shape else {}
        action = frame.action or (known.action if known else "")
        code = str(error.get("code", ""))[:60]
        words = masked_error(str(error.get("description", ""))[:200], action)
        optional = code in NOT_SERVED and action not in REQUIRED
        rule = "not_supported" if optional else "call_error"
        sentence = f"{action or 'A Call'} was answered by the CallError {code}"
        sentence += f' "{words}"' if words else ""
        if code not in CODES:
            sentence += ", which is no code of OCPP-J"
        if key := self._found(rule, action, code, sentence, moment, frame.id):
            self._errors[frame.id] = key
            if len(self._errors) > KEPT:
                del self._errors[next(iter(self._errors))]

    def _deserved(self, known: _Asked | None) -> bool:
        """Whether our own Call was none that a CSMS could take."""
        if known is None:
            return bool(self._forgiven)
        if not known.clean:
            return True
        shape = shape_of(Frame("", "sent", "Call", known.action, "", known.text, ""))
        if shape is None or known.action not in schemas.actions(self.version):
            return True
        return schemas.check(self.version, known.action, shape[1], False) is not None

    def _begins(self, frame: Frame, known: _Asked, moment: float) -> None:
        """1.6: everything else of a transaction is told under the id that it is given here."""
        asked = shape_of(Frame("", "sent", "Call", known.action, "", known.text, ""))
        answer = shape_of(frame)
        if asked is None or answer is None:
            return
        if (number := self._transactions.given(asked[1], answer[1])) is not None:
            sentence = f"StartTransaction was given the transactionId {number} a second time"
            sentence += ", for another transaction"
            self._found("transaction_id", frame.action, "", sentence, moment, frame.id)

    def _tells_time(self, frame: Frame, known: _Asked | None, moment: float) -> None:
        shape = shape_of(frame)
        told = (shape[1] if shape else {}).get(TIMES[frame.action])
        seconds = seconds_of(told) if isinstance(told, str) and len(told) <= 64 else None
        if seconds is None:
            return
        skew, limit = seconds - moment, self.policy.seconds("skew_ms")
        if abs(skew) > limit:
            way = "ahead of" if skew > 0 else "behind"
            sentence = f"{TIMES[frame.action]} is {abs(skew):.1f} s {way} our clock: {told}"
            self._found("clock_skew", frame.action, way, sentence, moment, frame.id)
        if known is not None and (leap := self._times.leap(known.time, moment, seconds)):
            passed, went = leap
            sentence = f"{TIMES[frame.action]} went on by {went:.1f} s while {passed:.1f} s passed"
            self._found("clock_skew", frame.action, "leap", f"{sentence}: {told}", moment, frame.id)

    # --- findings ----------------------------------------------------------------------------

    def unseen(self, moment: float) -> None:
        """Frames were lost to us: what is found may be too little."""
        sentence = "Not all frames of the run were seen, so not all of it was watched"
        self._found("unseen", "", "", sentence, moment)

    def _found(
        self, rule: str, action: str, what: str, sentence: str, moment: float, frame: str = ""
    ) -> Key | None:
        level = self.policy.level(rule, action)
        if level == OFF:
            return None
        return self.findings.add(rule, level, action, what, sentence, moment, frame)
