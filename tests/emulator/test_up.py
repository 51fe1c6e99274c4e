"""`manage.py up` with real processes: start, health, restart of a child, stop, a second start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pymongo
import pytest
import redis

from emulator.profiles import addresses
from messaging.keeping import frames
from tests.emulator.processes import ROOT, Up, environment

pytestmark = pytest.mark.slow


def eventually(ask, seconds: float = 90.0):
    """The first true answer of `ask`, or its last one after `seconds`."""
    limit = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < limit:
        time.sleep(0.2)
    return answer


def test_it_starts_everything_stops_in_order_and_keeps_the_data(tmp_path):
    env = environment(tmp_path / "data")
    with Up(env) as up:
        up.wait_for("Ready. ")
        assert "password " in up.text()
        status, health = up.get("/api/health")
        assert status == 200
        # What can be forked was, and is watched as if it had been started.
        services = up.get("/api/health")[1]["services"]
        parents = {psutil.Process(service["pid"]).ppid() for service in services.values()}
        assert parents == {up.process.pid}
        assert health["mongodb"]["ok"] and health["redis"]["ok"] and health["beat"]["alive"]
        assert health["charge_points"]["workers"] == 1 and len(health["celery"]["workers"]) == 1
        connected = eventually(lambda: up.get("/api/health")[1]["charge_points"]["connected"] == 10)
        assert connected, up.get("/api/health")[1]
        assert eventually(lambda: up.get("/api/health")[1]["problems"] == []), up.get("/api/health")

        def states() -> set[str]:  # told every 2 s
            return {line["state"] for line in up.get("/api/health")[1]["services"].values()}

        assert eventually(lambda: states() == {"healthy"}), up.get("/api/health")
        services = up.get("/api/health")[1]["services"]
        assert {"mongodb", "redis", "web", "celery", "beat", "charge points"} <= set(services)

        ports = addresses.recorded_ports(tmp_path / "data")
        redis_url = addresses.embedded_redis_url(tmp_path / "data", ports["redis"])
        flower_comes_at_the_first_look(up)
        mongodb_uri = addresses.embedded_mongodb_uri(tmp_path / "data", ports["mongodb"])
        stores_ask_who_is_there(ports)
        others_can_read_nothing(tmp_path / "data")
        store = redis.Redis.from_url(redis_url)
        store.set("kept", "in redis")
        client = pymongo.MongoClient(mongodb_uri)
        client.ocpp_emulator.kept.insert_one({"_id": 1})
        assert client.ocpp_emulator.stations_station.count_documents({}) == 10

        assert up.end(signal.SIGINT) == 0, up.text()
        assert not up.family()
        order = [line.split(" stopped")[0].strip() for line in up.text().splitlines()
                 if " stopped after" in line]  # fmt: skip
        assert order.index("charge points") < order.index("celery") < order.index("redis")
        assert order[-1] == "mongodb"

    with Up(env, "--no-flower") as up:
        up.wait_for("Ready. ")
        assert "password " not in up.text()  # the administrator is there already
        ports = addresses.recorded_ports(tmp_path / "data")
        redis_url = addresses.embedded_redis_url(tmp_path / "data", ports["redis"])
        assert redis.Redis.from_url(redis_url).get("kept") == b"in redis"
        uri = addresses.embedded_mongodb_uri(tmp_path / "data", ports["mongodb"])
        client = pymongo.MongoClient(uri)
        assert client.ocpp_emulator.kept.count_documents({}) == 1
        assert client.ocpp_emulator.stations_station.count_documents({}) == 10
        # What the first run's last moments said is in the log.
        boots = frames.documents(client.ocpp_emulator, {"action": "BootNotification"})
        assert len(list(boots)) >= 10

        killed = up.get("/api/health")[1]["celery"]["workers"]
        worker = up.get("/api/health")[1]["services"]["celery"]["pid"]
        os.kill(worker, signal.SIGKILL)
        up.wait_for("celery ended .killed by SIGKILL.; it is started again")
        up.wait_for("celery is healthy again")
        assert up.get("/api/health")[1]["celery"]["workers"] == killed

        up.process.kill()  # no chance to clean up
        assert eventually(lambda: not up.family()), [p.cmdline() for p in up.family()]


def test_a_second_up_on_the_same_data_is_refused(tmp_path):
    import fcntl

    data = tmp_path / "data"
    data.mkdir()
    with (data / "up.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(environment(data), "already runs on", "process 4711")


def test_a_port_in_use_is_one_sentence(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = environment(tmp_path / "data", PORT=str(port))
        refused(env, f"Port {port} (web) is in use", f"PORT={port + 1} make run")


def test_a_full_disk_is_one_sentence(tmp_path):
    refused(environment(tmp_path / "data"), "is full", arguments=["--min-free-mb", "999999999"])


def test_a_missing_package_is_one_sentence(tmp_path):
    # A finder in front of all others hides one package, as if it had not been installed.
    hide = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'pymongo':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "import runpy\n"
        f"sys.argv = ['manage.py', 'up']\n"
        f"runpy.run_path({str(ROOT / 'manage.py')!r}, run_name='__main__')\n"
    )
    env = environment(tmp_path / "data", PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", hide], env=env, cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Package pymongo is missing" in done.stderr and "make run" in done.stderr


def test_a_store_that_cannot_start_leaves_nothing_running(tmp_path):
    data = tmp_path / "data"
    (data / "redis").mkdir(parents=True)
    (data / "redis" / "appendonly.aof").write_bytes(b"this is not an append-only file\n" * 10)
    up = refused(environment(data), "redis ended")
    assert not up.family()


def test_ctrl_c_while_it_starts_leaves_nothing_running(tmp_path):
    with Up(environment(tmp_path / "data")) as up:
        up.wait_for("redis +healthy")  # the database is being prepared
        assert up.end(signal.SIGINT) == 0, up.text()
        assert "Ready" not in up.text() and "Traceback" not in up.text()
        assert not up.family()


def test_own_stores_are_used_and_embedded_ones_not_started(tmp_path):
    env = environment(
        tmp_path / "data",
        REDIS_URL=os.environ["REDIS_URL"], MONGODB_URI=os.environ["MONGODB_URI"],
        REDIS_PREFIX="own-stores:", MONGODB_NAME="own_stores",
        DJANGO_SUPERUSER_USERNAME="boss", DJANGO_SUPERUSER_PASSWORD="a long one 4 you",
    )  # fmt: skip
    with Up(env, "--no-flower", "--no-demo-csms", "--no-seed") as up:
        up.wait_for("Ready. ")
        assert "a long one" not in up.text() and "boss" in up.text()
        health = up.get("/api/health")[1]
        assert not health["mongodb"]["embedded"] and not health["redis"]["embedded"]
        commands = [" ".join(p.cmdline()) for p in up.family()]
        assert not [c for c in commands if "secantusd" in c or "redis-server" in c]
        assert up.end(signal.SIGTERM) == 0, up.text()
        assert not up.family()


def refused(env: dict[str, str], *sentences: str, arguments: list[str] | None = None) -> Up:
    """It ends with a code other than 0, its last line says why, and nothing is left."""
    with Up(env, *(arguments or [])) as up:
        code = up.process.wait(180)
        assert code != 0, up.text()
        last = up.text().strip().splitlines()[-1]
        for sentence in sentences:
            assert sentence in last, up.text()
        assert "Traceback" not in up.text()
        assert not up.family()
    return up


def flower_comes_at_the_first_look(up: Up) -> None:
    assert "flower" not in up.get("/api/health")[1]["services"]
    address = f"http://127.0.0.1:{up.env['FLOWER_PORT']}/"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def page() -> str:
        with contextlib.suppress(OSError), opener.open(address, timeout=10) as answer:
            return answer.read().decode()
        return ""

    assert "It is being started" in page()
    assert eventually(lambda: "celery@" in page()), up.text()

    def is_watched() -> bool:
        services = up.get("/api/health")[1]["services"]
        return services.get("flower", {}).get("state") == "healthy"

    assert eventually(is_watched), up.get("/api/health")


def stores_ask_who_is_there(ports: dict[str, int]) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=ports["redis"]).ping()
    nobody = pymongo.MongoClient(f"mongodb://127.0.0.1:{ports['mongodb']}/?directConnection=true")
    with nobody, pytest.raises(pymongo.errors.OperationFailure, match="authentication"):
        nobody.ocpp_emulator.stations_station.find_one()


def others_can_read_nothing(directory: Path) -> None:
    """Of what was written, not even a name; no password stands on a command line."""
    assert directory.stat().st_mode & 0o777 == 0o700
    files = [path for path in directory.rglob("*") if not path.is_symlink()]
    open_ones = [path for path in files if path.stat().st_mode & 0o077]
    assert not open_ones, open_ones
