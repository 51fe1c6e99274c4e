"""BootNotification, Heartbeat, statuses after boot and after time away, Reset."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.effects import PingInterval
from chargepoint.timing.times import iso
from chargepoint.versions import make_station

from .csms import Csms, booted, config_of
from .profiles import profile


def answer(status, interval=300):
    return lambda _: {"currentTime": iso(1e9), "interval": interval, "status": status}


@pytest.mark.proves("BootNotification", "StatusNotification")
def test_boot_says_who_it_is_and_then_every_connector():
    csms = booted(iccid="89", imsi="20")
    assert csms.calls[0] == (
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {
                "model": "Two", "vendorName": "Acme", "serialNumber": "S1",
                "firmwareVersion": "1.0", "modem": {"iccid": "89", "imsi": "20"},
            },
        },
    )  # fmt: skip
    places = [(s["evseId"], s["connectorId"]) for s in csms.sent("StatusNotification")]
    assert places == [(1, 1), (2, 1)]


def test_names_longer_than_the_schema_are_cut():
    csms = booted(vendor="v" * 60, model="m" * 60, serial="s" * 60, firmware="f" * 60)
    station = csms.calls[0][1]["chargingStation"]
    assert [len(v) for v in station.values()] == [20, 50, 25, 50]


def test_connectors_of_one_evse_count_from_one():
    connectors = tuple(ConnectorConfig(id=n, evse=e) for n, e in ((1, 1), (2, 1), (3, 2)))
    csms = booted(connectors=connectors)
    places = [(s["evseId"], s["connectorId"]) for s in csms.sent("StatusNotification")]
    assert places == [(1, 1), (1, 2), (2, 1)]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_not_accepted_yet(status):
    csms = Csms()
    csms.answers["BootNotification"] = answer(status, 20)
    csms.connect()
    assert [name for name, _ in csms.calls] == ["BootNotification"]
    with pytest.raises(CommandRejected) as refused:
        csms.command("start-transaction", connector=1)
    assert refused.value.code == "not_accepted"
    csms.pass_time(19)
    assert len(csms.calls) == 1
    csms.answers["BootNotification"] = answer("Accepted")
    csms.pass_time(1)
    told = [name for name, _ in csms.calls if name != "SecurityEventNotification"]
    assert told == ["BootNotification"] * 2 + ["StatusNotification"] * 2


def test_while_rejected_calls_are_refused_and_while_pending_served():
    csms = Csms()
    csms.answers["BootNotification"] = answer("Rejected")
    csms.connect()
    assert csms.call("ClearCache", {})[0] == "SecurityError"
    csms = Csms()
    csms.answers["BootNotification"] = answer("Pending")
    csms.connect()
    assert csms.call("ClearCache", {}) == {"status": "Accepted"}
    token = {"idToken": "a", "type": "Central"}
    start = {"remoteStartId": 1, "idToken": token}
    assert csms.call("RequestStartTransaction", start)["status"] == "Rejected"
    trigger = {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
    assert csms.call("TriggerMessage", trigger) == {"status": "Accepted"}
    assert len(csms.sent("StatusNotification")) == 1
    assert csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == {
        "status": "Accepted"
    }
    assert csms.sent("NotifyReport")
    csms.answers["BootNotification"] = answer("Accepted")
    assert csms.call("TriggerMessage", {"requestedMessage": "BootNotification"}) == {
        "status": "Accepted"
    }
    assert csms.sent("BootNotification")[-1]["reason"] == "Triggered"
    assert csms.station.registration == "Accepted"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_what_is_asked_of_a_pending_station_is_told_at_once(version):
    csms = Csms(config_of(version))
    csms.answers["BootNotification"] = answer("Pending")
    csms.connect()
    asked = csms.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(6000.0)})
    assert asked == {"status": "Accepted"}
    csms.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
    wanted = ["ReportChargingProfiles", "SignCertificate"]
    if version == "2.1":
        limit = {"priority": 0, "pctMaxDischargePower": 50.0}
        csms.call(
            "SetDERControl",
            {
                "isDefault": True,
                "controlId": "C",
                "controlType": "LimitMaxDischarge",
                "limitMaxDischarge": limit,
            },
        )
        csms.call("GetDERControl", {"requestId": 2})
        wanted.insert(1, "ReportDERControl")
    trigger = {"requestedMessage": "SignV2GCertificate"}
    assert csms.call("TriggerMessage", trigger) == {"status": "Accepted"}
    assert [name for name, _ in csms.calls] == ["BootNotification", *wanted]


def test_a_new_link_within_the_interval_leaves_it_rejected():
    csms = Csms()
    csms.answers["BootNotification"] = answer("Rejected")
    csms.connect()
    csms.disconnect()
    csms.connect()
    assert csms.call("ClearCache", {})[0] == "SecurityError"  # B03.FR.03
    assert [name for name, _ in csms.calls] == ["BootNotification"]


@pytest.mark.proves("TxCtrlr.TxBeforeAcceptedEnabled")
def test_transactions_before_acceptance_if_allowed():
    allowed = {
        "TxCtrlr.TxBeforeAcceptedEnabled": "true",
        "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true",
    }
    csms = Csms(config_of(configuration=allowed))
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    csms.connect()
    assert csms.events[0]["eventType"] == "Started"
    assert csms.events[0]["offline"] is True


@pytest.mark.parametrize("allowed", [True, False])
def test_where_nobody_is_asked_a_car_charges_before_acceptance_only_if_allowed(allowed):
    keys = {
        "AuthCtrlr.Enabled": "false", "TxCtrlr.TxBeforeAcceptedEnabled": str(allowed).lower(),
    }  # fmt: skip
    csms = Csms(config_of(configuration=keys))
    csms.command("plug", connector=1)
    csms.pass_time(60)
    assert (csms.station.outlets[1].transaction is not None) is allowed
    csms.connect()
    started = csms.events[0]
    assert (started["eventType"], started.get("offline", False)) == ("Started", allowed)
    assert started["idToken"]["type"] == "NoAuthorization"
    assert csms.story()[-1][2] == "Charging"


@pytest.mark.proves("Heartbeat", "OCPPCommCtrlr.HeartbeatInterval")
def test_heartbeats_come_at_the_interval_of_the_boot_answer():
    csms = Csms()
    csms.interval = 50
    csms.connect()
    csms.pass_time(151)
    assert len(csms.sent("Heartbeat")) == 3
    assert csms.set("OCPPCommCtrlr.HeartbeatInterval", "10") == "Accepted"
    csms.pass_time(21)
    assert len(csms.sent("Heartbeat")) == 5


def test_the_station_follows_the_clock_of_the_csms():
    csms = Csms()
    csms.answers["BootNotification"] = lambda _: {
        "currentTime": "2030-01-01T00:00:00Z", "interval": 300, "status": "Accepted",
    }  # fmt: skip
    csms.connect()
    assert csms.sent("StatusNotification")[0]["timestamp"] == "2030-01-01T00:00:00.000Z"


@pytest.mark.proves("OCPPCommCtrlr.OfflineThreshold")
def test_after_a_short_time_away_only_the_news_after_a_long_one_all():
    csms = booted()
    csms.disconnect()
    csms.pass_time(10)
    csms.command("plug", connector=2)
    csms.connect()
    assert len(csms.sent("BootNotification")) == 1
    statuses = [(s["evseId"], s["connectorStatus"]) for s in csms.sent("StatusNotification")]
    assert statuses[2:] == [(2, "Occupied")]
    csms.disconnect()
    csms.pass_time(61)
    csms.connect()
    assert len(csms.sent("StatusNotification")) == 3 + 2


@pytest.mark.proves("OCPPCommCtrlr.WebSocketPingInterval")
def test_websocket_pings_follow_the_variable():
    csms = booted(configuration={"OCPPCommCtrlr.WebSocketPingInterval": "7"})
    effects = csms.station.connected_to(csms.now)
    assert PingInterval(7.0) in effects


@pytest.mark.proves("Reset")
def test_immediate_reset_ends_transactions_and_boots():
    csms = booted()
    csms.command("start-transaction", connector=1)
    assert csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    assert len(csms.closes) == 1
    assert not csms.station.connected
    csms.pass_time(5)
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"
    assert csms.story()[-1][:2] == ("Ended", "ResetCommand")
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert [e["seqNo"] for e in csms.events] == [0, 1, 2]


def test_reset_on_idle_waits_for_the_end():
    csms = booted()
    csms.command("start-transaction", connector=1)
    assert csms.call("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    csms.pass_time(60)
    csms.restart().connect()
    assert csms.closes == []
    csms.command("stop-transaction", connector=1)
    csms.pass_time(1)
    assert len(csms.closes) == 1
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "ScheduledReset"
    assert csms.call("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"


def test_an_operators_reset():
    csms = booted()
    assert csms.command("reset", kind="Soft") == {"status": "Accepted"}
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "LocalReset"


def test_a_station_that_was_taken_over_says_nothing_new():
    csms = booted()
    calls = len(csms.calls)
    csms.restart().connect()
    assert len(csms.calls) == calls
    csms.pass_time(301)
    assert len(csms.sent("Heartbeat")) == 1


def test_saved_state_is_plain_and_survives_itself():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.disconnect()
    csms.pass_time(130)
    saved = csms.saved()
    again = make_station(csms.config, saved, csms.now, rng_seed=3)
    for station in (again, csms.station):  # a new one counts the energy at once
        for connector in station.connectors.values():
            connector.advance(csms.now)
    assert again.snapshot()["saved"] == csms.station.snapshot()["saved"]


def test_the_snapshot_for_lists():
    csms = booted()
    csms.command("start-transaction", connector=1)
    csms.pass_time(60)
    shot = csms.station.snapshot()
    first, second = shot["connectors"]
    assert (first["status"], first["power_w"], first["id_tag"]) == ("Occupied", 11_000, "04A1B2C3")
    assert first["transaction"] == csms.events[0]["transactionInfo"]["transactionId"]
    assert (second["status"], second["transaction"], second["soc"]) == ("Available", None, None)
    assert (shot["ocpp"], shot["registration"], shot["power_w"]) == ("2.0.1", "Accepted", 11_000)


def test_reconfiguring_while_running():
    csms = booted()
    config = config_of(configuration={"OCPPCommCtrlr.HeartbeatInterval": "20"})
    more = ConnectorConfig(id=3, evse=3)
    config = config_of(configuration=config.configuration, connectors=(*config.connectors, more))
    csms.perform(csms.station.reconfigure(config, csms.now))
    assert csms.sent("StatusNotification")[-1]["evseId"] == 3
    csms.command("start-transaction", connector=3)
    csms.pass_time(41)
    assert len(csms.sent("Heartbeat")) == 2
