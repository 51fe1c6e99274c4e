"""What is wrong with a profile is told by its field."""

import jsonschema
import orjson
import pytest

from chargepoint.cars.reading import UnfitProfile, json_schema, read, told
from chargepoint.cars.shipped import shipped

GOOD = told(shipped()["large-suv"])


def changed(**changes):
    raw = orjson.loads(orjson.dumps(GOOD))
    for path, value in changes.items():
        place, *steps = path.split("__")
        at = raw
        for step in steps:
            at, place = at[place], step
        at[place] = value
    return raw


FAULTS = [
    ({"battery_kwh": 0}, "battery_kwh"),
    ({"battery_kwh": float("nan")}, "battery_kwh"),
    ({"name": "Two words"}, "name"),
    ({"colour": "red"}, ""),
    ({"ac__colour": "red"}, "ac"),
    ({"ac__phases": 4}, "ac.phases"),
    ({"ac__phases": 0}, "ac.phases"),
    ({"dc__phases": 3}, "dc.phases"),
    ({"dc__curve": [[0, 100], [50, 100]]}, "dc.curve"),
    ({"dc__curve": [[0, 100], [50, 100], [50, 20], [100, 5]]}, "dc.curve"),
    ({"dc__curve": [[0, 100], [100, 900]]}, "dc.curve"),
    ({"dc__curve": [[0, 100], [100, 0]]}, "dc.curve.1.1"),
    ({"dc__curve": [[0, 100]]}, "dc.curve"),
    ({"dc__efficiency": 1.2}, "dc.efficiency"),
    ({"ac__min_current_a": 60}, "ac.min_current_a"),
    ({"arrival_soc": [60, 20]}, "arrival_soc"),
    ({"breaks": [{"soc": 80, "seconds": 5}, {"soc": 20, "seconds": 5}]}, "breaks"),
    ({"breaks": [{"soc": 80, "seconds": -1}]}, "breaks.0.seconds"),
    ({"iso15118": ["2", "3"]}, "iso15118.1"),
    ({"iso15118": ["2", "2"]}, "iso15118"),
    ({"wakes_by": "shouting"}, "wakes_by"),
    ({"discharge": {"max_power_kw": -5}}, "discharge.max_power_kw"),
    ({"conditioning": {"seconds": 5}}, "conditioning"),
    ({"ac": None}, "ac"),
]


@pytest.mark.parametrize(("changes", "field"), FAULTS, ids=[repr(c)[:60] for c, _ in FAULTS])
def test_a_fault_is_told_by_its_field(changes, field):
    with pytest.raises(UnfitProfile) as caught:
        read(changed(**changes))
    assert list(caught.value.problems) == [field]
    assert all(caught.value.problems[field])


def test_several_faults_are_told_together():
    with pytest.raises(UnfitProfile) as caught:
        read(changed(battery_kwh=-1, dc__efficiency=2))
    assert set(caught.value.problems) == {"battery_kwh", "dc.efficiency"}


def test_a_car_has_an_inlet():
    with pytest.raises(UnfitProfile, match="at least one inlet"):
        read({"name": "x", "title": "X", "battery_kwh": 50})


def test_the_schema_is_one_and_takes_what_ships():
    """By another implementation than the one that reads."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    validator = jsonschema.Draft202012Validator(json_schema())
    for profile in shipped().values():
        validator.validate({"$schema": "./ev-profile.schema.json", **told(profile)})
    for changes, _ in FAULTS[:3]:
        assert not validator.is_valid(orjson.loads(orjson.dumps(changed(**changes))))


def test_equal_profiles_are_one_object():
    assert read(changed(title="Own")) is read(changed(title="Own"))
