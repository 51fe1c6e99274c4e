"""The witness is watched: each way in which a station's words are spoilt breaks its rule."""

import json
from collections.abc import Callable

import pytest

from chargepoint.effects import Effect, Send
from tests.chargepoint.conversation.play import conversations, fault_of, shortest
from tests.chargepoint.conversation.states import CAR, ask, do
from tests.chargepoint.conversation.talk import Step

CALL, RESULT, ERROR = 2, 3, 4
Change = Callable[[list], list]  # of a frame -> the frames that are sent instead


class Spoilt:
    """Changes the frames of one kind, by their action, from the `first` on, `times` times."""

    def __init__(self, kind: int, action: str, change: Change, first: int = 1, times: int = 1):
        self.kind, self.action, self.change = kind, action, change
        self.first, self.last, self.seen = first, first + times, 0

    def __call__(self, effects: list[Effect]) -> list[Effect]:
        return [new for effect in effects for new in self._one(effect)]

    def _one(self, effect: Effect) -> list[Effect]:
        if not isinstance(effect, Send) or effect.frame.action != self.action:
            return [effect]
        frame = json.loads(effect.frame.text)
        if frame[0] != self.kind:
            return [effect]
        self.seen += 1
        if not self.first <= self.seen < self.last:
            return [effect]
        return [Send(effect.frame._replace(text=json.dumps(f))) for f in self.change(frame)]


def with_fields(**fields) -> Change:
    return lambda frame: [[*frame[:-1], {**frame[-1], **fields}]]


def without(field: str) -> Change:
    return lambda frame: [[*frame[:-1], {k: v for k, v in frame[-1].items() if k != field}]]


def error(code: str) -> Change:
    return lambda frame: [[ERROR, frame[1], code, "", {}]]


def again(frame: list) -> list:
    return [frame, frame]


def as_another(frame: list) -> list:
    return [frame, [frame[0], "another", *frame[2:]]]


def as_action(action: str, payload: dict) -> Change:
    return lambda frame: [[*frame[:2], action, payload]]


CHARGED = [
    ("link",), do("plug", connector=1, ev=CAR), do("start-transaction", connector=1),
    ("time", 200.0), do("stop-transaction", connector=1), do("unplug", connector=1),
    do("plug", connector=1, ev=CAR), do("start-transaction", connector=1), ("time", 200.0),
]  # fmt: skip
LIVES: dict[str, list[Step]] = {
    "1.6": [
        *CHARGED, ask("GetConfiguration", key=["HeartbeatInterval"]), ask("ClearCache"),
        ("ask", "ClearCache", {"x": 1}, "extra"), ("ask", "Reset", {"type": 7}, "type"),
    ],
    "2.1": [
        *CHARGED, ask("ClearCache"), ask("GetBaseReport", requestId=3, reportBase="FullInventory"),
        ("ask", "ClearCache", {"x": 1}, "extra"), ("ask", "Reset", {"type": 7}, "type"),
        ("time", 60.0),
    ],
}  # fmt: skip
LIVES["2.0.1"] = LIVES["2.1"]
BOTH = ("1.6", "2.1")
_HEARTBEAT = as_action("Heartbeat", {})
SPOILT: dict[str, tuple[str, tuple[str, ...], Spoilt]] = {
    "an answer is dropped": ("no answer", BOTH, Spoilt(RESULT, "ClearCache", lambda _: [])),
    "an answer comes twice": ("answer to nothing", BOTH, Spoilt(RESULT, "ClearCache", again)),
    "an answer under another id": (
        "answer to nothing", BOTH, Spoilt(RESULT, "ClearCache", lambda f: [[3, "x", f[2]]]),
    ),
    "an internal error": (
        "InternalError", BOTH, Spoilt(RESULT, "ClearCache", error("InternalError")),
    ),
    "a legal Call is refused": (
        "legal and refused", BOTH, Spoilt(RESULT, "ClearCache", error("NotSupported")),
    ),
    "a status that is none": (
        "invalid answer", BOTH, Spoilt(RESULT, "ClearCache", with_fields(status="Done")),
    ),
    "a field too many in an answer": (
        "invalid answer", BOTH, Spoilt(RESULT, "ClearCache", with_fields(more=1)),
    ),
    "another code for a fault": (
        "code for extra", BOTH, Spoilt(ERROR, "ClearCache", error("TypeConstraintViolation")),
    ),
    "what is wrong is accepted": (
        "code for type", BOTH,
        Spoilt(ERROR, "Reset", lambda f: [[3, f[1], {"status": "Accepted"}]]),
    ),
    "a code that is none": ("unknown code", BOTH, Spoilt(ERROR, "ClearCache", error("Oops"))),
    "1.6's code in 2.x": (
        "unknown code", ("2.1",), Spoilt(ERROR, "ClearCache", error("FormationViolation")),
    ),
    "an id is used again": (
        "id used twice", BOTH,
        Spoilt(CALL, "StatusNotification", lambda f: [[2, "x", *f[2:]]], times=2),
    ),
    "two Calls at once": ("two Calls at once", BOTH, Spoilt(CALL, "BootNotification", as_another)),
    "a Call without what it must have": (
        "invalid Call", BOTH, Spoilt(CALL, "StatusNotification", without("connectorId")),
    ),
    "no boot": ("said before it is accepted", BOTH, Spoilt(CALL, "BootNotification", _HEARTBEAT)),
    "no frame": ("frame", BOTH, Spoilt(RESULT, "ClearCache", lambda f: [[3, f[1]]])),
    "a start twice": (
        "two transactions on a connector", ("1.6",),
        Spoilt(CALL, "MeterValues", as_action("StartTransaction", {
            "connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": "2026-09-21T00:00:00Z",
        })),
    ),
    "an end of another transaction": (
        "no such transaction", ("1.6",),
        Spoilt(CALL, "StopTransaction", with_fields(transactionId=7)),
    ),
    "values after the end": (
        "after the end", ("1.6",),
        Spoilt(CALL, "MeterValues", with_fields(transactionId=101), first=5, times=9),
    ),
    "values of another connector": (
        "another connector", ("1.6",), Spoilt(CALL, "MeterValues", with_fields(connectorId=2)),
    ),
    "a status out of order": (
        "order of statuses", ("1.6",),
        Spoilt(CALL, "StatusNotification", with_fields(status="Reserved"), first=5),
    ),
    "a seqNo twice": ("order of events", ("2.1",), Spoilt(
        CALL, "TransactionEvent", with_fields(seqNo=1), first=3,
    )),
    "a gap": ("order of events", ("2.1",), Spoilt(
        CALL, "TransactionEvent", with_fields(seqNo=9), first=2,
    )),
    "no start": ("order of events", ("2.1",), Spoilt(
        CALL, "TransactionEvent", with_fields(eventType="Updated"),
    )),
    "an end in the middle": ("order of events", ("2.1",), Spoilt(
        CALL, "TransactionEvent", with_fields(eventType="Ended"), first=2,
    )),
    "parts out of order": ("order of parts", ("2.1",), Spoilt(
        CALL, "NotifyReport", with_fields(seqNo=1),
    )),
}  # fmt: skip


@pytest.mark.parametrize("version", list(LIVES))
def test_a_healthy_station_breaks_no_rule(version):
    assert fault_of(version, LIVES[version]) is None


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name in SPOILT for version in SPOILT[name][1]]
)
def test_what_is_spoilt_is_seen(name, version):
    rule, _, spoilt = SPOILT[name]
    spoilt.seen = 0
    found = fault_of(version, LIVES[version], between=spoilt)
    assert found is not None
    assert found[0] == rule, found[1]


class Late:
    """Holds the answers to an action back for a minute."""

    def __init__(self) -> None:
        self.held: list[Effect] = []

    def __call__(self, effects: list[Effect]) -> list[Effect]:
        mine = [e for e in effects if isinstance(e, Send) and e.frame.action == "ClearCache"]
        self.held += mine
        return [effect for effect in effects if effect not in mine]


@pytest.mark.parametrize("version", BOTH)
def test_an_answer_that_is_late_is_seen(version):
    steps = [ask("ClearCache"), ("time", 60.0)]
    assert fault_of(version, steps, between=Late())[0] == "no answer"


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_who_is_not_accepted_is_heard_if_he_speaks(version, status):
    spoilt = Spoilt(CALL, "BootNotification", _HEARTBEAT, first=2)
    steps = [("boot", status, 60), ("link",), ("time", 100.0)]
    assert fault_of(version, steps) is None
    assert fault_of(version, steps, between=spoilt)[0] == "said before it is accepted"
    early = Spoilt(CALL, "BootNotification", as_another, first=2)
    assert fault_of(version, steps, between=early)[0] == "two Calls at once"


def test_a_long_conversation_is_cut_down_to_what_shows_the_fault():
    first, second, *_ = conversations("1.6", "GetConfiguration", 50, 3)
    made = ("configuration", "lenient")  # first steps only
    steps = [*first, ask("ClearCache"), *(step for step in second if step[0] not in made)]

    def spoil(effects: list[Effect]) -> list[Effect]:
        return Spoilt(RESULT, "ClearCache", lambda _: [])(effects)

    rule = fault_of("1.6", steps, between=spoil)[0]
    fewer = shortest("1.6", steps, rule, between=spoil)
    assert [step[1] for step in fewer] == ["ClearCache"]
