"""Station rows on the real store: writing, races, and what the fleet is given."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from stations.models import StaleStation, Station, Template
from stations.orders import switching

pytestmark = pytest.mark.django_db


def test_an_identity_is_unique(make_station):
    make_station("CP1")
    with pytest.raises(ValidationError) as refused:
        make_station("CP1")
    assert "identity" in refused.value.message_dict
    with pytest.raises(IntegrityError):
        Station(identity="CP1", csms_url="ws://h").save(force_insert=True)


def test_an_identity_is_for_good(make_station):
    make_station("CP1")
    station = Station.objects.get(identity="CP1")
    station.identity = "CP2"
    with pytest.raises(ValidationError, match="clone"):
        station.full_clean()


def test_store_writes_and_counts_revisions(make_station):
    station = make_station("CP1")
    station.tags, station.connectors[0]["max_power_w"] = ["a", "b"], 11000
    station.save()
    again = Station.objects.get(identity="CP1")
    assert (again.tags, again.revision) == (["a", "b"], 2)
    assert again.connectors[0]["max_power_w"] == 11000


def test_of_two_writers_of_one_revision_one_wins(make_station):
    make_station("CP1")
    copies = [Station.objects.get(identity="CP1") for _ in range(8)]
    outcomes: list[str] = []
    together = threading.Barrier(len(copies))

    def write(number: int, station: Station) -> None:
        station.name = f"writer {number}"
        together.wait()
        try:
            station.store()
            outcomes.append(station.name)
        except StaleStation:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(copies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Station.objects.get(identity="CP1")
    assert outcomes == [kept.name]
    assert kept.revision == 2


def test_saving_the_configuration_does_not_undo_a_start(make_station):
    make_station("CP1")
    stale_form = Station.objects.get(identity="CP1")
    assert switching.set_running(["CP1"], True) == 1
    stale_form.name = "renamed"
    stale_form.save()
    station = Station.objects.get(identity="CP1")
    assert (station.running, station.name) == (True, "renamed")


def test_set_running_counts_changes_and_skips_disabled(make_station):
    make_station("CP1")
    make_station("CP2", enabled=False)
    assert switching.set_running(["CP1", "CP2"], True) == 1
    assert switching.set_running(["CP1", "CP2"], True) == 0
    assert [s.identity for s in Station.objects.runnable()] == ["CP1"]


def test_the_password_is_kept_encrypted(make_station):
    make_station("CP1", password="s3cret-word")
    document = connection.get_collection("stations_station").find_one({"identity": "CP1"})
    assert "s3cret-word" not in repr(document)
    assert Station.objects.get(identity="CP1").read_secrets() == ("s3cret-word", "")


def test_another_secret_key_is_said_plainly(make_station, settings):
    make_station("CP1", password="s3cret-word")
    settings.SECRET_KEY = "another"
    station = Station.objects.get(identity="CP1")
    assert "SECRET_KEY" in station.problems()["password"][0]
    station.set_password("new")
    assert station.problems() == {}


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("ws://h:9/ocpp", "ws://h:9/ocpp/CP1"),
        ("ws://h:9/ocpp/", "ws://h:9/ocpp/CP1"),
        ("ws://h:9", "ws://h:9/CP1"),
        ("ws://h:9/ocpp/CP1", "ws://h:9/ocpp/CP1"),
        ("ws://h:9/{identity}/x", "ws://h:9/CP1/x"),
        ("ws://h:9/ocpp?tenant=1", "ws://h:9/ocpp/CP1?tenant=1"),
        ("ws://h:9/xCP1", "ws://h:9/xCP1/CP1"),
    ],
)
def test_the_dialled_address(url, dialled):
    target = Station(identity="CP1", csms_url=url).dial_target()
    assert (target.url, target.subprotocol, target.tls) == (dialled, "ocpp1.6", None)
    assert (target.username, target.password) == ("", "")


def test_the_user_name_is_the_identity_unless_given():
    station = Station(identity="CP1", csms_url="wss://h", ocpp_version="2.0.1", tls_verify=False)
    station.set_password("pw")
    target = station.dial_target()
    assert (target.username, target.password) == ("CP1", "pw")
    assert target.subprotocol == "ocpp2.0.1"
    assert target.tls.verify is False
    station.username = "other"
    assert station.dial_target().username == "other"


def test_the_core_configuration_of_1_6():
    station = Station(
        identity="CP1", csms_url="ws://h", vendor="ABB", model="Terra", heartbeat_interval=60,
        meter_sample_interval=10, meter_aligned_interval=900, measurands=["SoC", "Voltage"],
        configuration={"HeartbeatInterval": "5", "Own": "x"}, boot_delay=2,
    )  # fmt: skip
    config = station.to_core_config()
    assert (config.identity, config.version, config.vendor, config.boot_delay) == (
        "CP1", "1.6", "ABB", 2.0,
    )  # fmt: skip
    assert config.configuration == {
        "HeartbeatInterval": "5",  # the override wins
        "MeterValueSampleInterval": "10",
        "ClockAlignedDataInterval": "900",
        "MeterValuesSampledData": "SoC,Voltage",
        "MeterValuesAlignedData": "SoC,Voltage",
        "Own": "x",
    }
    connector = config.connectors[0]
    assert (connector.id, connector.evse, connector.kind, connector.phases) == (1, 1, "Type2", 3)


def test_the_core_configuration_of_2_0_1():
    station = Station(
        identity="CP1", csms_url="ws://h", ocpp_version="2.0.1", heartbeat_interval=60,
        measurands=[],
    )  # fmt: skip
    assert station.to_core_config().configuration == {"OCPPCommCtrlr.HeartbeatInterval": "60"}


def test_a_template_follows_the_same_rules(db):
    template = Template(name="t", csms_url="http://h", connectors=[])
    with pytest.raises(ValidationError) as refused:
        template.full_clean()
    assert {"csms_url", "connectors"} <= set(refused.value.message_dict)


# --- reading and delays ------------------------------------------------------------------------


def test_a_new_station_reads_kindly_and_takes_its_time(settings):
    settings.STATION_DELAYS = 1
    config = Station(identity="CP1", csms_url="ws://h").to_core_config()
    assert config.lenient
    assert config.delays["reset"] == (3, 7)
    strict = Station(
        identity="CP1", csms_url="ws://h", reading="strict", delays={"reset": "10", "relink": "0-2"}
    ).to_core_config()
    assert not strict.lenient
    assert (strict.delays["reset"], strict.delays["relink"]) == ((10, 10), (0, 2))
    assert strict.delays["firmware"] == (20, 40)
    settings.STATION_DELAYS = 0.5
    assert Station(identity="CP1", csms_url="ws://h").to_core_config().delays["reset"] == (1.5, 3.5)
    settings.STATION_DELAYS = 0
    assert Station(identity="CP1", csms_url="ws://h").to_core_config().delays == {}


@pytest.mark.parametrize(("field", "value"), [
    ("reading", "kind"), ("reading", ""), ("delays", []), ("delays", {"nap": "3"}),
    ("delays", {"reset": 3}), ("delays", {"reset": "7-3"}), ("delays", {"reset": "-1"}),
    ("delays", {"reset": "nan"}), ("delays", {"reset": "3-inf"}), ("delays", {"reset": "3601"}),
    ("delays", {"reset": "1-2-3"}), ("delays", {"reset": "9" * 5000}),
])  # fmt: skip
def test_what_is_no_reading_or_no_delay_is_refused_by_its_name(field, value):
    station = Station(identity="CP1", csms_url="ws://h", **{field: value})
    assert list(station.problems()) == [field]


def test_stations_and_templates_of_before_stay_strict(transactional_db):
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def migrate(name: str):
        executor = MigrationExecutor(connection)
        executor.migrate([("stations", name)])
        return executor.loader.project_state([("stations", name)]).apps

    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("stations")[0][1]
    before = migrate("0003_held_back")
    try:
        before.get_model("stations", "Station").objects.create(identity="OLD", csms_url="ws://h")
        before.get_model("stations", "Template").objects.create(name="old", csms_url="ws://h")
    finally:
        migrate(latest)
    Station.objects.create(identity="NEW", csms_url="ws://h")
    assert Station.objects.get(identity="OLD").reading == "strict"
    assert Template.objects.get(name="old").reading == "strict"
    assert Station.objects.get(identity="NEW").reading == "lenient"
    assert Station.objects.get(identity="OLD").delays == {}
