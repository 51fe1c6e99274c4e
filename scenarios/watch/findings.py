"""What the wire watch found, gathered: what is alike is one finding with a count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_KINDS = 50  # of findings of one level that are told apart in one run
MOST_FRAMES = 5  # of one finding that are named
LONGEST = 500  # characters of a sentence
Key = tuple[str, str, str, str]  # rule, level, action, what is alike


@dataclass
class Finding:
    """level: fail, warn or allowed. first, last: unix seconds. frames: ids of the first ones."""

    rule: str
    level: str
    action: str
    sentence: str
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    frames: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule, "level": self.level, "action": self.action,
            "sentence": self.sentence, "count": self.count, "first": round(self.first, 3),
            "last": round(self.last, 3), "frames": list(self.frames),
        }  # fmt: skip


class Findings:
    """`add` them; iterate in the order in which they began."""

    def __init__(self) -> None:
        self._known: dict[Key, Finding] = {}
        self.dropped = 0  # kinds beyond MOST_KINDS
        self.changes = 0  # rises with each change

    def add(
        self, rule: str, level: str, action: str, what: str, sentence: str, moment: float,
        frame: str = "",
    ) -> Key | None:  # fmt: skip
        """What to give to `forgive`, should it turn out to be none."""
        key: Key = (rule, level, action, what)
        self.changes += 1
        found = self._known.get(key)
        if found is None:
            # By level: warnings, however many, are not to hide what fails the run.
            if sum(known[1] == level for known in self._known) >= MOST_KINDS:
                self.dropped += 1
                return None
            text = f"{sentence.rstrip('.')}."
            found = self._known[key] = Finding(rule, level, action, text[:LONGEST], first=moment)
        found.count += 1
        found.last = moment
        if frame and len(found.frames) < MOST_FRAMES:
            found.frames.append(frame)
        return key

    def forgive(self, key: Key, frame: str) -> None:
        """Take one occurrence of a finding back, and the finding with its last."""
        found = self._known.get(key)
        if found is None:
            return
        self.changes += 1
        found.count -= 1
        if frame in found.frames:
            found.frames.remove(frame)
        if not found.count:
            del self._known[key]

    def __iter__(self):
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def of_level(self, level: str) -> list[Finding]:
        return [each for each in self if each.level == level]

    def as_dicts(self) -> list[dict[str, Any]]:
        return [each.as_dict() for each in self]
