"""The link and the power of a station: reset, power-off, what crosses a closing link."""

import pytest

import chargepoint.core.calls
from chargepoint.effects import Close, Received, Send
from chargepoint.timing.times import iso
from tests.chargepoint.peer import START, Peer


def kinds(effects):
    return [type(effect) for effect in effects]


@pytest.fixture
def lenient(monkeypatch):
    """As in production: a bug of ours is logged instead of raised."""
    monkeypatch.setattr(chargepoint.core.calls, "STRICT", False)


def test_after_a_reset_nothing_is_sent_on_the_old_link():
    station = Peer().connect().station
    effects = station.received('[2,"r","Reset",{"type":"Hard"}]', START)
    sent = [effect for effect in effects if type(effect) is Send]
    assert [effect.frame.kind for effect in sent] == ["CallResult"]
    assert kinds(effects).index(Close) > kinds(effects).index(Send)
    assert not station.connected


def test_a_hard_reset_ends_the_transaction_and_its_news_follow_the_boot():
    peer = Peer().connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(60)
    peer.sent.clear()
    peer.call("Reset", {"type": "Hard"})
    assert peer.actions() == []
    peer.connect()
    assert peer.actions()[0] == "BootNotification"
    assert peer.calls("StopTransaction")[0]["reason"] == "HardReset"


def test_a_soft_reset_tells_the_csms_of_the_end_first():
    peer = Peer().connect()
    peer.do("start-transaction", connector=1)
    peer.sent.clear()
    peer.call("Reset", {"type": "Soft"})
    peer.pass_time(5)
    assert peer.calls("StopTransaction")[0]["reason"] == "SoftReset"
    assert peer.closes[-1].reconnect_after > 0
    assert "BootNotification" not in peer.actions()
    peer.connect()
    assert "BootNotification" in peer.actions()


def test_what_crosses_a_closing_link_is_logged_and_ignored():
    station = Peer().connect().station
    station.received('[2,"r","Reset",{"type":"Hard"}]', START)
    [received, _] = station.received('[2,"late","ClearCache",{}]', START)
    assert type(received) is Received
    assert "closing" in received.frame.error


def test_a_powered_off_station_boots_again_and_its_transaction_goes_on():
    peer = Peer().connect()
    peer.do("start-transaction", connector=1)
    peer.pass_time(600)
    effects = peer.station.power_off(peer.now)
    assert Close in kinds(effects)
    assert Send not in kinds(effects)
    off = peer.station.connectors[1].meter_wh
    again = peer.crash()
    again.now += 3600
    again.sent = []
    again.restart()
    assert again.station.connectors[1].meter_wh == pytest.approx(off)  # no power, no energy
    again.connect()
    assert again.actions()[0] == "BootNotification"
    again.pass_time(600)
    again.do("stop-transaction", connector=1)
    assert again.calls("StartTransaction") == []
    [stop] = again.calls("StopTransaction")
    assert stop["meterStop"] == pytest.approx(11_000 / 3, abs=2)


def test_a_rejected_station_waits_out_the_interval_over_a_lost_link():
    peer = Peer()
    peer.answers["BootNotification"] = lambda p: {
        "status": "Rejected", "currentTime": iso(peer.now), "interval": 100}  # fmt: skip
    peer.connect()
    peer.pass_time(10)
    peer.drop()
    peer.connect()
    assert peer.actions() == ["BootNotification"]
    peer.pass_time(91)
    assert peer.actions() == ["BootNotification"] * 2


@pytest.mark.parametrize("there", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_an_absurd_clock_is_not_followed(there):
    peer = Peer()
    peer.answers["BootNotification"] = {"status": "Accepted", "currentTime": there, "interval": 9}
    peer.connect()
    peer.pass_time(100)
    assert peer.calls("StatusNotification")[0]["timestamp"] == iso(START)


def test_a_bug_in_a_handler_is_answered_with_internal_error(lenient, monkeypatch):
    peer = Peer().connect()
    actions = peer.station.TABLES.actions
    row, _ = actions["ClearCache"]
    monkeypatch.setitem(actions, "ClearCache", (row, lambda block, payload, now: 1 / 0))
    assert peer.call("ClearCache", {})[2] == "InternalError"
    wrong = (row, lambda block, payload, now: {"status": "Perhaps"})
    monkeypatch.setitem(actions, "ClearCache", wrong)
    assert peer.call("ClearCache", {}, "c2")[2] == "InternalError"
    assert peer.call("GetConfiguration", {"key": ["BlinkRepeat"]}, "c3")[0] == 3


def test_an_invalid_call_of_ours_is_not_sent_and_blocks_nothing(lenient):
    peer = Peer().connect()
    station = peer.station
    station.calls.queue_message("MeterValues", {"connectorId": "one"}, "s", transaction_id=1)
    station.calls.queue_message("StopTransaction", {"meterStop": 1, "timestamp": iso(START)}, "s",
                          transaction_id=1)  # fmt: skip
    peer.take(station.wake(peer.now))
    assert peer.calls("MeterValues") == []
    assert peer.calls("StopTransaction")
    assert not station.calls.queued


def test_a_status_that_was_lost_with_the_link_is_told_on_the_next():
    peer = Peer().connect()
    peer.answers["Heartbeat"] = None  # occupies the one place in flight
    peer.pass_time(300)
    peer.do("plug", connector=1)
    assert peer.statuses() == ["Available"]
    peer.drop()
    peer.connect()
    assert peer.statuses() == ["Available", "Preparing"]
