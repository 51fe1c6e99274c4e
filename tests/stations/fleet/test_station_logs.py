"""What is in a log that a station sends, and updates and logs over the whole stack."""

import json
import time
from types import SimpleNamespace

import pytest

from chargepoint.effects import Upload
from chargepoint.timing.times import iso
from messaging.keeping import store
from messaging.keeping.storing import insert_frames
from messaging.records import FrameRecord, id_at
from stations.files import station_logs
from stations.files.station_logs import write_log
from stations.orders.commands import notify_changed, send_command
from tests.stations.fleet.conftest import until
from tests.stations.fleet.file_servers import HttpFiles
from tests.stations.fleet.running import RunningWorker, configure

pytestmark = pytest.mark.django_db(transaction=True)


def record(at: float, action: str, station: str = "CP-1", kind: str = "Call") -> FrameRecord:
    text = f'[2,"u","{action}",{{}}]'
    return FrameRecord(
        id_at(at) + "00000001", station, 1, 1, at, "sent", kind, action, f"u{at}", text
    )


@pytest.fixture
def kept(transactional_db):
    """Messages of an hour ago and of now, and of another station."""
    db = store.database()
    now = time.time()
    for name in store.COLLECTIONS:
        db[name].delete_many({})
    made = [
        record(now - 3600, "BootNotification"),
        record(now - 60, "Heartbeat"),
        record(now - 59, "SecurityEventNotification"),
        record(now - 58, "Heartbeat", "CP-2"),
    ]
    insert_frames(db, made)
    return SimpleNamespace(now=now)


def made(tmp_path, log="DiagnosticsLog", start=None, stop=None) -> tuple[dict, list[dict], str]:
    path = tmp_path / "log"
    write_log(Upload("t", "x", "n", log, start, stop, {"station": "CP-1", "state": {}}), path)
    text = path.read_text()
    head, _, rest = text.partition("\n\n# ")
    lines = [json.loads(line) for line in rest.splitlines()[1:] if line.startswith("{")]
    return json.loads(head), lines, text


def test_a_log_that_leaves_has_no_secrets_of_another_csms(kept, tmp_path):
    text = '[2,"u","ChangeConfiguration",{"key":"AuthorizationKey","value":"c0ffee"}]'
    made_now = record(kept.now - 30, "ChangeConfiguration")
    made_now.text = text
    insert_frames(store.database(), [made_now])
    _, lines, whole = made(tmp_path, start=kept.now - 120, stop=kept.now)
    assert "c0ffee" not in whole and "ChangeConfiguration" in [line["action"] for line in lines]


def test_the_messages_of_the_period_are_in_the_diagnostics(kept, tmp_path):
    head, lines, _ = made(tmp_path, start=kept.now - 120, stop=kept.now)
    assert head["station"] == "CP-1"
    assert [line["action"] for line in lines] == ["Heartbeat", "SecurityEventNotification"]


def test_without_a_period_it_is_the_last_day(kept, tmp_path):
    _, lines, _ = made(tmp_path)
    assert len(lines) == 3


def test_the_security_log_has_the_events_alone(kept, tmp_path):
    _, lines, _ = made(tmp_path, "SecurityLog")
    assert [line["action"] for line in lines] == ["SecurityEventNotification"]


def test_a_store_that_is_away_is_told_of_in_the_file(kept, tmp_path, monkeypatch):
    def away():
        raise OSError("no route")

    monkeypatch.setattr(station_logs.store, "async_database", away)
    head, lines, text = made(tmp_path)
    assert head["station"] == "CP-1" and lines == []
    assert "store of messages is away: OSError: no route" in text


def test_a_long_log_is_cut_off_in_words(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(station_logs, "MOST_BYTES", 10)
    _, _, text = made(tmp_path)
    assert "Cut off here" in text


# --- the whole stack -----------------------------------------------------------------------------


async def ask(connection, action: str, payload: dict) -> list:
    connection.send(json.dumps([2, f"ask-{action}", action, payload]))
    await until(lambda: any(m[1] == f"ask-{action}" for m in connection.received))
    return next(m for m in connection.received if m[1] == f"ask-{action}")


def told(connection, action: str) -> list[str]:
    calls = [m for m in connection.received if m[0] == 2 and m[2] == action]
    return [call[3]["status"] for call in calls]


async def test_a_worker_updates_a_station_and_sends_its_log(worker: RunningWorker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    first = sink.connections[0]
    await until(lambda: "StatusNotification" in first.actions())
    async with HttpFiles() as server:
        server.files["/fw-7.8.9.bin"] = b"\x7fELF" * 1000
        answer = await ask(first, "GetDiagnostics", {"location": f"{server.url}/logs/"})
        name = answer[2]["fileName"]
        await until(lambda: told(first, "DiagnosticsStatusNotification")[-1:] == ["Uploaded"])
        assert json.loads(server.uploaded[f"/logs/{name}"].partition(b"\n\n#")[0])["state"]
        location = {"location": f"{server.url}/fw-7.8.9.bin", "retrieveDate": iso(time.time() - 1)}
        await ask(first, "UpdateFirmware", location)
        await until(lambda: len(sink.connections) == 2)
    again = sink.connections[1]
    await until(lambda: told(again, "FirmwareStatusNotification") == ["Installed"])
    boot = next(m for m in again.received if m[0] == 2 and m[2] == "BootNotification")
    assert boot[3]["firmwareVersion"] == "7.8.9"
    assert told(first, "FirmwareStatusNotification") == ["Downloading", "Downloaded", "Installing"]


async def test_a_station_that_stops_gives_its_transfer_up_and_begins_again(worker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    first = sink.connections[0]
    await until(lambda: "StatusNotification" in first.actions())
    async with HttpFiles() as server:
        server.hold.clear()
        await ask(first, "GetDiagnostics", {"location": f"{server.url}/logs/"})
        await until(lambda: server.busy)
        await send_command("CP-1", "stop")
        await until(lambda: worker.running("CP-1") is None)
        assert len(worker.worker.host.transfers) == 0
        server.hold.set()
        await until(lambda: not server.busy)
        server.uploaded.clear()
        await send_command("CP-1", "start")
        await until(lambda: server.uploaded)
        await until(lambda: len(sink.connections) == 2)
        again = sink.connections[1]
        await until(lambda: told(again, "DiagnosticsStatusNotification")[-1:] == ["Uploaded"])


async def test_another_worker_fetches_what_the_dead_one_could_not(worker: RunningWorker, sink):
    await configure(sink, "CP-1")
    await notify_changed(["CP-1"])
    await until(lambda: sink.connections)
    first = sink.connections[0]
    await until(lambda: "StatusNotification" in first.actions())
    async with HttpFiles() as server:
        server.files["/fw-3.0.bin"] = b"\x7fELF" * 1000
        server.hold.clear()
        location = {"location": f"{server.url}/fw-3.0.bin", "retrieveDate": iso(time.time() - 1)}
        await ask(first, "UpdateFirmware", location)
        await until(lambda: server.busy)
        await worker.worker.host.snapshots.write(list(worker.worker.fleet.sources()))
        await worker.kill()
        server.hold.set()
        other = RunningWorker()
        try:
            await until(lambda: len(sink.connections) >= 2)
            again = sink.connections[1]
            await until(lambda: "Downloaded" in told(again, "FirmwareStatusNotification"))
        finally:
            await other.stop()
