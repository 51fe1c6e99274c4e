"""Times, statuses, actions, faults and power of a make, on the wire of each version."""

import pytest

from chargepoint.timing.times import seconds_of
from tests.chargepoint.make.life import OTHERS, VERSIONS, Life, measuring
from tests.chargepoint.peer import START

every_version = pytest.mark.parametrize("version", VERSIONS)


def statuses(life, connector=1):
    """Those that were told of a connector: (status, errorCode)."""
    told = [one for one in life.said("StatusNotification") if one["connectorId"] == connector]
    return [(one["status"], one["errorCode"]) for one in told]


def stamps_of(life):
    """Every timestamp that the station has sent, by the name of its field."""
    found = []

    def look(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in ("timestamp", "scheduleStart", "startSchedule"):
                    found.append(inner)
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for action in ("StatusNotification", "StartTransaction", "MeterValues", "StopTransaction",
                   "TransactionEvent"):  # fmt: skip
        look(life.said(action))
    look(life.ask("GetCompositeSchedule", {"duration": 60, "evseId": 1} if life.version != "1.6"
                  else {"connectorId": 1, "duration": 60}))  # fmt: skip
    return found


# Without a zone it is a breach of the specification on purpose: 1.6 3.14, 2.0.1 part 2 1.4 ask for
# one. The schemas do not see it.
@every_version
@pytest.mark.parametrize(
    ("time", "length", "end"),
    [
        ({"zone": ""}, 23, ""), ({"zone": "", "fractions": 0}, 19, ""),
        ({"zone": "+02:00"}, 29, "+02:00"), ({"zone": "-05:30", "fractions": 1}, 27, "-05:30"),
        ({"fractions": 0}, 20, "Z"), ({"fractions": 6}, 27, "Z"),
    ],
)  # fmt: skip
def test_timestamps(version, time, length, end):
    config = measuring("Voltage")
    config["configuration"] |= {"ClockAlignedDataInterval": "30", "AlignedDataCtrlr.Interval": "30"}
    life = Life(version, config, time=time).charge(65)
    life.stop()
    found = stamps_of(life)
    assert len(found) > 10
    assert {len(text) for text in found} == {length}
    assert {text[len(text) - len(end):] for text in found} == {end}
    assert all(START - 1 <= seconds_of(text) <= START + 66 for text in found)


def test_statuses_are_skipped_and_told_as_others():
    told_as = {"Preparing": "Available", "Finishing": "Available", "SuspendedEV": "SuspendedEVSE"}
    life = Life("1.6", status__told_as=told_as).charge(3 * 3600, soc=90, battery_kwh=20)
    life.stop()
    found = [status for status, _ in statuses(life)]
    assert found == ["Available", "Charging", "SuspendedEVSE", "Available"]


def test_connector_0_is_told_only_where_it_is_asked_for():
    life = Life("1.6", status__connector_0=False)
    life.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    assert [one for one in life.said("StatusNotification") if not one["connectorId"]] == []
    life.ask("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0})
    assert len([one for one in life.said("StatusNotification") if not one["connectorId"]]) == 1


@every_version
def test_statuses_are_told_again_and_again(version):
    life = Life(version, status__repeat_s=60)
    before = len(life.said("StatusNotification"))
    life.pass_time(59)
    assert len(life.said("StatusNotification")) == before
    life.pass_time(122)
    assert len(life.said("StatusNotification")) == before + 3 * 2
    life.restart()
    before = len(life.said("StatusNotification"))
    life.pass_time(60)
    assert len(life.said("StatusNotification")) == before + 2


@pytest.mark.parametrize("version", OTHERS)
def test_a_charging_state_that_is_told_as_another(version):
    life = Life(version, status__charging_states={"SuspendedEV": "SuspendedEVSE"})
    life.charge(3 * 3600, soc=90, battery_kwh=20)
    states = {state for _, _, state in life.csms.story()}
    assert "SuspendedEVSE" in states and "SuspendedEV" not in states
    changes = [one for one in life.csms.story() if one[1] == "ChargingStateChanged"]
    assert changes == list(dict.fromkeys(changes))


# --- what it does without ------------------------------------------------------------------------


@every_version
@pytest.mark.parametrize("code", ["NotSupported", "NotImplemented"])
def test_an_action_that_is_switched_off_is_answered_with_an_error(version, code):
    life = Life(version, features__off=["ClearCache"], features__answer=code)
    assert life.ask("ClearCache", {}) == code
    if version == "1.6":
        assert life.ask("GetConfiguration", {"key": ["NumberOfConnectors"]})["configurationKey"]


@every_version
def test_an_action_that_is_switched_off_is_not_sent(version):
    life = Life(version, measuring("Voltage"), features__off=["Heartbeat", "MeterValues"])
    life.charge(700)
    assert not life.said("Heartbeat") and not life.said("MeterValues")
    asked = {"requestedMessage": "Heartbeat"}
    assert life.ask("TriggerMessage", asked)["status"] == "NotImplemented"
    usual = Life(version, measuring("Voltage")).charge(700)
    assert usual.said("Heartbeat")


def test_feature_profiles_are_told_and_the_rest_is_not_served():
    life = Life("1.6", features__profiles=["SmartCharging", "RemoteTrigger"])
    [told] = life.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})["configurationKey"]
    assert told["value"] == "Core,SmartCharging,RemoteTrigger"
    assert life.ask("GetLocalListVersion", {}) == "NotSupported"
    assert life.ask("CancelReservation", {"reservationId": 1}) == "NotSupported"
    asked = {"requestedMessage": "FirmwareStatusNotification"}
    assert life.ask("TriggerMessage", asked)["status"] == "NotImplemented"
    assert life.ask("ClearChargingProfile", {})["status"] == "Unknown"


# --- faults --------------------------------------------------------------------------------------


def test_a_warning_is_told_while_charging_goes_on():
    life = Life("1.6", faults__warnings=["HighTemperature"]).charge(60)
    result = life.do("fault", connector=1, error_code="HighTemperature")
    assert result == {"status": "Charging"}
    assert statuses(life)[-1] == ("Charging", "HighTemperature")
    before = life.station.connectors[1].meter_wh
    life.pass_time(60)
    life.restart()
    assert life.station.connectors[1].error_code == "HighTemperature"
    assert life.station.connectors[1].meter_wh > before
    life.do("fault", connector=1, error_code="NoError")
    assert statuses(life)[-1] == ("Charging", "NoError")
    life.do("fault", connector=1, error_code="GroundFailure")
    assert statuses(life)[-1] == ("Faulted", "GroundFailure")
    life.do("fault", connector=1, error_code="NoError")
    assert statuses(life)[-1][1] == "NoError"


def test_a_fault_is_told_of_connector_0_as_well():
    life = Life("1.6", faults__connector_0=True)
    life.do("fault", connector=1, error_code="GroundFailure")
    assert statuses(life, 0)[-1] == ("Faulted", "GroundFailure")
    life.ask("Reset", {"type": "Hard"})
    life.pass_time(60)
    life.csms.connect()
    assert statuses(life, 0)[-1] == ("Faulted", "GroundFailure")
    life.do("fault", connector=1, error_code="NoError")
    assert statuses(life, 0)[-1] == ("Available", "NoError")


# --- power ---------------------------------------------------------------------------------------


@every_version
def test_outlets_share_the_power_of_their_cabinet(version):
    life = Life(version, measuring("Power.Active.Import"), power__shared_w=22_000).charge(5)
    one, two = life.station.connectors.values()
    assert one.power_w == pytest.approx(22_000, rel=0.01)
    life.charge(25, connector=2)
    assert one.power_w == two.power_w == pytest.approx(11_000, rel=0.01)
    assert life.entries("Power.Active.Import")[-1]["value"] == pytest.approx(11_000, rel=0.01)
    life.restart()
    life.pass_time(5)
    one, two = life.station.connectors.values()
    assert one.power_w == two.power_w == pytest.approx(11_000, rel=0.01)
    life.do("stop-transaction", connector=1)  # its car stays at the plug
    assert two.power_w == pytest.approx(22_000, rel=0.01)
    whole = {"duration": 60, "connectorId": 0} if version == "1.6" else {"duration": 60,
                                                                        "evseId": 0}  # fmt: skip
    answer = life.ask("GetCompositeSchedule", whole | {"chargingRateUnit": "W"})
    schedule = answer.get("chargingSchedule") or answer["schedule"]
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 22_000


def test_the_power_of_a_cabinet_is_below_a_profile_that_allows_more():
    from tests.chargepoint.v16.charging import profile, set_profile

    life = Life("1.6", power__shared_w=11_000).charge(5)
    most = profile(15_000, purpose="ChargePointMaxProfile", kind="Absolute", startSchedule=START)
    assert set_profile(life.csms, 0, most) == "Accepted"
    life.pass_time(5)
    assert life.station.connectors[1].power_w == pytest.approx(11_000, rel=0.01)
