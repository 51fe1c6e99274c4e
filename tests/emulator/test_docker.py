"""docker/ is linted here, since a Docker daemon is not at hand where the tests run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from emulator.management.commands import prepare
from emulator.monitoring import probe, signs
from emulator.processes import supervisor
from stations.link.egress import Policy

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
LONG_RUNNING = {"mongodb", "redis", "web", "charge-points", "scenarios", "celery", "beat"}
KEYS = {
    "image", "build", "restart", "init", "environment", "depends_on", "command", "volumes",
    "healthcheck", "ports", "profiles", "stop_grace_period", "secrets", "entrypoint",
}  # fmt: skip


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "--no-color", DOCKER / "Dockerfile"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and not done.stdout.strip(), done.stdout + done.stderr


def test_the_image_is_not_root_and_asks_for_its_health():
    text = (DOCKER / "Dockerfile").read_text()
    last_user = re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1]
    assert last_user not in ("root", "0") and not last_user.startswith("0:")
    assert re.search(r"^HEALTHCHECK .*CMD \[", text.replace("\\\n", " "), re.MULTILINE)


def test_what_is_copied_exists_and_is_let_through():
    copied = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", (DOCKER / "Dockerfile").read_text(), re.M):
        copied += line.split()[:-1]
    rooms = {"emulator", "stations", "messaging", "scenarios", "chargepoint", "accounts", "runtime"}
    assert rooms <= set(copied)
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored


def test_every_package_that_is_imported_is_in_the_image():
    from django.conf import settings

    own = {app.partition(".")[0] for app in settings.INSTALLED_APPS}
    own = {name for name in own if (ROOT / name / "__init__.py").exists()}
    text = (DOCKER / "Dockerfile").read_text()
    assert own and all(f"COPY {name} {name}" in text for name in own)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_is_well_formed(name):
    service = SERVICES[name]
    assert set(service) <= KEYS
    assert "image" in service
    for other, condition in service.get("depends_on", {}).items():
        assert other in SERVICES
        wanted = "service_completed_successfully" if other == "prepare" else "service_healthy"
        assert condition == {"condition": wanted}
    for volume in service.get("volumes", []):
        assert volume.partition(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_service_has_a_health_check(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    # A loaded machine has as long here as under `manage.py up`.
    assert check["start_period"] == f"{supervisor.PATIENCE:.0f}s"
    if "emulator.monitoring.probe" in check["test"]:
        kind = check["test"][check["test"].index("emulator.monitoring.probe") + 1]
        # Known to the probe: it would answer 2 otherwise.
        assert probe.main([kind]) in (0, 1)


def test_the_database_is_a_replica_set_and_redis_is_persistent():
    assert "--replSet" in SERVICES["mongodb"]["command"]
    assert " --appendonly yes " in SERVICES["redis"]["command"][-1]
    for name in ("mongodb", "redis"):
        assert SERVICES[name]["volumes"]


def test_the_commands_are_ours():
    assert SERVICES["prepare"]["command"][1:] == ["manage.py", prepare.__name__.split(".")[-1]]
    queues = next(a for a in SERVICES["celery"]["command"] if a.startswith("--queues="))
    assert set(queues.removeprefix("--queues=").split(",")) == set(signs.QUEUES)


def test_no_secret_is_written_down():
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", key):
                assert str(value).startswith(("${", "/run/secrets/"))


def test_both_stores_ask_for_a_password_that_every_process_has(tmp_path):
    """In files: an environment and a command line are shown by `docker inspect` and `ps`."""
    made = subprocess.run([DOCKER / "make-secrets", tmp_path], check=True, capture_output=True)
    assert not any(path.read_bytes() in made.stdout for path in tmp_path.iterdir())
    names = {path.name for path in tmp_path.iterdir()}
    assert (
        names
        == set(COMPOSE["secrets"])
        == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    )
    assert tmp_path.stat().st_mode & 0o077 == 0
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert all(len(text) == 64 and text.isalnum() for text in before.values())
    assert len(set(before.values())) == len(before)
    subprocess.run([DOCKER / "make-secrets", tmp_path], check=True, capture_output=True)
    assert before == {path.name: path.read_text() for path in tmp_path.iterdir()}

    environment = SERVICES["web"]["environment"]
    for name in ("DJANGO_SECRET_KEY_FILE", "MONGODB_PASSWORD_FILE", "REDIS_PASSWORD_FILE"):
        secret = environment[name].removeprefix("/run/secrets/")
        for process in LONG_RUNNING - {"mongodb", "redis"}:
            assert secret in SERVICES[process]["secrets"]
            assert SERVICES[process]["environment"][name] == environment[name]
    assert SERVICES["mongodb"]["environment"]["MONGO_INITDB_ROOT_USERNAME"] == (
        urlsplit(environment["MONGODB_URI"]).username
    )
    for store in ("mongodb", "redis"):
        used = str(SERVICES[store])
        assert all(f"/run/secrets/{name}" in used for name in SERVICES[store]["secrets"])


def test_stations_reach_nothing_inside_but_what_is_named():
    environment = SERVICES["charge-points"]["environment"]
    allow, deny = (default_of(environment[f"EGRESS_CSMS_{kind}"]) for kind in ("ALLOW", "DENY"))
    policy = Policy.parse("EGRESS_CSMS", [allow], [deny])
    assert policy.refusal("demo-csms", "172.18.0.5") == ""
    for host in ("mongodb", "redis", "web"):
        assert policy.refusal(host, "172.18.0.2")
    assert default_of(environment["EGRESS_TRANSFERS_DENY"]) == "inside"


def default_of(value: str) -> str:
    return re.fullmatch(r"\$\{\w+:-(.*)\}", value)[1]


def test_the_probe_refuses_what_it_does_not_know():
    assert probe.main(["nothing"]) == 2
