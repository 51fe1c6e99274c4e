"""The predecessor's four scenario files, unchanged, against a real CSMS."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from benchmarks.processes import wait_until
from scenarios.seeding import BUILTIN
from tests.scenarios.platform import Platform
from tests.system.csms import PythonCsms

pytestmark = pytest.mark.slow
FILES = {
    "connector-availability": "connector_availability.json",
    "happy-path-charging": "happy_path_charging.json",
    "meter-values-test": "meter_values_test.json",
    "station-boot-cycle": "station_boot_cycle.json",
}


def test_the_files_are_stored_as_they_are(platform: Platform) -> None:
    for slug, name in FILES.items():
        kept = platform.good("GET", f"scenarios/{slug}")
        file = json.loads((BUILTIN / name).read_text())
        assert {key: kept[key] for key in file} == file


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_all_of_them_pass_one_after_the_other(
    platform: Platform, csms: PythonCsms, fresh_name: Callable[[str], str], version: str
) -> None:
    name = fresh_name("OLD")
    platform.station(name, csms.url, version, heartbeat_interval=2)
    # A station that is off is started by the first; the others find it up, then stopped again.
    passed = platform.passed(platform.run("station-boot-cycle", name))
    (run,) = passed["runs"]
    frames = [step["frame"] for step in run["steps"] if step["type"] == "wait_for_message"]
    assert len(frames) == 3 and all(frames) and frames == sorted(frames)
    assert not platform.good("GET", f"stations/{name}/state")["connected"]

    platform.connected(name)
    for slug in ("connector-availability", "happy-path-charging", "meter-values-test"):
        passed = platform.passed(platform.run(slug, name))
        assert passed["counts"]["passed"] == 1
        (run,) = passed["runs"]
        assert [step["state"] for step in run["steps"]] == ["passed"] * len(run["steps"])
    seen = csms.wire.summary(name)
    if version == "1.6":
        assert seen["StartTransaction"] == seen["StopTransaction"] == 2
    else:
        events = [call.payload for call in csms.wire.calls(name, "TransactionEvent")]
        kinds = [event["eventType"] for event in events]
        assert kinds.count("Started") == kinds.count("Ended") == 2


def test_a_frame_that_matched_is_in_the_log(
    platform: Platform, csms: PythonCsms, fresh_name: Callable[[str], str]
) -> None:
    name = fresh_name("OLD")
    platform.station(name, csms.url)
    platform.connected(name)
    (run,) = platform.passed(platform.run("happy-path-charging", name))["runs"]
    by_text = {step["description"]: step["frame"] for step in run["steps"]}
    path = f"messages/{by_text['Wait for StartTransaction request']}"
    wait_until(lambda: platform.ask("GET", path)[0] == 200, 60, "the message is stored")
    assert "StartTransaction" in json.dumps(platform.good("GET", path))
