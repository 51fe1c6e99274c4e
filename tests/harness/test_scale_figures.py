"""What a run of workers that come and leave tells of each act, from a record made here."""

from __future__ import annotations

import json

from chaos.record import CLOSED, OPENED, SENT, TOLD, Seen
from chaos.scale import ALONE, changes, figures, moved_for_nothing


def seen(at: float, link: int, kind: str, *frame) -> Seen:
    return Seen(at, at, link, kind, json.dumps(frame) if frame else "")


RECORD = [
    seen(1.0, 1, OPENED), seen(1.1, 1, SENT, 2, "a", "BootNotification", {}),
    seen(10.0, 1, TOLD, 2, "csms-1", "Reset", {}), seen(10.5, 1, SENT, 3, "csms-1", {}),
    seen(11.0, 1, CLOSED), seen(11.2, 2, OPENED),
    seen(11.5, 2, SENT, 2, "b", "BootNotification", {}),
    seen(12.0, 2, TOLD, 2, "csms-2", "Reset", {}),
    seen(20.0, 3, OPENED), seen(20.1, 3, SENT, 2, "c", "Heartbeat", {}), seen(20.3, 2, CLOSED),
]  # fmt: skip


def test_a_gap_lasts_from_the_old_links_end_to_the_first_word_on_the_new_one():
    assert [(at, round(gap, 2)) for at, gap in changes(RECORD)] == [(11.5, 0.5), (20.1, 0.0)]


def test_a_window_has_the_changes_and_calls_that_began_in_it():
    found = figures("act", 9.0, 15.0, {"CP-1": RECORD})
    assert [change.station for change in found.changes] == ["CP-1"]
    assert (found.boots, found.asked, found.answered) == (1, 2, 1)
    assert round(found.slowest, 2) == 0.5
    assert figures("act", 30.0, 40.0, {"CP-1": RECORD}).changes == []


def test_a_division_of_one_worker_changes_no_link():
    assert moved_for_nothing([figures("other", 9.0, 15.0, {"CP-1": RECORD})]) == []
    (said,) = moved_for_nothing([figures(ALONE, 9.0, 15.0, {"CP-1": RECORD})])
    assert "CP-1" in said
