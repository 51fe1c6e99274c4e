"""Nothing is called covered that only looks at what the station itself sent: each case of each
suite has steps of its own, beyond its starting state, that judge what came from the CSMS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conformance import suites
from scenarios.rules.validation import each_step, type_of

Step = Mapping[str, Any]


def looks_at_the_csms(steps: list[Step]) -> list[Step]:
    """Those that judge a Call of the CSMS, its answer to a Call of the station, what it says by
    HTTP, or whether it takes a link. An answer to the CSMS's own Call is the station's word."""
    found, asker = [], ""
    for step in each_step(steps):
        params, kind = step.get("params") or {}, type_of(step)
        way, what = params.get("direction", ""), params.get("kind", "")
        if kind in ("csms", "http"):
            found += [step] if "answer" in params else []
        elif kind == "link":
            found += [step] if params.get("expect", "open") != "any" else []
        elif kind == "expect_none":
            found += [step] if way == "received" else []
        elif kind == "expect" and params.get("answers"):
            found += [step] if asker == "sent" else []
        elif kind == "expect":
            found += [step] if way == "received" else []
            asker = way if what in ("", "Call") else asker
    return found


def cases() -> Iterator[Any]:
    for known in suites.KNOWN:
        for path in sorted(known.file.parent.glob("*.json")):
            for case in json.loads(path.read_text()).get("cases", []):
                yield pytest.param(case, id=case["id"])


@pytest.mark.parametrize("case", list(cases()))
def test_the_csms_is_judged(case):
    assert looks_at_the_csms(case["steps"]), "it looks at what the station sent only"


def test_all_cases_are_looked_at():
    assert len({param.id for param in cases()}) == 77 + 252 + 52 + 19 + 4


def step(**params: Any) -> dict:
    return {"type": "expect", "params": params}


@pytest.mark.parametrize(("steps", "number"), [
    ([step(direction="sent", action="Heartbeat", kind="Call")], 0),
    ([step(direction="sent", action="Heartbeat", kind="Call"), step(answers=True)], 1),
    # The answer to the CSMS's Call is the station's; the Call is not.
    ([step(direction="received", action="Reset", kind="Call"), step(answers=True)], 1),
    ([{"type": "csms", "params": {"call": "Reset"}}, step(direction="sent", kind="CallResult")], 0),
    ([{"type": "plug"}, {"type": "wait_for_state", "params": {"state": "Charging"}}], 0),
    ([{"type": "link", "params": {"expect": "refused"}}], 1),
    ([{"type": "link", "params": {"expect": "any"}}], 0),
    ([{"type": "if", "params": {"steps": [step(direction="received", kind="Call")]}}], 1),
])  # fmt: skip
def test_what_counts(steps, number):
    assert len(looks_at_the_csms(steps)) == number
