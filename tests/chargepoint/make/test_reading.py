"""A make is read by field: what is wrong, unknown or without an effect is refused by its path."""

import json

import jsonschema_rs
import msgspec
import pytest

from chargepoint.make.fields import FIELDS, MEASURANDS
from chargepoint.make.kinds import ALL, ONLY_2, ONLY_16, Parts
from chargepoint.make.make import Make
from chargepoint.make.reading import MakeError, read_make, written
from chargepoint.make.schema import make_schema
from chargepoint.v16.measurands import MEASURANDS as MEASURANDS_16
from chargepoint.v16.status import ERROR_CODES
from tests.chargepoint.make.documents import LEAST, VALUES, document, with_value

SCHEMA = jsonschema_rs.validator_for(make_schema())
# By hand, not from the table: where a field means something.
ONLY = {
    "meter_type": ONLY_16, "meter_serial": ONLY_16, "keys": ONLY_16, "variables": ONLY_2,
    "features.profiles": ONLY_16, "status.told_as": ONLY_16, "status.charging_states": ONLY_2,
    "status.connector_0": ONLY_16, "faults.connector_0": ONLY_16, "faults.warnings": ONLY_16,
    "faults.codes": ONLY_16,
}  # fmt: skip


def faults_of(made):
    with pytest.raises(MakeError) as refused:
        read_make(made)
    return {fault.path: fault.sentence for fault in refused.value.faults}


def leaves(fields=FIELDS, path=""):
    for name, field in fields.items():
        if isinstance(field, Parts):
            yield from leaves(field.fields, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def test_each_field_is_tried():
    assert {*leaves()} == {*VALUES, *LEAST}


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("path", VALUES)
def test_a_field_is_taken_where_it_has_an_effect_and_refused_by_its_name_elsewhere(path, version):
    made = with_value(path, version)
    if version in ONLY.get(path, ALL):
        assert written(read_make(made)) == json.loads(json.dumps(made))
        assert SCHEMA.is_valid(made)
    else:
        found = faults_of(made)
        [place] = found
        assert path.startswith(place) and version in found[place]
        assert not SCHEMA.is_valid(made)


@pytest.mark.parametrize("path", ONLY)
def test_a_field_is_taken_where_one_of_several_versions_has_an_effect_of_it(path):
    made = with_value(path, "1.6") | {"versions": ["1.6", "2.0.1"]}
    assert read_make(made) and SCHEMA.is_valid(made)


@pytest.mark.parametrize("path", VALUES)
def test_a_value_of_another_kind_is_refused_by_its_path(path):
    made = document(["1.6", "2.1"], **{path.replace(".", "__"): None})
    assert {*faults_of(made)} == {path}
    assert not SCHEMA.is_valid(made)


@pytest.mark.parametrize(
    ("made", "path"),
    [
        ({"versions": ["1.5"]}, "versions[1]"),
        ({"versions": []}, "versions"),
        ({"colour": "red"}, "colour"),
        ({"model": "x" * 21}, "model"),
        ({"vendor": ""}, "vendor"),
        ({"outlets": [{"id": 1}]}, "outlets[1].evse"),
        ({"outlets": [{"id": 1, "evse": 1}, {"id": 1, "evse": 2}]}, "outlets[2].id"),
        ({"outlets": [{"id": 1, "evse": 1, "phases": 2}]}, "outlets[1].phases"),
        ({"meter": {"decimals": 7}}, "meter.decimals"),
        ({"meter": {"decimals": 1.5}}, "meter.decimals"),
        ({"meter": {"decimals": True}}, "meter.decimals"),
        ({"meter": {"values": {"Volts": {}}}}, "meter.values.Volts"),
        ({"meter": {"values": {"Voltage": {"fixed": "230"}}}}, "meter.values.Voltage.fixed"),
        ({"meter": {"measurands": ["Voltage"], "values": {"SoC": {"fixed": 1}}}},
         "meter.values.SoC"),
        ({"meter": {"values": {"Energy.Active.Import.Register": {"fixed": 1}}}},
         "meter.values.Energy.Active.Import.Register.fixed"),
        ({"versions": ["2.1"], "meter": {"measurands": ["RPM"]}}, "meter.measurands[1]"),
        ({"time": {"zone": "CET"}}, "time.zone"),
        ({"faults": {"codes": {"NoError": {}}}}, "faults.codes.NoError"),
        ({"faults": {"codes": {"OtherError": {"info": "x" * 51}}}}, "faults.codes.OtherError.info"),
        ({"time": {"zone": "Z\n"}}, "time.zone"),
        ({"delays": {"reset": [3, 1]}}, "delays.reset"),
        ({"delays": {"reset": 3}}, "delays.reset"),
        ({"features": {"off": ["Fly"]}}, "features.off[1]"),
        ({"features": {"off": ["StartTransaction"]}}, "features.off[1]"),
        ({"rules": [{"action": "Fly", "status": "Accepted"}]}, "rules[1].action"),
        ({"rules": [{"action": "Reset"}]}, "rules[1]"),
        ({"keys": {"HeartbeatInterval": {"type": "integer"}}}, "keys.HeartbeatInterval.type"),
        ({"keys": {"heartbeatinterval": {"value": "1"}}}, "keys.heartbeatinterval"),
        ({"keys": {"Mine": {}}}, "keys.Mine.type"),
        ({"keys": {"Mine": {"type": "text", "absent": True}}}, "keys.Mine.absent"),
        ({"keys": {"Mine": {"effect": "Nothing"}}}, "keys.Mine.effect"),
        ({"keys": {"Mine": {"effect": "HeartbeatInterval", "value": "1"}}}, "keys.Mine.value"),
        ({"keys": {"Mine": {"effect": "max_current", "type": "text"}}}, "keys.Mine.type"),
        ({"keys": {"Mine": {"effect": "free_charging", "type": "boolean"}}}, "keys"),
        ({"keys": {"HeartbeatInterval": {"absent": True, "value": "1"}}},
         "keys.HeartbeatInterval"),
        ({"keys": {"HeartbeatInterval": {"read_only": True, "reboot": True}}},
         "keys.HeartbeatInterval"),
        ({"keys": {"HeartbeatInterval": {"low": 5, "high": 1}}}, "keys.HeartbeatInterval.low"),
        ({"versions": ["2.0.1"], "variables": {"NoPoint": {"type": "string"}}},
         "variables.NoPoint"),
        ({"versions": ["2.0.1"], "variables": {"A.B": {"type": "text"}}}, "variables.A.B.type"),
        ({"versions": ["2.0.1"], "variables": {"PaymentCtrlr.Enabled": {"value": "false"}}},
         "variables.PaymentCtrlr.Enabled.type"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_path(made, path):
    found = faults_of(LEAST | made)
    assert [*found] == [path]
    assert found[path].endswith(".")


def test_all_that_is_wrong_is_told_at_once():
    found = faults_of({"name": "", "model": 1, "versions": ["1.6"], "more": 1})
    assert [*found] == ["name", "model", "more", "vendor"]


def test_a_document_is_an_object():
    with pytest.raises(MakeError, match="object"):
        read_make([])


def test_the_table_has_the_fields_of_the_struct():
    assert {*FIELDS} == {field.name for field in msgspec.structs.fields(Make)}
    for name, field in FIELDS.items():
        usual = getattr(Make("", "", "", ()), name)
        if isinstance(field, Parts) and name != "delays":
            assert {*field.fields} == {one.name for one in msgspec.structs.fields(type(usual))}


def test_the_names_are_those_of_the_versions():
    assert set(MEASURANDS) == MEASURANDS_16
    assert set(FIELDS["faults"].fields["warnings"].of.choices) == ERROR_CODES
    assert set(FIELDS["faults"].fields["codes"].names) == ERROR_CODES


def test_the_schema_tells_each_condition():
    made = {**LEAST, "versions": ["2.1"], "faults": {"connector_0": True}}
    assert not SCHEMA.is_valid(made)
    assert SCHEMA.is_valid({**made, "versions": ["2.1", "1.6"]})
