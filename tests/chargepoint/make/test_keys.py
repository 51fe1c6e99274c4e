"""Keys of 1.6 and variables of 2.x that a make has otherwise, has beside, or lacks."""

import pytest

from tests.chargepoint.make.life import OTHERS, Life, measuring

INTERVAL = "MeterValueSampleInterval"


def told(life, *names):
    answer = life.ask("GetConfiguration", {"key": list(names)} if names else {})
    return {entry["key"]: entry for entry in answer["configurationKey"]}


def change(life, name, value):
    return life.ask("ChangeConfiguration", {"key": name, "value": value})["status"]


def test_values_bounds_and_what_is_read_only():
    life = Life("1.6", keys={
        "HeartbeatInterval": {"value": "900", "low": 60, "high": 3600},
        "WebSocketPingInterval": {"read_only": True, "value": "54"},
        "LightIntensity": {"absent": True},
        "AcmeMode": {"type": "text", "value": "eco", "values": ["eco", "fast"]},
        "AcmeLevel": {"type": "integer", "value": "3", "high": 5},
        "AcmeFlag": {"type": "boolean"},
    })  # fmt: skip
    found = told(life)
    assert found["WebSocketPingInterval"] == {
        "key": "WebSocketPingInterval", "readonly": True, "value": "54",
    }  # fmt: skip
    assert life.csms.pings == [54.0]
    assert "LightIntensity" not in found
    assert found["AcmeFlag"]["value"] == "false"
    assert life.ask("GetConfiguration", {"key": ["LightIntensity"]}) == {
        "configurationKey": [], "unknownKey": ["LightIntensity"],
    }  # fmt: skip
    assert change(life, "LightIntensity", "1") == "NotSupported"
    assert change(life, "HeartbeatInterval", "59") == "Rejected"
    assert change(life, "HeartbeatInterval", "60") == "Accepted"
    assert change(life, "WebSocketPingInterval", "60") == "Rejected"
    assert change(life, "acmemode", "fast") == "Accepted"
    assert change(life, "AcmeMode", "slow") == "Rejected"
    assert [change(life, "AcmeLevel", v) for v in ("5", "6", "x")] == [
        "Accepted", "Rejected", "Rejected",
    ]  # fmt: skip
    life.restart()
    assert told(life, "AcmeMode")["AcmeMode"]["value"] == "fast"


def test_the_operators_value_goes_before_the_makes():
    config = {"configuration": {"WebSocketPingInterval": "77"}}
    life = Life("1.6", config, keys={"WebSocketPingInterval": {"value": "900"}})
    assert life.csms.pings == [77.0]


def test_a_hidden_key_can_be_set_and_not_read():
    life = Life("1.6", keys={"AcmePin": {"type": "text", "value": "0000", "hidden": True}})
    assert told(life, "AcmePin")["AcmePin"] == {"key": "AcmePin", "readonly": False}
    assert change(life, "AcmePin", "1234") == "Accepted"
    assert "1234" not in str(told(life))


def test_a_key_that_counts_from_the_next_boot_on():
    life = Life("1.6", keys={INTERVAL: {"reboot": True}})
    assert change(life, INTERVAL, "x") == "Rejected"
    assert change(life, INTERVAL, "10") == "RebootRequired"
    assert told(life, INTERVAL)[INTERVAL]["value"] == "60"
    life.restart()  # of a worker: the station itself runs on
    assert told(life, INTERVAL)[INTERVAL]["value"] == "60"
    life.ask("Reset", {"type": "Soft"})
    life.pass_time(60)
    life.csms.connect()
    assert told(life, INTERVAL)[INTERVAL]["value"] == "10"


def test_a_key_that_waits_comes_with_a_power_cut_too():
    life = Life("1.6", keys={INTERVAL: {"reboot": True}})
    assert change(life, INTERVAL, "10") == "RebootRequired"
    life.do("power-cut")
    life.do("power-on")
    life.csms.connect()
    assert told(life, INTERVAL)[INTERVAL]["value"] == "10"


def test_a_key_that_waits_acts_from_the_boot_on():
    life = Life("1.6", keys={"WebSocketPingInterval": {"reboot": True}})
    assert change(life, "WebSocketPingInterval", "33") == "RebootRequired"
    life.pass_time(60)
    assert 33.0 not in life.csms.pings
    life.ask("Reset", {"type": "Soft"})
    life.pass_time(60)
    assert life.csms.pings[-1] == 33.0


def test_the_current_of_outlets_may_wait_for_a_boot():
    made = {"type": "integer", "value": "16", "effect": "max_current", "reboot": True}
    life = Life("1.6", keys={"AcmeAmps": made})
    assert change(life, "AcmeAmps", "8") == "RebootRequired"
    assert life.station.connectors[1].config.max_power_w == 16 * 690
    life.ask("Reset", {"type": "Soft"})
    life.pass_time(60)
    assert life.station.connectors[1].config.max_power_w == 8 * 690


def test_a_vendors_name_for_a_standard_key_has_its_effect():
    keys = {"AcmeInterval": {"effect": INTERVAL}, "AcmeBeat": {"effect": "HeartbeatInterval",
                                                               "read_only": True}}  # fmt: skip
    life = Life("1.6", keys=keys)
    assert told(life, "AcmeBeat")["AcmeBeat"] == {
        "key": "AcmeBeat", "readonly": True, "value": "300",
    }  # fmt: skip
    assert change(life, "AcmeBeat", "60") == "Rejected"
    assert told(life, "AcmeInterval")["AcmeInterval"]["value"] == "60"
    life.charge()
    assert change(life, "AcmeInterval", "x") == "Rejected"
    assert change(life, "AcmeInterval", "10") == "Accepted"
    assert told(life, INTERVAL)[INTERVAL]["value"] == "10"
    life.pass_time(30)
    assert len(life.said("MeterValues")) == 3
    assert change(life, INTERVAL, "20") == "Accepted"
    assert told(life, "AcmeInterval")["AcmeInterval"]["value"] == "20"


def test_free_charging_by_keys():
    keys = {
        "AcmeFree": {"type": "boolean", "effect": "free_charging"},
        "AcmeFreeTag": {"type": "text", "value": "FREE", "effect": "free_charging_tag"},
    }
    life = Life("1.6", keys=keys)
    life.do("plug", connector=1)
    assert not life.said("StartTransaction")
    life.do("unplug", connector=1)
    assert change(life, "AcmeFree", "true") == "Accepted"
    assert change(life, "AcmeFreeTag", "GUEST") == "Accepted"
    life.do("plug", connector=1)
    assert [one["idTag"] for one in life.said("StartTransaction")] == ["GUEST"]
    assert not life.said("Authorize")


def test_the_current_of_outlets_by_a_key():
    keys = {"AcmeAmps": {"type": "integer", "value": "16", "high": 32, "effect": "max_current"}}
    life = Life("1.6", measuring("Power.Offered"), keys=keys).charge(25)
    assert life.station.connectors[1].power_w == pytest.approx(16 * 230 * 3, rel=0.02)
    assert change(life, "AcmeAmps", "8") == "Accepted"
    life.pass_time(20)
    assert life.entries("Power.Offered")[-1]["value"] == pytest.approx(8 * 230 * 3, rel=0.02)
    life.restart()
    assert life.station.connectors[1].power_w == pytest.approx(8 * 230 * 3, rel=0.02)
    assert change(life, "AcmeAmps", "0") == "Accepted"
    assert life.said("StatusNotification")[-1]["status"] == "SuspendedEVSE"
    assert change(life, "AcmeAmps", "32") == "Accepted"
    assert life.said("StatusNotification")[-1]["status"] == "Charging"


# --- 2.x -----------------------------------------------------------------------------------------

others = pytest.mark.parametrize("version", OTHERS)


def get(life, key):
    component, _, name = key.partition(".")
    asked = [{"component": {"name": component}, "variable": {"name": name}}]
    return life.ask("GetVariables", {"getVariableData": asked})["getVariableResult"][0]


@others
def test_variables(version):
    life = Life(version, variables={
        "OCPPCommCtrlr.HeartbeatInterval": {"value": "900", "low": 60},
        "AuthCacheCtrlr.LifeTime": {"absent": True},
        "TxCtrlr.EVConnectionTimeOut": {"reboot": True},
        "OCPPCommCtrlr.WebSocketPingInterval": {"read_only": True},
        "AcmeCtrlr.Mode": {"type": "OptionList", "value": "eco", "values": ["eco", "fast"]},
        "AcmeCtrlr.Pin": {"type": "string", "hidden": True},
        "AcmeCtrlr.Every": {"effect": "SampledDataCtrlr.TxUpdatedInterval"},
    })  # fmt: skip
    csms = life.csms
    assert csms.set("OCPPCommCtrlr.HeartbeatInterval", "59") == "Rejected"
    assert get(life, "AuthCacheCtrlr.LifeTime")["attributeStatus"] == "UnknownVariable"
    assert csms.set("OCPPCommCtrlr.WebSocketPingInterval", "5") == "Rejected"
    assert csms.set("AcmeCtrlr.Mode", "slow") == "Rejected"
    assert csms.set("AcmeCtrlr.Mode", "fast") == "Accepted"
    assert get(life, "AcmeCtrlr.Mode")["attributeValue"] == "fast"
    assert csms.set("AcmeCtrlr.Pin", "1234") == "Accepted"
    assert get(life, "AcmeCtrlr.Pin")["attributeStatus"] == "Rejected"
    assert csms.set("TxCtrlr.EVConnectionTimeOut", "11") == "RebootRequired"
    assert get(life, "TxCtrlr.EVConnectionTimeOut")["attributeValue"] == "120"
    life.restart()
    assert get(life, "AcmeCtrlr.Mode")["attributeValue"] == "fast"
    life.ask("Reset", {"type": "Immediate"})
    life.pass_time(60)
    csms.connect()
    assert get(life, "TxCtrlr.EVConnectionTimeOut")["attributeValue"] == "11"
    life.charge()
    assert csms.set("AcmeCtrlr.Every", "10") == "Accepted"
    assert get(life, "SampledDataCtrlr.TxUpdatedInterval")["attributeValue"] == "10"
    assert get(life, "AcmeCtrlr.Every")["attributeValue"] == "10"
    before = len(csms.events)
    life.pass_time(30)
    assert len(csms.events) == before + 3
    life.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for report in life.said("NotifyReport") for line in report["reportData"]]
    named = {f"{line['component']['name']}.{line['variable']['name']}" for line in lines}
    assert {"AcmeCtrlr.Mode", "AcmeCtrlr.Pin", "AcmeCtrlr.Every"} <= named
    assert "AuthCacheCtrlr.LifeTime" not in named


@others
def test_the_current_of_outlets_by_a_variable(version):
    made = {"AcmeCtrlr.Amps": {"type": "integer", "value": "16", "effect": "max_current"}}
    life = Life(version, measuring("Power.Offered"), variables=made).charge(25)
    assert life.station.connectors[1].power_w == pytest.approx(16 * 230 * 3, rel=0.02)
    assert life.csms.set("AcmeCtrlr.Amps", "8") == "Accepted"
    life.pass_time(20)
    assert life.entries("Power.Offered")[-1]["value"] == pytest.approx(8 * 230 * 3, rel=0.02)
    life.restart()
    assert life.station.connectors[1].power_w == pytest.approx(8 * 230 * 3, rel=0.02)


@others
def test_the_current_of_outlets_by_a_variable_may_wait_for_a_boot(version):
    made = {"type": "integer", "value": "16", "effect": "max_current", "reboot": True}
    life = Life(version, variables={"AcmeCtrlr.Amps": made})
    assert life.csms.set("AcmeCtrlr.Amps", "8") == "RebootRequired"
    assert life.station.connectors[1].config.max_power_w == 16 * 690
    life.ask("Reset", {"type": "Immediate"})
    life.pass_time(60)
    assert life.station.connectors[1].config.max_power_w == 8 * 690


@pytest.mark.parametrize("keys", [
    {"ISO15118PnCEnabled": {"value": "true"}},
    {"AcmePnC": {"effect": "ISO15118PnCEnabled"}},
])  # fmt: skip
def test_plug_and_charge_of_a_make_brings_the_keys_of_its_note(keys):
    names = ("ISO15118PnCEnabled", "ContractValidationOffline", "CertSigningWaitMinimum")
    assert not set(names) & set(told(Life("1.6", keys={"AcmeFlag": {"type": "boolean"}})))
    life = Life("1.6", keys=keys)
    assert set(names) <= set(told(life))
    assert change(life, "ContractValidationOffline", "false") == "Accepted"
