"""Which frame a step waits for, and the frames of the log and the live stream as one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from messaging.records import FrameRecord
from scenarios.matching import mismatch
from scenarios.vocabulary import actions_of

KINDS = ("Call", "CallResult", "CallError")


class Frame(NamedTuple):
    """One frame. Ids sort by time."""

    id: str
    direction: str
    kind: str
    action: str
    uid: str
    text: str
    mark: str

    @classmethod
    def of_record(cls, made: FrameRecord) -> Frame:
        return cls(made.id, made.direction, made.kind, made.action, made.uid, made.text, made.mark)

    @classmethod
    def of_document(cls, made: Mapping[str, Any]) -> Frame:
        names = ("direction", "kind", "action", "uid", "text")
        return cls(made["_id"], *(made[name] for name in names), made.get("mark", ""))

    def payload(self) -> Any:
        """A Call's or an answer's payload; of a CallError its three parts; None if unreadable."""
        try:
            match json.loads(self.text):
                case [2, _, _, payload]:
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
    """direction and kind "" are any; an answer has the action of its Call.

    `actions`: ((action, payload it needs besides), ...); empty: any action.
    """

    direction: str = ""
    kind: str = ""
    actions: tuple[tuple[str, dict], ...] = ()
    payload: Any = field(default_factory=dict)
    mark: str = ""
    uid: str = ""
    words: str = ""

    def concerns(self, frame: Frame) -> bool:
        """Whether the frame is one to look into: what it says may still be wrong."""
        return (
            frame.kind in KINDS
            and (not self.direction or frame.direction == self.direction)
            and (not self.kind or frame.kind == self.kind)
            and (not self.actions or any(frame.action == action for action, _ in self.actions))
            and (not self.mark or self.mark in frame.mark)
            and (not self.uid or (self.uid == frame.uid and frame.kind != "Call"))
        )

    def why_not(self, frame: Frame) -> str | None:
        """None if a frame that it concerns matches."""
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
    actions: list[tuple[str, dict]] = []
    for name in named:
        actions += actions_of(name, version) if translate else ((name, {}),)
    mark = params.get("mark") or ""
    return Pattern(direction, kind, tuple(actions), validate or {}, mark, uid, words)
