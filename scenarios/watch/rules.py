"""The rules of the wire watch: what each looks for, and what a scenario or a run says of them.

A policy is written as an object: {"schema": "warn", "late_ms": 5000, "allow": [{"rule":
"call_error", "action": "DataTransfer"}]}, or as one level for all rules. What it leaves out is as
in DEFAULTS and LIMITS. docs/decisions/0031 tells why each default is what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.rules.words import check_action

FAIL, WARN, OFF = LEVELS = ("fail", "warn", "off")
ALLOWED = "allowed"  # the level of a finding that a scenario provokes on purpose

# rule -> (level, what the CSMS did)
RULES: dict[str, tuple[str, str]] = {
    "schema": (FAIL, "an answer or a Call that its schema refuses"),
    "time_zone": (FAIL, "a time that names no zone"),
    "unreadable": (FAIL, "a frame that is none of OCPP-J"),
    "unknown_action": (FAIL, "a Call of an action that stations of this version do not serve"),
    "call_error": (FAIL, "a CallError to a valid Call"),
    "not_supported": (WARN, "NotImplemented or NotSupported to an action that is optional"),
    "unanswered": (FAIL, "no answer to a Call"),
    "late": (FAIL, "an answer that took longer than late_ms"),
    "stray": (FAIL, "an answer to no Call"),
    "doubled": (FAIL, "a second answer to one Call"),
    "duplicate_id": (FAIL, "a Call under an id that a Call before it had"),
    "concurrent": (FAIL, "a Call before the one before it was answered"),
    "subprotocol": (FAIL, "no sub-protocol, or one that was not offered"),
    "clock_skew": (
        FAIL,
        "a currentTime that is further than skew_ms from our clock, or does not go on with it",
    ),
    "transaction_id": (FAIL, "one transactionId for two transactions"),
    "link_closed": (WARN, "the end of a link that no step had a hand in"),
    "unseen": (WARN, "frames that neither the live stream nor the log had"),  # ours
}
DEFAULTS = {name: level for name, (level, _) in RULES.items()}
LIMITS = {
    "late_ms": 10_000,
    "unanswered_ms": 30_000,  # what a station waits for an answer
    "skew_ms": 60_000,
    "settle_ms": 500,  # after the last step, for what doubles an answer
}
MEANING = {
    "late_ms": "An answer after more milliseconds is `late`",
    "unanswered_ms": "A Call without an answer for so many milliseconds is `unanswered`",
    "skew_ms": "A currentTime further from the worker's clock, in milliseconds, is `clock_skew`",
    "settle_ms": "How long the watch goes on after the last step, milliseconds",
}
LONGEST_LIMIT_MS = 600_000
MOST_ALLOWED = 100


@dataclass(frozen=True)
class Policy:
    """levels: by rule; limits in ms; allow: (rule, action or "" for any)."""

    levels: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    allow: frozenset[tuple[str, str]] = frozenset()
    speed: float = 1.0  # of the clock that frames are dated by

    def level(self, rule: str, action: str) -> str:
        """fail, warn, off or allowed."""
        level = self.levels[rule]
        if level != OFF and {(rule, ""), (rule, action)} & self.allow:
            return ALLOWED
        return level

    def at_speed(self, speed: float) -> Policy:
        """For stations whose clock is so many times as fast as the CSMS's."""
        if speed == 1.0:
            return self
        limits = {name: limit * speed for name, limit in self.limits.items()}
        return Policy({**self.levels, "clock_skew": OFF}, limits, self.allow, speed)

    def seconds(self, limit: str) -> float:
        return self.limits[limit] / 1000


def policy_of(*given: Any) -> Policy:
    """What the defaults, then each of these in turn, say; they were checked by check_watch."""
    levels, limits = dict(DEFAULTS), dict(LIMITS)
    allow: set[tuple[str, str]] = set()
    for each in given:
        if isinstance(each, str):
            levels = dict.fromkeys(levels, each)
        for name, value in each.items() if isinstance(each, Mapping) else ():
            if name == "allow":
                allow |= {(entry["rule"], entry.get("action") or "") for entry in value}
            else:
                (limits if name in LIMITS else levels)[name] = value
    return Policy(levels, limits, frozenset(allow))


def check_watch(given: Any) -> list[str]:
    """Sentences about what a scenario or a run says of the watch; none means that it is good."""
    if given in (None, {}, *LEVELS):
        return []
    if not isinstance(given, Mapping):
        return [f"Give an object of rules, or one of {', '.join(LEVELS)} for all."]
    return list(_problems(given))


def _problems(given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        if name == "allow":
            yield from _allow_problems(value)
        elif name in LIMITS:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= value <= LONGEST_LIMIT_MS:
                yield f'Give "{name}" in milliseconds, 0 to {LONGEST_LIMIT_MS}.'
        elif name not in RULES:
            known = ", ".join((*RULES, *LIMITS, "allow"))
            yield f'There is no rule "{name}": use {known}.'
        elif value not in LEVELS:
            yield f'Let "{name}" be one of {", ".join(LEVELS)}.'


def _allow_problems(given: Any) -> Iterator[str]:
    if not isinstance(given, list) or len(given) > MOST_ALLOWED:
        yield f'Give "allow" as a list of at most {MOST_ALLOWED} {{"rule": ..., "action"?: ...}}.'
        return
    for each in given:
        if not isinstance(each, Mapping) or set(each) - {"rule", "action"} or "rule" not in each:
            yield 'Write each of "allow" as {"rule": ..., "action"?: ...}.'
        elif each["rule"] not in RULES:
            yield f'There is no rule "{each["rule"]}" to allow: use {", ".join(RULES)}.'
        elif each.get("action") and (why := check_action(each["action"])):
            yield why
