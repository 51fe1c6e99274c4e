"""Plans of stations that share a design, beside plans that are made one by one."""

from __future__ import annotations

import dataclasses

import pytest
from bson import ObjectId
from django.db import connection

from stations.configuration import secrets
from stations.makes import documents, finding
from stations.models import Station
from stations.orders import named
from stations.worker.plans import Plan, Planner, station_of

FIELDS = [field for field in Station._meta.concrete_fields if field.attname != "id"]
OTHERWISE = {
    "identity": "CP-2", "spread": 7, "serial": "S-2", "csms_url": "wss://other:1/{identity}?x=CP-2",
    "ocpp_version": "2.1", "offered_versions": ["2.1", "1.6"], "reading": "strict",
    "delays": {"cable": "5"}, "configuration": {"MeterValueSampleInterval": "7"},
    "connectors": [{"id": 1, "evse": 1, "kind": "CCS2", "phases": 0, "max_power_w": 50_000}],
    "password_encrypted": secrets.encrypt("word"), "measurands": ["Voltage"],
    "cars": [{"profile": "compact", "weight": 2}],
    "proxy_url": "http://proxy:1", "tls_min_version": "1.3", "latitude": 1.5, "longitude": 2.5,
}  # fmt: skip


@pytest.fixture(autouse=True)
def makes(monkeypatch):
    """Every make that is asked for is there."""
    def made(name: str):
        return documents.read({
            "name": name, "vendor": "Volt", "model": "Wall 11", "versions": ["1.6", "2.1"],
        })  # fmt: skip

    monkeypatch.setattr(finding, "of_table", made)
    return made


USUAL = {
    "identity": "CP-1", "csms_url": "ws://csms/ocpp", "serial": "S-1", "vendor": "Proof",
}  # fmt: skip


def row(**values: object) -> dict:
    """A document as MongoDB has it."""
    station = Station(**USUAL | values)
    station.pk = ObjectId()
    fields = Station._meta.concrete_fields
    return {f.column: f.get_db_prep_save(getattr(station, f.attname), connection) for f in fields}


def other_than(field) -> object:
    usual = field.get_default()
    if field.attname in OTHERWISE:
        return OTHERWISE[field.attname]
    if isinstance(usual, bool):
        return not usual
    if isinstance(usual, int | float):
        return usual + 1
    return 7 if usual is None and "Integer" in type(field).__name__ else "other"


def whole(plan: Plan) -> tuple:
    assert isinstance(plan, Plan), plan
    return dataclasses.astuple(plan)[1:3], plan.identity, plan.target, plan.target.options.configs


@pytest.mark.parametrize(
    "field",
    [f for f in FIELDS if f.attname not in ("created", "updated", "template_id", "tags", "extra")],
    ids=lambda field: field.attname,
)
def test_a_plan_says_all_that_its_row_says_whatever_was_planned_before(field):
    changed = row(**{field.attname: other_than(field)})
    if field.attname in ("tls_client_key_encrypted", "proxy_password_encrypted"):
        changed[field.column] = secrets.encrypt("a key")
    planner = Planner()
    usual = row()
    planner.plan(usual, {})
    found, alone = planner.plan(changed, {}), Planner().plan(changed, {})
    assert whole(found) == whole(alone)
    assert whole(planner.plan(usual, {})) == whole(Planner().plan(usual, {}))


def test_equal_parts_of_two_stations_are_one_object():
    planner = Planner()
    first, second = (planner.plan(row(identity=name), {}) for name in ("CP-1", "CP-2"))
    assert (first.identity, second.identity) == ("CP-1", "CP-2")
    assert first.config.connectors is second.config.connectors
    assert first.config.configuration is second.config.configuration
    assert second.target.url == "ws://csms/ocpp/CP-2"
    assert second.row != first.row


def test_what_is_empty_of_one_kind_is_not_taken_for_another():
    """No cars and no configuration: each as it is without a planner."""
    given = row(configuration={}, cars=[], heartbeat_interval=None, meter_sample_interval=None,
                meter_aligned_interval=None, measurands=[])  # fmt: skip
    wanted = Planner().plan(given, {}).config
    assert (wanted.configuration, wanted.cars) == ({}, ())
    assert wanted == station_of(given).to_core_config()


def test_rows_of_a_make_that_has_changed_since_take_the_new_one(monkeypatch):
    planner = Planner()
    of_make = row(make="wall-11")
    first = planner.plan(of_make, {}).config.make
    assert planner.plan(row(make="wall-11", identity="CP-2"), {}).config.make is first
    changed = documents.read({
        "name": "wall-11", "vendor": "Volt", "model": "Wall 12", "versions": ["1.6"],
    })  # fmt: skip
    monkeypatch.setattr(finding, "of_table", lambda name: changed)
    planner.renew()
    assert planner.plan(of_make, {}).config.make is changed


def test_a_station_that_cannot_run_says_why_and_is_no_design():
    planner = Planner()
    broken = row(password_encrypted="no token")
    for _ in range(2):
        identity, why = planner.plan(broken, {})
        assert identity == "CP-1" and "SECRET_KEY" in why


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dense", [False, True])
def test_rows_are_found_whole_by_their_names_alone(dense):
    names = [f"CP-{number:03}" for number in range(0, 60, 2)]
    between = [f"CP-{number:03}" for number in range(1, 60, 2)]
    Station.objects.bulk_create([Station(identity=name) for name in [*names, *between]])
    found = list(named.whole([*names, "CP-999"], dense))
    assert sorted(each["identity"] for each in found) == names
    assert set(found[0]) == {f.column for f in Station._meta.concrete_fields}
