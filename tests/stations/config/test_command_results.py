"""What commands answer is of the type that the OpenAPI document says."""

from __future__ import annotations

import json

import pytest

from emulator.api import api
from stations.api.command_results import RESULTS
from tests.chargepoint.faults.bench import VERSIONS, Bench

# In this order, on one station; `message` and so on as the core names them.
SIXTEEN = [
    ("plug", {"connector": 1}), ("authorize", {"id_tag": "TAG1"}),
    ("stop-transaction", {"connector": 1}), ("unplug", {"connector": 1}),
    ("start-transaction", {"connector": 2}), ("authorize", {"id_tag": "TAG1"}),
    ("fault", {"connector": 1, "error_code": "GroundFailure"}), ("firmware", {}),
    ("grid", {"voltage_pct": 95}), ("data-transfer", {"vendor_id": "Acme"}),
    ("availability", {"connector": 1, "operative": False}),
    ("message", {"action": "Heartbeat"}), ("clock", {"ppm": 100}), ("clock", {}),
    ("set", {"key": "HeartbeatInterval", "value": "60"}),
    ("half-open", {}), ("heal", {}), ("reset", {"kind": "Soft"}),
    ("power-cut", {"seconds": 30}), ("power-on", {}),
]  # fmt: skip
TWO = [
    ("plug", {"connector": 1}), ("authorize", {"id_tag": "TAG1"}),
    ("stop-transaction", {"connector": 1}), ("unplug", {"connector": 1}),
    ("start-transaction", {"connector": 2}),
    ("bay", {"connector": 1}), ("fault", {"connector": 1, "error_code": "GroundFailure"}),
    ("firmware", {}), ("grid", {"frequency_hz": 49.8}),
    ("availability", {"connector": 1, "operative": False}),
    ("message", {"text": '[2,"1","Heartbeat",{}]'}), ("clock", {"offset_seconds": 5}),
    ("half-open", {}), ("heal", {}), ("reset", {"kind": "Soft"}),
    ("power-cut", {}), ("power-on", {}),
]  # fmt: skip
NAMES = {"message": "messages", "set": "settings"}  # of the core: as the API's path ends


def fits(name: str, result: dict) -> None:
    RESULTS[NAMES.get(name, name)].model_validate(result, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_results_are_of_their_type(version):
    bench = Bench(version).connect()
    for name, args in SIXTEEN if version == "1.6" else TWO:
        fits(name, bench.do(name, **args))


@pytest.mark.parametrize("done", ["release", "drop", "answer"])
def test_held_frames_answer_as_told(done):
    bench = Bench("1.6").connect()
    bench.do("add-breakpoint", action="Heartbeat", kind="Call", direction="sent")
    bench.heartbeat()
    [held] = bench.do("interception")["held"]
    more = {"payload": {"currentTime": "2026-01-01T00:00:00Z"}} if done == "answer" else {}
    RESULTS[f"held/{{number}}/{done}"].model_validate(
        bench.do(done, id=held["id"], **more), strict=True
    )


def test_each_command_has_its_own_type():
    schema = json.loads(json.dumps(api.get_openapi_schema()))
    answers = [
        operation["responses"]["200"]["content"]["application/json"]["schema"]
        for operations in schema["paths"].values() for operation in operations.values()
        if "CommandOut" in str(operation["responses"].get("200"))
    ]  # fmt: skip
    assert len(answers) == len(RESULTS)
    for answer in answers:
        name = answer["allOf"][1]["properties"]["result"]["$ref"].rpartition("/")[2]
        assert "properties" in schema["components"]["schemas"][name] or name == "NoResult"
