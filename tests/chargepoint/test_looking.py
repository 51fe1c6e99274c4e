"""What an operator looks at in a station, and settings as he changes them, in every version."""

import pytest

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.core import topics
from chargepoint.core.commands import LOOKS, CommandRejected
from chargepoint.versions import make_station

VERSIONS = ("1.6", "2.0.1", "2.1")
OUTLETS = (ConnectorConfig(1, 1, "Type2", 3, 22_000), ConnectorConfig(2, 2, "CCS2", 0, 150_000))
INTERVAL = {"1.6": "HeartbeatInterval", "2.0.1": "OCPPCommCtrlr.HeartbeatInterval"}
INTERVAL["2.1"] = INTERVAL["2.0.1"]
URL = {"1.6": "EmulatorSecureUrl", "2.0.1": "NetworkConfiguration[1].OcppCsmsUrl"}
URL["2.1"] = URL["2.0.1"]


class Seen:
    def __init__(self, version):
        config = StationConfig("A", version, csms_url="ws://x/", connectors=OUTLETS)
        self.station, self.now = make_station(config, None, 1000.0, 1), 1000.0

    def __call__(self, name, **args):
        self.now += 1.0
        return self.station.command(name, args, self.now)[0]


@pytest.fixture(params=VERSIONS)
def seen(request):
    return Seen(request.param)


def rows(seen):
    return {
        (row["key"], row.get("evse"), row.get("connector")): row
        for row in seen("settings")["settings"]
    }


def test_a_look_tells_plug_lock_car_and_meter_and_changes_nothing(seen):
    before = seen.station.snapshot()["connectors"]
    empty = seen("look")["connectors"]
    assert [(c["plugged"], c["locked"], c["cable"], c["car"]) for c in empty] == [
        (False, False, "socket", None), (False, False, "fixed", None),
    ]  # fmt: skip
    assert seen.station.snapshot()["connectors"] == before
    seen("plug", connector=1, ev={"soc": 20, "battery_kwh": 50})
    first = seen("look")["connectors"][0]
    assert first["plugged"] and not first["locked"]
    assert (first["car"]["soc"], first["car"]["battery_kwh"], first["soc"]) == (20, 50, 20)
    assert (first["limit_w"], first["limits"], first["power_w"]) == (None, [], 0)
    assert first["cost"] is None


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_looking_is_no_news(seen, name):
    """Or each look of a page would have the state written."""
    assert seen.station.command(name, {}, seen.now)[1] == []


def test_the_schedule_ahead_is_that_of_the_outlet_where_nothing_limits_it(seen):
    told = seen("schedule", connector=2, seconds=3600)
    assert told["periods"] == [{"start": 0, "limit": 150_000}]
    assert (told["seconds"], abs(told["start"] - seen.now) < 1.5) == (3600, True)
    for wrong in ({"seconds": 0}, {"connector": 9}, {"seconds": 1e9}):
        with pytest.raises(CommandRejected):
            seen("schedule", **wrong)


def test_each_setting_has_what_a_tree_of_them_shows(seen):
    found = rows(seen)
    assert len(found) > 50
    for row in found.values():
        assert {"key", "group", "name", "value", "mutability", "kind"} <= row.keys()
        assert row["mutability"] in ("ReadOnly", "ReadWrite", "WriteOnly")
        assert (row["value"] is None) == (row["mutability"] == "WriteOnly"), row
    assert any(row["mutability"] == "WriteOnly" for row in found.values())


def test_a_setting_is_changed_with_the_effect_that_the_csms_would_have(seen):
    key = INTERVAL[seen.station.config.version]
    assert seen("set", key=key, value="77") == {"status": "Accepted"}
    assert rows(seen)[key, None, None]["value"] == "77"
    assert seen.station.ask(topics.DEFAULT_INTERVAL) == 77


@pytest.mark.parametrize("value", ["-1", "many", ""])
def test_what_the_csms_would_be_refused_is_refused(seen, value):
    key = INTERVAL[seen.station.config.version]
    before = rows(seen)[key, None, None]
    with pytest.raises(CommandRejected, match="Rejected") as refused:
        seen("set", key=key, value=value)
    assert refused.value.code == "setting_refused"
    assert rows(seen)[key, None, None] == before


def test_an_unknown_setting_is_refused_by_name(seen):
    key = "No.Such" if seen.station.config.version != "1.6" else "NoSuch"
    with pytest.raises(CommandRejected, match="NotSupported|UnknownComponent"):
        seen("set", key=key, value="1")


def test_where_the_link_leads_is_not_everybodys_to_change(seen):
    key = URL[seen.station.config.version]
    with pytest.raises(CommandRejected) as refused:
        seen("set", key=key, value="wss://elsewhere.example")
    assert refused.value.code == "not_allowed"
    if seen.station.config.version == "1.6":
        assert seen("set", key=key, value="wss://x/", leading=True) == {"status": "Accepted"}
