"""Commands: what goes to the fleet, and what comes back. A listener stands where a worker would."""

import pytest
from django.conf import settings

CALLS = [
    ("connect", None, "connect", {}),
    ("disconnect", None, "disconnect", {}),
    ("plug", None, "plug", {"connector": 1}),
    ("plug", {"connector": 2, "ev": {"soc": 40}}, "plug", {"connector": 2, "ev": {"soc": 40}}),
    ("unplug", {"connector": 2}, "unplug", {"connector": 2}),
    ("authorize", None, "authorize", {"id_tag": "TAG1"}),
    ("authorize", {"id_tag": "X", "connector": 1}, "authorize", {"id_tag": "X", "connector": 1}),
    ("start-transaction", None, "start-transaction", {"connector": 1}),
    ("stop-transaction", None, "stop-transaction", {"connector": 1}),
    ("stop-transaction", {"transaction": "7", "reason": "Local"}, "stop-transaction",
     {"transaction": "7", "reason": "Local"}),
    ("fault", {"error_code": "GroundFailure"}, "fault",
     {"connector": 1, "error_code": "GroundFailure"}),
    ("fault", {"vendor_error_code": "E-42", "vendor_id": "com.acme"}, "fault",
     {"connector": 1, "error_code": "OtherError", "vendor_error_code": "E-42",
      "vendor_id": "com.acme"}),
    ("reset", {"kind": "Hard"}, "reset", {"kind": "Hard"}),
    ("firmware", None, "firmware", {"outcome": "InstallationFailed"}),
    ("firmware", {"outcome": "Installed"}, "firmware", {"outcome": "Installed"}),
    ("charging-limit", {"limit": 7000, "evse": 1}, "charging-limit",
     {"limit": 7000, "evse": 1, "unit": "W", "source": "EMS", "critical": False}),
    ("grid", None, "grid", {}),
    ("grid", {"voltage_pct": 90, "frequency_hz": 49.5}, "grid",
     {"voltage_pct": 90, "frequency_hz": 49.5}),
    ("battery-swap", None, "battery-swap", {"kind": "start"}),
    ("battery-swap", {"kind": "insert", "serial": "B1", "soc": 20, "soh": 88.5}, "battery-swap",
     {"kind": "insert", "serial": "B1", "soc": 20, "soh": 88.5}),
    ("pay-terminal", None, "pay-terminal", {"connector": 1, "outcome": "Settled"}),
    ("pay-terminal", {"brand": "Visa", "amount": 20, "outcome": "Failed"}, "pay-terminal",
     {"connector": 1, "brand": "Visa", "amount": 20, "outcome": "Failed"}),
    ("payment-url", {"connector": 2, "max_cost": 12.5}, "payment-url",
     {"connector": 2, "max_cost": 12.5}),
    ("refuse-tariff", None, "refuse-tariff", {"connector": 1}),
    ("terminal", {"operative": False}, "terminal", {"operative": False}),
    ("vat-number", {"vat_number": "DE1"}, "vat-number", {"connector": 1, "vat_number": "DE1"}),
    ("availability", {"connector": 0, "operative": False}, "availability",
     {"connector": 0, "operative": False}),
    ("messages", {"text": "[nonsense"}, "message", {"text": "[nonsense"}),
    ("messages", {"action": "Heartbeat"}, "message", {"action": "Heartbeat", "payload": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "name", "args"), CALLS)
def test_a_command_reaches_the_worker(api, worker, running, path, body, name, args):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert status == 200, answer
    assert answer == {"station": "CP1", "command": name, "result": {"ok": True}}
    assert worker.seen == [(name, args)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("plug", {"connector": -(2**130)}),
        ("messages", {"action": "DataTransfer", "payload": {"vendorId": 10**30}}),
    ],
)
def test_what_cannot_travel_to_the_worker_is_refused(api, worker, running, path, body):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert (status, answer["code"]) == (422, "invalid_arguments")
    assert "64 bits" in answer["message"]
    assert worker.seen == []


def test_a_text_that_is_no_unicode_is_refused_by_its_field(api, worker, running):
    status, answer = api("POST", "stations/CP1/messages", {"text": "[\ud800"})
    assert (status, list(answer["fields"])) == (422, ["text"])
    assert worker.seen == []


def test_the_stations_car_is_plugged_in(api, worker, make_station, set_state):
    make_station("CP1", running=True, ev_max_power_w=7000)
    set_state("CP1", {"status": "Available"})
    assert api("POST", "stations/CP1/start-transaction")[0] == 200
    assert worker.seen == [
        ("plug", {"connector": 1, "ev": {"max_power_kw": 7.0}}),
        ("start-transaction", {"connector": 1}),
    ]
    worker.seen.clear()
    set_state("CP1", {"status": "Preparing"}, version=2)
    assert api("POST", "stations/CP1/start-transaction")[0] == 200
    assert [name for name, _ in worker.seen] == ["start-transaction"]


def test_a_refusal_of_the_station_is_told(api, worker, running):
    worker.answer = {"error": {"code": "no_transaction", "message": "Start one first."}}
    status, body = api("POST", "stations/CP1/stop-transaction")
    assert (status, body) == (409, {"code": "no_transaction", "message": "Start one first."})


def test_a_stopped_station_takes_no_commands(api, make_station):
    make_station("CP1")
    status, body = api("POST", "stations/CP1/plug")
    assert (status, body["code"]) == (409, "not_running")


def test_without_a_worker(api, running):
    status, body = api("POST", "stations/CP1/plug")
    assert (status, body["code"]) == (503, "no_worker")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [("messages", {}, "text"), ("messages", {"text": "x", "action": "y"}, "text"),
     ("plug", {"conector": 1}, "conector"), ("reset", {"kind": "Odd"}, "kind"),
     ("plug", {"connector": "one"}, "connector")],
)  # fmt: skip
def test_a_bad_command_is_refused(api, running, path, body, field):
    status, answer = api("POST", f"stations/CP1/{path}", body)
    assert (status, list(answer["fields"])) == (422, [field])


def test_authorize_needs_some_id_tag(api, make_station):
    make_station("CP1", running=True, default_id_tag="")
    status, body = api("POST", "stations/CP1/authorize")
    assert (status, list(body["fields"])) == (422, ["id_tag"])


def test_the_layer_is_the_queueing_one():
    """Pub/sub would lose a command sent before the worker listens."""
    assert settings.CHANNEL_LAYERS["workers"]["BACKEND"].endswith("core.RedisChannelLayer")
