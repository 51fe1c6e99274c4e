"""Breakages as data: in what one way a CSMS is broken. docs/reference/conformance.md tells of them.

{"TC_001_CSMS": [{"answer": "BootNotification", "with": {"status": "Rejected"}}, ...]}

    {"answer": action, ...}   of the CSMS's answers to this action of the station
    {"call": action, ...}     of its own Calls
        "with": {path: value}   other values ("idTagInfo.status" is a path); a null stays a null
        "drop": [path]          fields that are missing
        "silent": true          it is not sent; of a Call the CSMS believes that it was
        "twice": true           it is sent twice
        "closes": true          (answer) the link is closed in its place
        "ends": true            (answer) the link is closed after it
        "then": {path: value}   (answer) a second one follows, with other values
        "astray": true          (answer) it goes to another station, where there is one
        "stale": true           (answer) all are what the first of this action was
        "shift": {path: seconds}  times that are so much later
        "form": kind            it is written otherwise, see forms.py
        "id": kind              it has another id, see forms.py
        "error": code           (answer) a CallError in its place
        "result": payload       (answer) a CallResult, also in the place of a CallError
        "late": seconds         (answer) it takes so long
        "hears": {path: value}  (call) of the station's answer; the CSMS heeds what it did not say
        "as": action            (call) another Call in its place, whose payload is "with"
    {"link": kind}            of what comes before any frame, see LINKS
    "when": matcher           only where the Call that is answered (its own one: that) matches
    "nth": 2                  only the second one of its kind (also "first"/"second": true)
    "says": text              what the failing sentence must have; without: the action's name
    "set": {variable: value}  the case's variables, where the breakage needs others
    "after": {what: value}    only once a station has done this, see triggers.py
    "harms": whom             then for all stations of the case, or only "self" or "others"
    "versions": [version]     only where the case runs in one of these
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.forms import ANSWER_IDS, CALL_IDS, FORMS, shifted
from conformance.triggers import HARMS, problem_of

FOLDER = Path(__file__).parent / "broken"
# What a CSMS can do wrong before there is a frame.
LINKS = (
    "any-password",  # it lets in whoever has a wrong password, or none
    "refuses",  # it refuses who is right
    "forgets-password",  # it goes on asking for the old password
    "no-subprotocol",  # it confirms none
    "any-subprotocol",  # it confirms the first that is offered, whatever it is
    "expired",  # its TLS certificate has expired
    "stranger",  # its TLS certificate is of an authority that nobody knows
    "other-name",  # its TLS certificate is another server's
    "old-tls",  # it takes TLS 1.1
    "any-client",  # it takes any client certificate, or none
)
_KEYS = {
    "answer": {
        "with", "drop", "silent", "twice", "error", "late", "result", "closes", "ends", "then",
        "astray", "stale", "shift", "form", "id",
    },
    "call": {"with", "drop", "silent", "twice", "as", "hears", "shift", "form", "id"},
    "link": set(),
}  # fmt: skip
_IDS = {"answer": ANSWER_IDS, "call": CALL_IDS}
_COMMON = {"nth", "first", "second", "says", "set", "when", "after", "harms", "versions"}


class BadBreakage(ValueError):
    """A file of breakages cannot be used: a sentence."""


@dataclass(frozen=True)
class Breakage:
    """kind: answer, call or link; of: the action, or one of LINKS; nth: 0 for all; when: as an
    expectation of a scenario has it."""

    kind: str
    of: str
    values: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    silent: bool = False
    twice: bool = False
    error: str = ""
    result: Mapping[str, Any] | None = None
    late: float = 0.0
    instead: str = ""
    hears: Mapping[str, Any] = field(default_factory=dict)
    nth: int = 0
    when: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    closes: bool = False
    after: Mapping[str, Any] = field(default_factory=dict)
    harms: str = "all"
    versions: tuple[str, ...] = ()
    ends: bool = False
    then: Mapping[str, Any] = field(default_factory=dict)
    astray: bool = False
    stale: bool = False
    shift: Mapping[str, float] = field(default_factory=dict)
    form: str = ""
    id: str = ""

    def is_for(self, version: str) -> bool:
        return not self.versions or version in self.versions

    def __str__(self) -> str:
        """In a line of the table."""
        parts = [f"{self.kind} {self.of}" + (f" no. {self.nth}" if self.nth else "")]
        if self.when:
            parts.append(f"where {json.dumps(dict(self.when), ensure_ascii=False)[:80]}")
        if self.instead:
            parts.append(f"as {self.instead}")
        if self.hears:
            parts.append(f"hears {json.dumps(dict(self.hears), ensure_ascii=False)[:80]}")
        if self.values:
            parts.append(f"with {json.dumps(dict(self.values), ensure_ascii=False)[:120]}")
        if self.drop:
            parts.append(f"without {', '.join(self.drop)}")
        if self.error:
            parts.append(f"CallError {self.error}")
        if self.result is not None:
            parts.append(f"CallResult {json.dumps(dict(self.result), ensure_ascii=False)[:80]}")
        if self.late:
            parts.append(f"{self.late:g} s late")
        for name, of in (("then", self.then), ("shift", self.shift)):
            if of:
                parts.append(f"{name} {json.dumps(dict(of), ensure_ascii=False)[:80]}")
        parts += [f"{name} {of}" for name, of in (("form", self.form), ("id", self.id)) if of]
        flags = ("silent", "twice", "closes", "ends", "astray", "stale")
        parts += [word for word in flags if getattr(self, word)]
        if self.after:
            whom = "" if self.harms == "all" else f" for {self.harms}"
            parts.append(f"after {json.dumps(dict(self.after), ensure_ascii=False)}{whom}")
        return ", ".join(parts)

    def is_told_by(self, sentence: str) -> bool:
        """Whether a failing sentence names what is broken."""
        if self.says:
            return self.says in sentence
        return self.of in sentence or bool(self.instead and self.instead in sentence)


def read(suite: str) -> dict[str, list[Breakage]]:
    """Of a suite's folder, by case. Raises BadBreakage."""
    found: dict[str, list[Breakage]] = {}
    for path in sorted((FOLDER / suite).glob("*.json")):
        document = json.loads(path.read_text())
        for case, each in document.items():
            if case in found:
                raise BadBreakage(f"{path.name}: {case} stands in two files.")
            found[case] = list(_all(f"{path.name}, {case}", each))
    return found


def missing(suite: str) -> dict[str, str]:
    """Cases that the suite does not have, and why: broken/<suite>/missing/*.json."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / suite / "missing").glob("*.json")):
        found |= json.loads(path.read_text())
    return found


def _all(where: str, given: Any) -> Iterator[Breakage]:
    if not isinstance(given, list):
        raise BadBreakage(f"{where}: give a list.")
    for each in given:
        yield one(where, each)


def one(where: str, each: Any) -> Breakage:
    """Raises BadBreakage."""
    kinds = [kind for kind in _KEYS if isinstance(each, Mapping) and kind in each]
    if len(kinds) != 1:
        raise BadBreakage(f"{where}: say one of answer, call and link, not {each}.")
    kind = kinds[0]
    if strange := sorted(set(each) - _KEYS[kind] - _COMMON - {kind}):
        raise BadBreakage(f"{where}: {kind} has no {', '.join(strange)}.")
    if kind == "link" and each["link"] not in LINKS:
        raise BadBreakage(f"{where}: there is no link {each['link']}.")
    if kind != "link" and not set(each) & _KEYS[kind]:
        raise BadBreakage(f"{where}: say what is wrong with {each[kind]}.")
    for name, known in (("form", FORMS), ("id", _IDS.get(kind, ()))):
        if name in each and each[name] not in known:
            raise BadBreakage(f"{where}: {name} of {kind} is one of {', '.join(known)}.")
    after, harms = each.get("after", {}), each.get("harms", "all")
    if after and (problem := problem_of(after)):
        raise BadBreakage(f"{where}: {problem}.")
    if harms not in HARMS or (harms != "all" and not after):
        raise BadBreakage(f"{where}: harms is one of {', '.join(HARMS)}, of what has an after.")
    nth = each.get("nth", 1 if each.get("first") else 2 if each.get("second") else 0)
    return Breakage(
        kind, each[kind], each.get("with", {}), tuple(each.get("drop", ())),
        bool(each.get("silent")), bool(each.get("twice")), each.get("error", ""),
        each.get("result"), float(each.get("late", 0)), each.get("as", ""),
        each.get("hears", {}), nth, each.get("when", {}), each.get("says", ""), each.get("set", {}),
        bool(each.get("closes")), after, harms, tuple(each.get("versions", ())),
        bool(each.get("ends")), each.get("then", {}), bool(each.get("astray")),
        bool(each.get("stale")), each.get("shift", {}), each.get("form", ""), each.get("id", ""),
    )  # fmt: skip


def changed(payload: Any, breakage: Breakage) -> Any:
    """A payload with the breakage's other values and times, and without what it drops."""
    made = with_values(payload, {**shifted(payload, breakage.shift), **breakage.values})
    for path in breakage.drop:
        _take(made, path)
    return made


def with_values(payload: Any, values: Mapping[str, Any]) -> Any:
    """A copy with these values at these paths."""
    made = json.loads(json.dumps(payload))
    for path, value in values.items():
        _put(made, path, value)
    return made


def _put(value: Any, path: str, new: Any) -> None:
    holder, name = _holder(value, path, make=True)
    if isinstance(holder, dict):
        holder[name] = new
    elif isinstance(holder, list) and name.isdecimal() and int(name) < len(holder):
        holder[int(name)] = new


def _take(value: Any, path: str) -> None:
    holder, name = _holder(value, path, make=False)
    if isinstance(holder, dict):
        holder.pop(name, None)
    elif isinstance(holder, list) and name.isdecimal() and int(name) < len(holder):
        del holder[int(name)]


def _holder(value: Any, path: str, make: bool) -> tuple[Any, str]:
    *way, name = path.split(".")
    for part in way:
        if isinstance(value, dict):
            value = value.setdefault(part, {}) if make else value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None, name
    return value, name
