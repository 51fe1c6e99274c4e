"""Which frame a step waits for, and the frames of the log and the live stream as one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from chargepoint.common.breaches import is_breach
from messaging.masking import masked_error
from messaging.records import FrameRecord
from scenarios.rules.matching import mismatch
from scenarios.rules.vocabulary import actions_of

SEND = "Send"  # of OCPP 2.1: nobody answers it, so that it is looked at where it is named only
KINDS = ("Call", "CallResult", "CallError", SEND)


class Frame(NamedTuple):
    """One frame. Ids sort by time."""

    id: str
    direction: str
    kind: str
    action: str
    uid: str
    text: str
    mark: str
    error: str = ""

    @classmethod
    def of_record(cls, made: FrameRecord) -> Frame:
        """The frame of a record as workers publish it."""
        names = (made.direction, made.kind, made.action, made.uid, made.text, made.mark)
        return cls(made.id, *names, made.error)

    @classmethod
    def of_document(cls, made: Mapping[str, Any]) -> Frame:
        """The frame of a message as MongoDB has it."""
        names = ("direction", "kind", "action", "uid", "text")
        seen = (made[name] for name in names)
        return cls(made["_id"], *seen, made.get("mark", ""), made.get("error", ""))

    @property
    def breach(self) -> str:
        """What of it breaks the specification, if it is the CSMS's; "" for nothing."""
        broken = is_breach(self.direction, self.kind, self.error, self.mark)
        return self.error if broken else ""

    def payload(self) -> Any:
        """A Call's or an answer's payload; of a CallError its three parts; None if unreadable."""
        try:
            match json.loads(self.text):
                case [2 | 6, _, _, payload]:
                    return payload
                case [3, _, payload]:
                    return payload
                case [4, _, code, description, details]:
                    return {"code": code, "description": description, "details": details}
        except (ValueError, RecursionError):
            pass
        return None


@dataclass(frozen=True, slots=True)
class Pattern:
    """direction "" is any; an answer has the action of its Call.

    kind      "" is a Call or a CallResult: a CallError or a Send matches where it is asked for by
              its name, or where `any_kind` says so
    actions   ((action, payload it needs besides), ...); empty: any action
    uid       it is the answer to the Call of this unique id
    next      no other frame of the direction and the kind may come first
    taken     ids of frames that are not looked at
    """

    direction: str = ""
    kind: str = ""
    actions: tuple[tuple[str, dict], ...] = ()
    payload: Any = field(default_factory=dict)
    mark: str = ""
    uid: str = ""
    words: str = ""
    next: bool = False
    any_kind: bool = False
    taken: Set[str] = frozenset()

    def concerns(self, frame: Frame) -> bool:
        """Whether the frame is one to look into: what it says may still be wrong."""
        return (
            frame.kind in KINDS
            and (not self.direction or frame.direction == self.direction)
            and (frame.kind == self.kind if self.kind else self.any_kind or frame.kind != SEND)
            and (not self.actions or any(frame.action == action for action, _ in self.actions))
            and (not self.mark or self.mark in frame.mark)
            and (not self.uid or (self.uid == frame.uid and frame.kind != "Call"))
        )

    def why_not(self, frame: Frame) -> str | None:
        """None if a frame that it concerns matches."""
        if frame.kind == "CallError" and not self.kind and not self.any_kind:
            return self.refusal(frame)
        if not self.payload and not any(needs for _, needs in self.actions):
            return None
        payload = frame.payload()
        whys = [
            mismatch(needs, payload) if needs else None
            for action, needs in self.actions
            if action == frame.action
        ]
        if whys and None not in whys:
            return whys[0]
        return mismatch(self.payload, payload) if self.payload else None

    def refusal(self, frame: Frame) -> str:
        """A CallError in words; "" for what is none."""
        if frame.kind != "CallError":
            return ""
        error = frame.payload() or {}
        description = masked_error(str(error.get("description") or "")[:200], frame.action)
        words = f' "{description}"' if description else ""
        return f"it is the CallError {str(error.get('code', ''))[:60]}{words}"

    def rivals(self, frame: Frame) -> bool:
        """Whether a frame that it does not concern stands in the way of the next one."""
        direction = not self.direction or frame.direction == self.direction
        return direction and (frame.kind == self.kind if self.kind else frame.kind != SEND)

    def without(self, taken: Set[str]) -> Pattern:
        return replace(self, taken=taken)

    def loose(self) -> Pattern:
        return replace(self, any_kind=True)

    def __str__(self) -> str:
        return self.words


def pattern(
    params: Mapping[str, Any], validate: Any, version: str, translate: bool, uid: str = ""
) -> Pattern:
    """The pattern of a step's resolved params. translate: 1.6's words hold on 2.x as well.

    uid: it is the answer to the Call of this unique id.
    """
    named = [name.strip() for name in str(params.get("action") or "").split(",") if name.strip()]
    direction, kind = params.get("direction") or "", params.get("kind") or ""
    if direction == "both":
        direction = ""
    words = f"{named and ' or '.join(named) or 'frame'}"
    words = f"{direction} {words}".strip() + (f" ({kind})" if kind else "")
    if params.get("answers"):
        words, kind = f"answer to {words}" if named else "answer", kind or "CallResult"
    actions: list[tuple[str, dict]] = []
    for name in named:
        actions += actions_of(name, version) if translate else ((name, {}),)
    mark = params.get("mark") or ""
    first = bool(params.get("next"))
    return Pattern(direction, kind, tuple(actions), validate or {}, mark, uid, words, first)
