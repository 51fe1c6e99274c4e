"""CSMSs that are each broken in one way: the reference CSMS, and one change to what it says.

MUTANTS: (id, Case, rule of the wire watch that must name it). The scenario is an everyday life: a
boot, heartbeats, a car that charges and leaves, a transfer of data, and where the CSMS acts, its
Calls.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.scenarios.inprocess.running import Case, Csms
from tests.scenarios.inprocess.shell import Breaking, Link, Shell
from tests.system.csms_2x import call_verbatim

Told = list[tuple[float, str]]
LATE = 12.0  # seconds; the watch's limit is 10


def life(version: str) -> list[dict]:
    """No step here looks at an answer: what is wrong with it only the watch can tell."""
    transfer = {"action": "DataTransfer", "payload": {"vendorId": "v"}}
    return [
        {"type": "wait_for_message", "timeout": 40000, "params": {
            "direction": "sent", "action": "BootNotification"}},
        {"type": "delay", "params": {"duration": 3000}},
        {"type": "plug", "params": {"connector": 1}},
        {"type": "start-transaction", "optional": True, "params": {"connector": 1}},
        {"type": "delay", "params": {"duration": 70000}},
        {"type": "stop-transaction", "optional": True, "params": {"connector": 1}},
        {"type": "unplug", "optional": True, "params": {"connector": 1}},
        {"type": "message", "optional": True, "params": transfer},
        {"type": "delay", "params": {"duration": 20000}},
    ]  # fmt: skip


# --- changes to what a CSMS says -----------------------------------------------------------------


def to(action: str, change: Callable[[list], Told]) -> Breaking:
    """The answers to one action are changed."""

    def breaking(frame: list, link: Link) -> Told:
        if frame[0] == 3 and link.asked.get(frame[1]) == action:
            return change(frame)
        return [(0.0, json.dumps(frame))]

    return breaking


def told(*frames: Any) -> Told:
    return [(0.0, frame if isinstance(frame, str) else json.dumps(frame)) for frame in frames]


def payload(change: Callable[[dict], Any]) -> Callable[[list], Told]:
    def changed(frame: list) -> Told:
        made = json.loads(json.dumps(frame[2]))
        other = change(made)
        return told([3, frame[1], made if other is None else other])

    return changed


def without(name: str) -> Callable[[list], Told]:
    return payload(lambda made: made.pop(name) and None)


def having(**more: Any) -> Callable[[list], Told]:
    return payload(lambda made: made.update(more))


def within(name: str, **more: Any) -> Callable[[list], Told]:
    return payload(lambda made: made.setdefault(name, {}).update(more))


def refused(code: str = "InternalError") -> Callable[[list], Told]:
    return lambda frame: told([4, frame[1], code, "out of order", {}])


def unanswered(frame: list) -> Told:
    return []


def doubled(frame: list) -> Told:
    return [(0.0, json.dumps(frame)), (0.05, json.dumps(frame))]


def late(frame: list) -> Told:
    return [(LATE, json.dumps(frame))]


def under_another_id(frame: list) -> Told:
    return told([frame[0], f"{frame[1][:8]}-other", *frame[2:]])


def moved(seconds: int) -> Callable[[list], Told]:
    """The hour of a currentTime, moved."""

    def change(made: dict) -> None:
        hour = (int(made["currentTime"][11:13]) + seconds // 3600) % 24
        made["currentTime"] = re.sub(r"T\d\d", f"T{hour:02d}", made["currentTime"])

    return payload(change)


def naive(made: dict) -> None:
    made["currentTime"] = made["currentTime"].rstrip("Z")


# --- what a CSMS does of itself ------------------------------------------------------------------


async def _link(shell: Shell, after: float = 4.0) -> Link:
    await asyncio.sleep(after)
    assert shell.link is not None
    return shell.link


def calls(action: str, payload: dict) -> Csms:
    """One Call, as the library makes it."""

    async def act(shell: Shell) -> None:
        link = await _link(shell)
        await call_verbatim(link.side, action, payload)

    return act


def says(*frames: Any, pause: float = 0.5) -> Csms:
    """Frames, whatever they are."""

    async def act(shell: Shell) -> None:
        link = await _link(shell)
        for frame in frames:
            text = frame if isinstance(frame, str) else json.dumps(frame)
            shell.hear(link, text)
            await asyncio.sleep(pause)

    return act


GET_16 = {"key": ["HeartbeatInterval"]}
# The station's answers take a while, so that it can be seen who does not wait for them.
SLOW = {"type": "add-fault", "params": {
    "fault": "latency", "direction": "sent", "action": "GetConfiguration", "delay_ms": 2000,
}}  # fmt: skip


# --- the table -----------------------------------------------------------------------------------

INFO = {"1.6": "idTagInfo", "2.0.1": "idTokenInfo", "2.1": "idTokenInfo"}
# The actions of an everyday life -> changes that its schema refuses.
SCHEMAS: dict[str, dict[str, dict[str, Callable[[list], Told]]]] = {
    "1.6": {
        "BootNotification": {
            "no-interval": without("interval"), "no-status": without("status"),
            "status-unknown": having(status="accepted!"), "interval-text": having(interval="x"),
        },
        "Heartbeat": {
            "no-time": without("currentTime"), "time-number": having(currentTime=1_795_000_000),
            "time-words": having(currentTime="now"),
        },
        "Authorize": {
            "no-info": without("idTagInfo"), "status-unknown": within("idTagInfo", status="OK"),
            "info-text": having(idTagInfo="Accepted"), "extra": having(idToken="x"),
        },
        "StartTransaction": {
            "no-id": without("transactionId"), "id-text": having(transactionId="7"),
            "id-null": having(transactionId=None), "no-info": without("idTagInfo"),
        },
        "StopTransaction": {"status-unknown": within("idTagInfo", status="Done"),
                            "extra": having(status="Accepted")},
        "StatusNotification": {"extra": having(status="Accepted")},
        "MeterValues": {"extra": having(received=True)},
        "DataTransfer": {"no-status": without("status"), "data-object": having(data={"a": 1})},
    },
    "2.0.1": {
        "BootNotification": {"no-interval": without("interval"),
                             "status-unknown": having(status="Registered")},
        "Heartbeat": {"no-time": without("currentTime"), "extra": having(status="Accepted")},
        "Authorize": {"no-info": without("idTokenInfo"),
                      "status-unknown": within("idTokenInfo", status="OK")},
        "TransactionEvent": {"extra": having(transactionId=1), "cost-text": having(totalCost="1"),
                             "info-empty": having(idTokenInfo={})},
        "StatusNotification": {"extra": having(ok=True)},
        "DataTransfer": {"status-unknown": having(status="Fine")},
    },
    "2.1": {
        "BootNotification": {"no-status": without("status")},
        "TransactionEvent": {"limit-text": having(transactionLimit="1")},
        "Authorize": {"tariff-empty": having(tariff={})},
    },
}  # fmt: skip
WAYS: dict[str, tuple[str, Callable[[list], Told]]] = {
    "call-error": ("call_error", refused()),
    "no-answer": ("unanswered", unanswered),
    "doubled": ("doubled", doubled),
    "other-id": ("stray", under_another_id),
    "late": ("late", late),
}
UNREADABLE: dict[str, Callable[[list], Told]] = {
    "no-json": lambda frame: told("[3,"),
    "no-list": lambda frame: told({"id": frame[1]}),
    "type-text": lambda frame: told(["3", *frame[1:]]),
    "type-9": lambda frame: told([9, *frame[1:]]),
    "two-elements": lambda frame: told([3, frame[1]]),
    "payload-list": lambda frame: told([3, frame[1], []]),
    "payload-null": lambda frame: told([3, frame[1], None]),
    "id-number": lambda frame: told([3, 17, frame[2]]),
}
TIMES: dict[str, tuple[str, Callable[[list], Told]]] = {
    "naive": ("time_zone", payload(naive)),
    "ahead": ("clock_skew", moved(7200)),
    "behind": ("clock_skew", moved(-7200)),
}


def _case(version: str, action: str, change: Callable[[list], Told]) -> Case:
    """An everyday life from the boot on, where it is about that."""
    up = action != "BootNotification"
    steps = life(version) if up else [{"type": "start"}, *life(version)]
    return Case(steps, version, to(action, change), up=up)


def _of_answers() -> Iterator[tuple[str, Case, str]]:
    for version, actions in SCHEMAS.items():
        for action, changes in actions.items():
            for name, change in changes.items():
                yield f"{version}-{action}-{name}", _case(version, action, change), "schema"
            for name, (rule, change) in WAYS.items():
                yield f"{version}-{action}-{name}", _case(version, action, change), rule


def _of_forms_and_times() -> Iterator[tuple[str, Case, str]]:
    for version in ("1.6", "2.0.1"):
        for name, change in UNREADABLE.items():
            case = Case(life(version), version, to("Heartbeat", change))
            yield f"{version}-form-{name}", case, "unreadable"
        for name, (rule, change) in TIMES.items():
            for action in ("BootNotification", "Heartbeat"):
                yield f"{version}-{action}-{name}", _case(version, action, change), rule
    expiry = within("idTagInfo", expiryDate="2030-01-01T00:00:00")
    yield "1.6-expiry-naive", Case(life("1.6"), "1.6", to("Authorize", expiry)), "time_zone"
    code = Case(life("1.6"), "1.6", to("Heartbeat", refused("SomethingElse")))
    yield "1.6-error-code", code, "call_error"
    not_served = Case(life("1.6"), "1.6", to("MeterValues", refused("NotImplemented")))
    yield "1.6-required-not-served", not_served, "call_error"


def as_at_first() -> Callable[[list], Told]:
    """Each answer is what the first was."""
    first: list[dict] = []

    def changed(frame: list) -> Told:
        first.append(frame[2])
        return told([3, frame[1], first[0]])

    return changed


def _of_memory() -> Iterator[tuple[str, Case, str]]:
    for version in INFO:
        still = Case(life(version), version, to("Heartbeat", as_at_first()))
        yield f"{version}-clock-stands-still", still, "clock_skew"
    session = life("1.6")[2:]
    again = Case([*life("1.6"), *session], breaking=to("StartTransaction", as_at_first()))
    yield "1.6-one-id-for-two", again, "transaction_id"


def _of_acts() -> Iterator[tuple[str, Case, str]]:
    reset, trigger = {"type": "Hard!"}, {"requestedMessage": "Heartbeats"}
    bad_calls = {
        "1.6": {"Reset": reset, "RemoteStartTransaction": {"connectorId": 1},
                "ChangeConfiguration": {"key": "K", "value": 5}, "TriggerMessage": trigger},
        "2.0.1": {"Reset": reset, "GetVariables": {}, "TriggerMessage": trigger,
                  "RequestStartTransaction": {"remoteStartId": "1"}},
    }  # fmt: skip
    for version, by_action in bad_calls.items():
        for action, wrong in by_action.items():
            case = Case(life(version), version, acts=says([2, "c1", action, wrong]))
            yield f"{version}-call-{action}", case, "schema"
    unknown = {
        "1.6": ("GetVariables", "BootNotification", "RemoteStopTransactoin"),
        "2.0.1": ("RemoteStartTransaction", "ChangeConfiguration", "TransactionEvent"),
    }
    for version, actions in unknown.items():
        for action in actions:
            case = Case(life(version), version, acts=says([2, "c1", action, {}]))
            yield f"{version}-call-unknown-{action}", case, "unknown_action"
    get = [2, "c1", "GetConfiguration", GET_16]
    twice = Case(life("1.6"), acts=says(get, get, pause=2))
    yield "1.6-id-twice", twice, "duplicate_id"
    other = [2, "c2", "GetConfiguration", GET_16]
    yield "1.6-two-calls", Case([SLOW, *life("1.6")], acts=says(get, other)), "concurrent"
    for name, frame in {
        "call-no-json": "hello",
        "call-no-action": [2, "c1", {}],
        "call-payload": [2, "c1", "Reset"],
    }.items():
        yield f"1.6-{name}", Case(life("1.6"), acts=says(frame)), "unreadable"
    yield "1.6-answer-to-nothing", Case(life("1.6"), acts=says([3, "nobody", {}])), "stray"


def _of_links() -> Iterator[tuple[str, Case, str]]:
    for version, choice in (("1.6", ""), ("1.6", "ocpp2.0.1"), ("2.0.1", "ocpp"), ("2.1", "")):
        waits = [{"type": "start"}, {"type": "wait_condition", "timeout": 5000, "params": {
            "condition": "station_accepted"}}]  # fmt: skip
        case = Case(waits, version, choice=choice, up=False)
        yield f"{version}-protocol-{choice or 'none'}", case, "subprotocol"


MUTANTS = [
    *_of_answers(), *_of_forms_and_times(), *_of_memory(), *_of_acts(), *_of_links(),
]  # fmt: skip
