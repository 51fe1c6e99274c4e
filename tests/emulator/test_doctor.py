"""`manage.py doctor`: each fault is a real one, made in stores, files, sockets and settings."""

from __future__ import annotations

import io
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django_celery_beat.models import PeriodicTask

from emulator.doctor import examination, installation, machine, platform, stores
from emulator.doctor.findings import ERROR, OK, WARNING
from emulator.monitoring import signs
from stations.orders import sharding
from tests.conftest import _executable
from tests.emulator.processes import free_port
from tests.emulator.test_health import everybody_lives

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(monkeypatch):
    """Redis under a prefix of this test's own."""
    prefix = f"test-doctor-{time.monotonic_ns()}:"
    monkeypatch.setenv("REDIS_PREFIX", prefix)
    monkeypatch.setattr(settings, "REDIS_PREFIX", prefix)
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)
    client.close()


def told(findings, level: str) -> str:
    return "\n".join(
        f"{finding.says} -> {finding.do}" for finding in findings if finding.level == level
    )


# --- settings and secrets ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"DEBUG": True, "ALLOWED_HOSTS": ["emulator.example"]}, ERROR, "DEBUG is on"),
        ({"DEBUG": True}, WARNING, "DEBUG is on"),
        ({"CHARGE_POINT_SHARDS": 0}, ERROR, "CHARGE_POINT_SHARDS is 0"),
        ({"CHARGE_POINT_LEASE_MS": 500}, WARNING, "taken for its death"),
        ({"SYNC_INTERVAL": 0.0}, ERROR, "never copied"),
        ({"ALLOWED_HOSTS": ["emulator.example"]}, WARNING, "EGRESS_CSMS_DENY=inside"),
        ({"ALLOWED_HOSTS": ["*"]}, ERROR, "ALLOWED_HOSTS has *"),
        ({"ALLOWED_HOSTS": ["emulator.example"]}, WARNING, "without TLS"),
        ({"HTTPS": True}, ERROR, "ALLOWED_HOSTS has no name"),
        ({"HTTPS": True, "CSRF_TRUSTED_ORIGINS": ["http://a.example"]}, WARNING, "https://a.exam"),
        ({"TRUSTED_PROXIES": ["any"]}, ERROR, "trusts everybody"),
        ({"TRUSTED_PROXIES": ["0.0.0.0/0"]}, ERROR, "trusts everybody"),
        ({"TRUSTED_PROXIES": ["10.0.0.0/8/8"]}, ERROR, "TRUSTED_PROXIES cannot be read"),
        ({"EGRESS_CSMS_DENY": ["10.0.0.0/99/1"]}, ERROR, "EGRESS_CSMS_ALLOW or _DENY"),
        ({"SECRET_KEY": "short"}, ERROR, "can be guessed"),
        ({"METRICS_TOKEN": "abc"}, WARNING, "METRICS_TOKEN has 3"),
    ],
)
def test_a_wrong_setting_is_named(changes, level, words, monkeypatch):
    good = {"SECRET_KEY": "k" * 50, "DEBUG": False, "METRICS_TOKEN": "", "ALLOWED_HOSTS": []}
    for name, value in {**good, **changes}.items():
        monkeypatch.setattr(settings, name, value)
    assert words in told(installation.examine(), level)


def test_a_well_set_installation_has_nothing_to_mend(monkeypatch, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("")
    monkeypatch.setattr(installation.documentation, "PAGES", pages)
    for name, value in {
        "SECRET_KEY": "k" * 50, "DATA_DIR": folder, "HTTPS": True, "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "emulator.example"], "EGRESS_CSMS_DENY": ["inside"],
        "TRUSTED_PROXIES": ["10.0.0.1"], "CSRF_TRUSTED_ORIGINS": ["https://emulator.example"],
    }.items():  # fmt: skip
        monkeypatch.setattr(settings, name, value)
    findings = list(installation.examine())
    assert told(findings, ERROR) == told(findings, WARNING) == ""
    (pages / "index.html").unlink()
    assert "make docs" in told(installation.examine(), WARNING)


def test_secrets_that_others_may_read(monkeypatch, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    for name in installation.KEPT_SECRETS:
        (folder / name).write_text("secret of mine")
        (folder / name).chmod(0o600)
    (folder / "secret_key").chmod(0o640)
    monkeypatch.setattr(settings, "DATA_DIR", folder)
    findings = list(installation.of_secrets())
    assert f"chmod 600 {folder}/secret_key" in told(findings, ERROR)
    assert "mongodb_password" not in told(findings, ERROR)
    assert f"chmod 700 {folder}" in told(findings, WARNING)
    assert "secret of mine" not in str(findings)
    (folder / "secret_key").chmod(0o600)
    folder.chmod(0o700)
    findings = list(installation.of_secrets())
    assert "Other users" not in told(findings, ERROR) + told(findings, WARNING)


def test_secrets_that_variables_name(monkeypatch, tmp_path):
    file = tmp_path / "redis"
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(file))
    assert "cannot be read: No such file" in told(installation.of_secrets(), ERROR)
    file.write_text("\n")
    assert "is empty" in told(installation.of_secrets(), ERROR)
    file.write_text("pass")
    file.chmod(0o644)
    # pytest's own folders are closed to others, so the mode alone gives nothing away.
    assert "Other users" not in told(installation.of_secrets(), ERROR)
    monkeypatch.setattr(installation, "_reached_by_others", lambda path: True)
    assert f"chmod 600 {file}" in told(installation.of_secrets(), ERROR)
    monkeypatch.setattr(installation, "MOUNTED", tmp_path)
    assert f"chmod 600 {file}" not in told(installation.of_secrets(), ERROR)


# --- the machine -------------------------------------------------------------------------------


def test_disks(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(settings, "DATA_DIR", blocked)
    monkeypatch.setattr(settings, "JOURNAL_DIR", tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(settings, "JOURNAL_BYTES", 1)
    findings = list(machine.disks())
    assert f"DATA_DIR, {blocked}, cannot be written" in told(findings, ERROR)
    assert "JOURNAL_DIR: " in "".join(finding.says for finding in findings if finding.level == OK)
    monkeypatch.setattr(settings, "JOURNAL_BYTES", 2**60)
    assert "lower JOURNAL_BYTES" in told(machine.disks(), WARNING)
    monkeypatch.setattr(machine.limits, "DISK_FREE", 2**60)
    assert "nearly full" in told(machine.disks(), ERROR)


def test_open_files_against_stations():
    """The limit of a real process, which told itself as a worker of this machine."""
    limited = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512)),
    )  # fmt: skip
    try:
        limited.stdout.readline()
        line = {"id": f"{socket.gethostname()}-{limited.pid}-ab", "pid": limited.pid}
        assert machine.limit_of(limited.pid) == 512
        assert "may have 512 open files" in told(machine.open_files(400, [line]), ERROR)
        assert "may have 512 open files" in told(machine.open_files(200, [line]), OK)
        elsewhere = {"id": "far-1-ab", "pid": limited.pid}
        # Two workers share them.
        assert told(machine.open_files(400, [line, elsewhere]), ERROR) == ""
        assert "512" not in told(machine.open_files(1, [elsewhere]), OK)
    finally:
        limited.communicate(b"\n", timeout=10)


def test_more_stations_than_local_ports(monkeypatch, tmp_path):
    (tmp_path / "range").write_text("40000\t40099\n")
    monkeypatch.setattr(machine, "PORT_RANGE", tmp_path / "range")
    assert "101 stations of this machine share 100" in told(machine.open_files(101), WARNING)
    assert told(machine.open_files(100), WARNING) == ""


class Ours(BaseHTTPRequestHandler):
    body = b'{"status": "down"}'

    def do_GET(self):
        self.send_response(503)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


class SomebodyElse(Ours):
    body = b"<html>"


@pytest.mark.parametrize(
    ("handler", "level", "words"),
    [(Ours, OK, "The web process answers"), (SomebodyElse, ERROR, "not by a web process of ours")],
)
def test_a_port_in_use(handler, level, words, monkeypatch):
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PORT", str(server.server_port))
        assert words in told(machine.ports(), level)
        server.shutdown()
    assert "is free" in told(machine.ports(), OK)


def test_a_port_that_is_none(monkeypatch):
    monkeypatch.setenv("PORT", "eighty")
    assert "PORT=eighty is not a number" in told(machine.ports(), ERROR)
    monkeypatch.setenv("PORT", "70000")
    assert "PORT=70000 is not a port" in told(machine.ports(), ERROR)


# --- stores ------------------------------------------------------------------------------------


def test_stores_that_are_away_are_named_without_their_passwords(monkeypatch):
    monkeypatch.setattr(stores, "PATIENCE", 0.3)
    port = free_port()
    findings = [
        *stores.mongodb(f"mongodb://me:hidden@127.0.0.1:{port}/"),
        *stores.redis_store(f"redis://:hidden@127.0.0.1:{port}/0"),
    ]
    said = told(findings, ERROR)
    assert f"MongoDB at 127.0.0.1:{port} does not answer" in said
    assert f"Redis at 127.0.0.1:{port} does not answer" in said
    assert "hidden" not in said and not [f for f in findings if f.level == OK]


@pytest.fixture
def badly_kept(tmp_path):
    """A redis-server that evicts keys and keeps no append-only file; then a replica."""
    port = free_port()
    process = subprocess.Popen(
        [
            _executable("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
            "--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru", "--dir", str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    client = redis.Redis(port=port)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield port, client
    client.close()
    process.kill()  # it keeps nothing that matters, and a replica waits for its master
    process.wait(30)


def test_a_redis_that_would_lose_what_it_has(badly_kept):
    port, client = badly_kept
    findings = list(stores.redis_store(f"redis://127.0.0.1:{port}/0"))
    assert "allkeys-lru" in told(findings, ERROR) and "noeviction" in told(findings, ERROR)
    assert "no append-only file" in told(findings, WARNING)
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("appendonly", "yes")
    findings = list(stores.redis_store(f"redis://127.0.0.1:{port}/0"))
    assert "noeviction" not in told(findings, ERROR)
    assert "append-only" not in told(findings, WARNING)
    client.replicaof("127.0.0.1", str(free_port()))
    assert "is a replica" in told(stores.redis_store(f"redis://127.0.0.1:{port}/0"), ERROR)


def test_clocks_apart():
    assert told(stores.clock(100.0, 100.5, 101.0), OK)
    assert "5.0 s ahead of" in told(stores.clock(100.0, 105.0, 100.0), WARNING)
    assert "5.0 s behind" in told(stores.clock(100.0, 95.0, 100.0), WARNING)
    # What the question took is in doubt.
    assert told(stores.clock(100.0, 105.0, 106.0), OK)


def test_versions():
    assert "too old" in told(stores._old(stores.REDIS, "Redis", "6.0.16", (6, 2)), ERROR)
    assert not list(stores._old(stores.REDIS, "Redis", "7.0.15", (6, 2)))
    assert not list(stores._old(stores.MONGODB, "MongoDB", "8.0.4-rc1", (6, 0)))


# --- the platform ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_migrations_that_wait():
    recorder = MigrationRecorder(connection)
    assert "All migrations" in told(platform.database(), OK)
    applied = recorder.migration_qs.filter(app="stations").order_by("-id").first()
    name = applied.name
    recorder.record_unapplied("stations", name)
    try:
        said = told(platform.database(), ERROR)
        assert f"stations.{name}" in said and "manage.py prepare" in said
    finally:
        recorder.record_applied("stations", name)


@pytest.mark.django_db
def test_what_prepare_makes_is_what_is_looked_for(monkeypatch):
    said = told(platform.database(), ERROR)
    assert "no administrator" in said and said.count("is missing") == len(platform.TASKS)
    call_command("prepare", "--no-seed", stdout=io.StringIO(), stderr=io.StringIO())
    assert told(platform.database(), ERROR) == ""
    made = PeriodicTask.objects.exclude(task__startswith="celery.")
    assert sorted(made.values_list("task", flat=True)) == sorted(platform.TASKS)
    made.filter(task="messaging.tasks.apply_retention").update(enabled=False)
    assert "apply_retention is switched off" in told(platform.database(), WARNING)


def test_nobody_runs_then_everybody(store, monkeypatch):
    monkeypatch.setattr(settings, "CHARGE_POINT_SHARDS", 2)
    said = told(platform.processes(platform.read_signs()), ERROR)
    assert "No charge point worker runs" in said and "beat does not run" in said
    everybody_lives(store)
    for shard in range(2):
        store.delete(f"{signs.prefix()}fleet:lease:{shard}")
    said = told(platform.processes(platform.read_signs()), ERROR)
    assert "2 of 2 shards have no worker" in said and "No charge point" not in said
    for shard in range(2):
        store.set(f"{signs.prefix()}fleet:lease:{shard}", "host-1-ab:5")
    findings = list(platform.processes(platform.read_signs()))
    assert "shards have no" not in told(findings, ERROR)
    assert "All 2 shards have a worker" in told(findings, OK)


def test_queues_that_are_behind(store):
    everybody_lives(store)
    for _ in range(250):
        store.rpush(signs.celery_prefix() + "messages", "task")
    assert "250 tasks wait in the queue messages" in told(
        platform.processes(platform.read_signs()), ERROR
    )


@pytest.mark.django_db
def test_shards_that_are_being_divided(store, monkeypatch):
    monkeypatch.setattr(settings, "CHARGE_POINT_SHARDS", 2)
    everybody_lives(store)
    store.set(f"{signs.prefix()}fleet:shards", 3)
    for shard in range(3):
        store.set(f"{signs.prefix()}fleet:lease:{shard}", "host-1-ab:5")
    assert "All 3 shards have a worker" in told(platform.shards(platform.read_signs()), OK)
    sharding.want(4)
    try:
        said = told(platform.dividing(platform.read_signs()), WARNING)
        assert "divided into 4 shards: there are 3" in said
    finally:
        sharding._collection().delete_many({})


# --- the command -------------------------------------------------------------------------------


def test_a_fault_of_one_look_ends_no_other(monkeypatch):
    def broken():
        raise RuntimeError("of ours")
        yield

    findings = list(examination._tried("disks", broken))
    assert "disks could not be examined: RuntimeError: of ours" in told(findings, ERROR)


def run_doctor(*options: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=ROOT, env={**os.environ, "DJANGO_SETTINGS_MODULE": "emulator.settings", **environment},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_without_stores_says_what_to_do_and_fails():
    port = free_port()
    done = run_doctor(
        MONGODB_URI=f"mongodb://me:hidden@127.0.0.1:{port}/", PORT=str(free_port()),
        REDIS_URL=f"redis://:hidden@127.0.0.1:{port}/0",
    )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "ERROR   MongoDB: " in done.stdout and "ERROR   Redis: " in done.stdout
    assert "-> Start it, or correct MONGODB_URI" in done.stdout
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.django_db
def test_as_json_with_its_exit_code(monkeypatch):
    from emulator.doctor.findings import Area
    from emulator.management.commands import doctor

    area = Area("here")
    for findings, options, code in (
        ([area.ok("well")], [], 0),
        ([area.warning("hm", "do")], [], 0),
        ([area.warning("hm", "do")], ["--strict"], 1),
        ([area.error("bad", "do")], [], 1),
    ):
        monkeypatch.setattr(doctor, "examine", lambda findings=findings: iter(findings))
        output, ended = io.StringIO(), 0
        try:
            call_command("doctor", "--json", *options, stdout=output)
        except SystemExit as end:
            ended = end.code
        answer = json.loads(output.getvalue())
        assert ended == code and answer["ok"] is (code == 0)
        assert answer["findings"] == [finding.as_json() for finding in findings]
