"""What users can set and call is told: variables of the environment, operations of the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.api import api

ROOT = Path(__file__).parents[2]
PACKAGES = ("accounts", "chargepoint", "democsms", "emulator", "messaging", "runtime", "scenarios",
            "stations", "terminal")  # fmt: skip
READ = re.compile(
    r"(?:environ(?:\.get)?[\[(]|getenv\(|env_flag\(|env_list\(|number\()\s*[\"']([A-Z][A-Z_]+)[\"']"
)
COMPOSED = re.compile(r"\$\{([A-Z][A-Z_]+)")
# Told from one of our processes to another, or Django's own.
INNER = {"PATH", "DJANGO_SETTINGS_MODULE", "MONGODB_EMBEDDED", "REDIS_EMBEDDED"}


def variables() -> set[str]:
    found = set(COMPOSED.findall((ROOT / "docker" / "compose.yaml").read_text()))
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found |= set(READ.findall(path.read_text()))
    return found


def test_each_variable_is_told():
    found = variables()
    assert {"MONGODB_URI", "HTTPS", "DEMO_CSMS_PORT", "CELERY_CONCURRENCY", "BIND"} <= found
    told = (ROOT / "docs" / "operating.md").read_text()
    assert [name for name in sorted(found - INNER) if f"`{name}`" not in told] == []


def operations() -> list[tuple[str, str, dict]]:
    paths = api.get_openapi_schema()["paths"]
    return [(m, path, each) for path, methods in paths.items() for m, each in methods.items()]


@pytest.mark.parametrize(("method", "path", "operation"), operations(), ids=lambda v: str(v)[:60])
def test_each_operation_says_what_it_does(method, path, operation):
    assert operation.get("description"), f"{method} {path} has no description"
