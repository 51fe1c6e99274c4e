"""docker/ is linted here, since a Docker daemon is not at hand where the tests run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emulator import probe, signs
from emulator.management.commands import prepare

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
LONG_RUNNING = {"mongodb", "redis", "web", "charge-points", "scenarios", "celery", "beat"}
KEYS = {
    "image", "build", "restart", "init", "environment", "depends_on", "command", "volumes",
    "healthcheck", "ports", "profiles", "stop_grace_period",
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
    rooms = {"emulator", "stations", "messaging", "scenarios", "chargepoint", "accounts"}
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
    if "emulator.probe" in check["test"]:
        kind = check["test"][check["test"].index("emulator.probe") + 1]
        # Known to the probe: it would answer 2 otherwise.
        assert probe.main([kind]) in (0, 1)


def test_the_database_is_a_replica_set_and_redis_is_persistent():
    assert "--replSet" in SERVICES["mongodb"]["command"]
    redis = SERVICES["redis"]["command"]
    assert redis[redis.index("--appendonly") + 1] == "yes"
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
                assert str(value).startswith("${")
    assert SERVICES["web"]["environment"]["DJANGO_SECRET_KEY"].startswith("${DJANGO_SECRET_KEY:?")


def test_the_probe_refuses_what_it_does_not_know():
    assert probe.main(["nothing"]) == 2
