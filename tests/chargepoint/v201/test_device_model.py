"""The variable table and the stored values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.v201.variables.device_model import DeviceModel
from chargepoint.v201.variables.table import CONNECTOR_VARIABLES, EVSE_VARIABLES, VARIABLES

find = DeviceModel.CATALOGUE.find
CONNECTORS = {1: {1, 2}, 2: {1}}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.key)
def test_every_default_is_acceptable_and_is_found_whatever_the_case(variable):
    if not variable.live:
        assert DeviceModel.refusal(variable, variable.default) is None
        assert DeviceModel().value(variable.key) == variable.default
    name = {"name": variable.name.upper()}
    if variable.instance:
        name["instance"] = variable.instance.lower()
    assert find({"name": variable.component.swapcase()}, name, CONNECTORS) is variable


def test_keys_are_unique():
    keys = [v.key.lower() for v in (*VARIABLES, *EVSE_VARIABLES, *CONNECTOR_VARIABLES)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("component", "variable", "expected"),
    [
        ({"name": "NoCtrlr"}, {"name": "Enabled"}, "UnknownComponent"),
        ({"name": "TxCtrlr"}, {"name": "Nothing"}, "UnknownVariable"),
        ({"name": "TxCtrlr", "instance": "x"}, {"name": "TxStartPoint"}, "UnknownComponent"),
        ({"name": "TxCtrlr", "evse": {"id": 1}}, {"name": "TxStartPoint"}, "UnknownComponent"),
        ({"name": "OCPPCommCtrlr"}, {"name": "MessageAttempts"}, "UnknownVariable"),
        ({"name": "EVSE"}, {"name": "Power"}, "UnknownComponent"),
        ({"name": "EVSE", "evse": {"id": 9}}, {"name": "Power"}, "UnknownComponent"),
        (
            {"name": "Connector", "evse": {"id": 2, "connectorId": 2}},
            {"name": "Available"},
            "UnknownComponent",
        ),
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Nothing"}, "UnknownVariable"),
    ],
)
def test_what_is_not_there_is_named(component, variable, expected):
    assert find(component, variable, CONNECTORS) == expected


def test_evse_and_connector_variables_need_their_place():
    power = find({"name": "EVSE", "evse": {"id": 1}}, {"name": "power"}, CONNECTORS)
    assert power.key == "EVSE.Power"
    kind = find(
        {"name": "Connector", "evse": {"id": 1, "connectorId": 2}},
        {"name": "ConnectorType"},
        CONNECTORS,
    )
    assert kind.key == "Connector.ConnectorType"


def by_key(key):
    return next(v for v in VARIABLES if v.key == key)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("OCPPCommCtrlr.HeartbeatInterval", "-1"),
        ("OCPPCommCtrlr.HeartbeatInterval", "1_000"),
        ("OCPPCommCtrlr.HeartbeatInterval", "sixty"),
        ("OCPPCommCtrlr.HeartbeatInterval", "1.5"),
        ("OCPPCommCtrlr.HeartbeatInterval", ""),
        ("OCPPCommCtrlr.HeartbeatInterval", "٣"),
        ("AuthCtrlr.Enabled", "yes"),
        ("TxCtrlr.TxStartPoint", "ParkingMeter"),
        ("TxCtrlr.TxStartPoint", "Authorized,authorized"),
        ("SecurityCtrlr.OrganizationName", "x" * 1001),
    ],
)
def test_impossible_values_are_refused_with_a_reason(key, text):
    assert DeviceModel.refusal(by_key(key), text)
    assert DeviceModel({key: text}).value(key) == by_key(key).default


def test_values_are_written_one_way():
    model = DeviceModel({"txctrlr.txstartpoint": " authorized, EVCONNECTED "})
    assert model.members("TxCtrlr.TxStartPoint") == ["Authorized", "EVConnected"]
    model.set(by_key("AuthCtrlr.Enabled"), "FALSE")
    assert model.value("AuthCtrlr.Enabled") == "false"
    assert not model.flag("AuthCtrlr.Enabled")


def test_a_value_that_needs_a_boot_waits_for_it():
    variable = by_key("SecurityCtrlr.OrganizationName")
    model = DeviceModel()
    assert model.set(variable, "Power to all") is True
    assert model.value(variable.key) == ""
    again = DeviceModel.from_saved(*model.to_saved(), {})
    again.booted()
    assert again.value(variable.key) == "Power to all"


def test_the_later_word_holds():
    interval = by_key("OCPPCommCtrlr.HeartbeatInterval")
    model = DeviceModel({interval.key: "60"})
    model.set(interval, "90")
    model = DeviceModel.from_saved(*model.to_saved(), {interval.key: "60"})
    assert model.value(interval.key) == "90"
    model = DeviceModel.from_saved(*model.to_saved(), {interval.key: "120"})
    assert model.value(interval.key) == "120"


def test_stations_share_the_defaults():
    one, other = DeviceModel(), DeviceModel()
    one.set(by_key("OCPPCommCtrlr.HeartbeatInterval"), "60")
    assert other.integer("OCPPCommCtrlr.HeartbeatInterval") == 300
    assert other.to_saved() == ({}, {})


@given(st.dictionaries(st.sampled_from([v.key for v in VARIABLES]) | st.text(), st.text()))
def test_any_configuration_gives_a_model_whose_values_are_acceptable(configuration):
    model = DeviceModel(configuration)
    for variable in VARIABLES:
        if not variable.live:
            assert DeviceModel.refusal(variable, model.value(variable.key)) is None
    assert DeviceModel.from_saved(*model.to_saved(), configuration).to_saved() == model.to_saved()
