"""The audit is audited: each way in which a recorded run is spoilt must be caught by its check."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaos.audit.books import CHECKS, MOST_LISTED, Books
from chaos.audit.evidence import Evidence
from chaos.record import SENT, TOLD, Recording, Seen, read

from .recorded import RUN, Story, station_2, station_16

Spoil = Callable[[Evidence], Any]


def found(evidence: Evidence) -> set[str]:
    return {violation.check for check in CHECKS for violation in check(evidence)}


def frames(evidence: Evidence, action: str, kind: str = SENT) -> list[int]:
    """Places of such frames in the record."""
    return [
        place for place, seen in enumerate(evidence.seen)
        if seen.kind == kind and f'"{action}"' in seen.text
    ]  # fmt: skip


def rewrite(evidence: Evidence, place: int, change: Callable[[list], None]) -> None:
    """Change a frame in the record and in the log alike."""
    before = evidence.seen[place]
    frame = json.loads(before.text)
    change(frame)
    text = json.dumps(frame)
    evidence.seen[place] = before._replace(text=text)
    for number, row in enumerate(evidence.log):
        if row.text == before.text:
            evidence.log[number] = row._replace(text=text)


def on_link(evidence: Evidence, place: int, link: int) -> None:
    evidence.seen[place] = evidence.seen[place]._replace(link=link)


def late(evidence: Evidence, link: int, text: str) -> None:
    """A frame more, on an older connection, while a newer one is used."""
    last = evidence.seen[-1]
    evidence.seen.append(Seen(last.mono + 1, last.wall + 1, link, SENT, text))
    row = evidence.log[-1]
    evidence.log.append(row._replace(id="f" * 22, seq=row.seq + 1, direction="sent", text=text))


@pytest.mark.parametrize("story", [station_16, station_2])
def test_a_run_as_it_should_be_has_no_violation(story):
    assert found(story()) == set()


SPOILT_16: dict[str, tuple[str, Spoil]] = {
    "a record of a sent frame is dropped": (
        "missing from the log",
        lambda e: e.log.remove(next(r for r in e.log if "MeterValues" in r.text)),
    ),
    "a record is there twice": (
        "twice in the log",
        lambda e: e.log.append(e.log[2]._replace(id="f" * 22, seq=999)),
    ),
    "a received frame is there twice": (
        "twice in the log",
        lambda e: e.log.append(
            next(r for r in e.log if r.direction == "received")._replace(id="f" * 22, seq=999)
        ),
    ),
    "the log has what the CSMS never sent": (
        "twice in the log",
        lambda e: e.log.append(
            e.log[0]._replace(id="f" * 22, seq=999, direction="received", text='[3,"x",{}]')
        ),
    ),
    "two records have changed places": (
        "order of the log",
        lambda e: swap(e, 2, 4),
    ),
    "two received records have changed places": (
        "order of the log",
        lambda e: swap(e, 1, 3),
    ),
    "a run began again with a number that it had": (
        "(run, seq) repeated",
        lambda e: e.log.__setitem__(3, e.log[3]._replace(seq=e.log[2].seq)),
    ),
    "an id that is older than the one before it": (
        "order of the log",
        lambda e: e.log.__setitem__(3, e.log[3]._replace(id="0" * 22)),
    ),
    "a frame on the old link": (
        "two links", lambda e: late(e, 1, '[2,"s-99","Heartbeat",{}]'),
    ),
    "a result on the old link": ("two links", lambda e: late(e, 1, '[3,"c-9",{}]')),
    "a message id twice": (
        "message id reused", lambda e: rewrite(e, frames(e, "StopTransaction")[1], first_id),
    ),
    "a Call before the answer": (
        "two Calls at once",
        lambda e: e.seen.pop(frames(e, "BootNotification")[0] + 1),
    ),
    "a register falls in a transaction": (
        "register fell",
        lambda e: rewrite(e, frames(e, "MeterValues")[1], lambda f: meter(f, "20")),
    ),
    "a register falls between transactions": (
        "register fell",
        lambda e: rewrite(
            e, frames(e, "StopTransaction")[0], lambda f: f[3].update(meterStop=140)
        ),
    ),
    "a session is left active": (
        "session left active", lambda e: e.sessions[0].update(state="active"),
    ),
    "a session is deleted": ("session missing", lambda e: e.sessions.pop()),
    "a session is there twice": (
        "session doubled", lambda e: e.sessions.append({**e.sessions[0], "_id": "z"}),
    ),
    "a session that the CSMS never heard of": (
        "session unknown to the CSMS",
        lambda e: e.sessions.append({**e.sessions[0], "_id": "z", "transaction_id": "77"}),
    ),
    "the CSMS never saw the end": (
        "session without end", lambda e: e.seen.pop(frames(e, "StopTransaction")[1]),
    ),
    "another energy at the end": (
        "energy differs", lambda e: e.sessions[1].update(meter_stop=248),
    ),
    "another energy at the begin": (
        "energy differs", lambda e: e.sessions[1].update(meter_start=98),
    ),
    "another tag": ("energy differs", lambda e: e.sessions[1].update(id_tag="")),
    "a meter value is not kept": ("meter values differ", lambda e: e.samples["b"].clear()),
    "the state has it open": (
        "state differs", lambda e: e.state["connectors"][0].update(transaction="2"),
    ),
    "the state's register is behind": (
        "state differs", lambda e: e.state["connectors"][0].update(energy_wh=200),
    ),
    "there is no state": ("state differs", lambda e: setattr(e, "state", None)),
    "an accepted reservation is gone": (
        "accepted and lost", lambda e: e.lost.append("the accepted reservation 3 is gone"),
    ),
}  # fmt: skip

SPOILT_2: dict[str, tuple[str, Spoil]] = {
    "a number with other content": (
        "seqNo reused",
        lambda e: rewrite(e, frames(e, "TransactionEvent")[3], lambda f: meter(f, "31")),
    ),
    "an Updated and the Ended have one number": (
        "seqNo reused",
        lambda e: rewrite(e, frames(e, "TransactionEvent")[4], lambda f: f[3].update(seqNo=2)),
    ),
    "a number is left out": (
        "seqNo gap", lambda e: e.seen.pop(frames(e, "TransactionEvent")[1]),
    ),
    "the first event never came": (
        "seqNo gap", lambda e: e.seen.pop(frames(e, "TransactionEvent")[0]),
    ),
    "an event after the end": (
        "seqNo gap",
        lambda e: late(e, 4, json.dumps([2, "s-99", "TransactionEvent", {
            "eventType": "Updated", "seqNo": 4, "transactionInfo": {"transactionId": "T"},
        }])),
    ),
    "a register falls": (
        "register fell",
        lambda e: rewrite(e, frames(e, "TransactionEvent")[1], lambda f: meter(f, "9999")),
    ),
    "an end falls below what was shown": (
        "register fell",
        lambda e: rewrite(e, frames(e, "TransactionEvent")[-1], lambda f: meter(f, "15", -1)),
    ),
    "the values of an end fall among themselves": (
        "register fell",
        lambda e: rewrite(e, frames(e, "TransactionEvent")[-1], lambda f: meter(f, "9999")),
    ),
    "a session is left active": (
        "session left active", lambda e: e.sessions[0].update(state="active"),
    ),
    "another energy at the end": (
        "energy differs", lambda e: e.sessions[0].update(meter_stop=38),
    ),
    "a meter value is not kept": ("meter values differ", lambda e: e.samples["a"].pop()),
}  # fmt: skip


def swap(evidence: Evidence, one: int, other: int) -> None:
    first, second = evidence.log[one], evidence.log[other]
    evidence.log[one] = first._replace(text=second.text)
    evidence.log[other] = second._replace(text=first.text)


def first_id(frame: list) -> None:
    frame[1] = "s-1"


def meter(frame: list, value: str, place: int = 0) -> None:
    frame[3]["meterValue"][place]["sampledValue"][0]["value"] = value


@pytest.mark.parametrize("name", SPOILT_16)
def test_a_spoilt_run_of_1_6_is_caught(name):
    check, spoil = SPOILT_16[name]
    evidence = station_16()
    spoil(evidence)
    assert check in found(evidence)


@pytest.mark.parametrize("name", SPOILT_2)
def test_a_spoilt_run_of_2_x_is_caught(name):
    check, spoil = SPOILT_2[name]
    evidence = station_2()
    spoil(evidence)
    assert check in found(evidence)


def test_every_check_is_proven():
    proven = {check for check, _ in [*SPOILT_16.values(), *SPOILT_2.values()]}
    assert proven == {
        "missing from the log", "twice in the log", "order of the log", "(run, seq) repeated",
        "two links", "message id reused", "two Calls at once", "seqNo reused", "seqNo gap",
        "register fell", "session missing", "session doubled", "session unknown to the CSMS",
        "session without end", "session left active", "energy differs", "meter values differ",
        "state differs", "accepted and lost",
    }  # fmt: skip


def test_what_is_allowed_is_no_violation():
    evidence = station_16()
    row = evidence.log[-1]
    # Sent by the station, never arrived; sent by the CSMS, never arrived.
    evidence.log.append(row._replace(id="f" * 22, seq=99, direction="sent", text='[2,"s-9"]'))
    last = evidence.seen[-1]
    evidence.seen.append(last._replace(kind=TOLD, text='[2,"c-9","Reset",{}]'))
    assert found(evidence) == set()


def test_a_call_after_the_timeout_is_no_violation_even_where_the_network_bunched_the_two():
    story = Story()
    story.connect(1)
    story.says([2, "s-1", "Heartbeat", {}])
    story.now += 10.0
    story.says([2, "s-2", "Heartbeat", {}])
    bunched = [seen._replace(mono=50.0) for seen in story.seen]
    evidence = Evidence("S", "1.6", bunched, story.log, [], {}, {"connectors": []}, 10.0)
    assert found(evidence) == set()


def test_counts_go_on_where_the_list_ends():
    books, evidence = Books(), station_16()
    evidence.lost += ["gone"] * (MOST_LISTED + 5)
    books.examine(evidence)
    assert books.found["accepted and lost"] == MOST_LISTED + 5
    assert len(books.violations) == MOST_LISTED
    assert books.counts["transactions begun"] == books.counts["transactions ended"] == 2
    assert books.counts["connections"] == 2
    assert books.actions["StartTransaction"] == 3
    assert books.actions["ChangeConfiguration (of the CSMS)"] == 2


def test_a_recording_is_read_back_as_it_was(tmp_path):
    recording = Recording(tmp_path)
    seen = [Seen(1.5, 2.5, 1, SENT, 'a "frame"\n'), Seen(2.0, 3.0, 1, TOLD, "é")]
    for one in seen:
        recording.note("S", one)
    recording.flush()
    assert list(read(tmp_path, "S")) == seen
    assert list(read(tmp_path, "nobody")) == []


def test_runs_are_told_apart():
    assert {row.run for row in station_16().log} == {RUN, RUN + 1}
