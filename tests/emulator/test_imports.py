"""The direction of imports: by import-linter, and by what a fresh interpreter really loads."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "benchmarks", "chaos", "chargepoint", "conformance", "democsms", "emulator",
            "messaging", "mutants", "runtime", "scenarios", "stations", "terminal")  # fmt: skip


def run(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_contracts_hold():
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_core_loads_nothing_of_ours_and_no_io(version):
    # An import in a package's __init__ slips past import-linter; sys.modules does not lie.
    script = (
        "import sys\n"
        "from chargepoint.config import ConnectorConfig, StationConfig\n"
        "from chargepoint.versions import make_station\n"
        "plug = ConnectorConfig(id=1, evse=1, kind='Type2', phases=3, max_power_w=22000)\n"
        f"config = StationConfig(identity='a', version={version!r}, vendor='v', model='m',\n"
        "    serial='s', firmware='f', connectors=(plug,), configuration={})\n"
        "make_station(config, None, 1.0e9).connected_to(1.0e9)\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "chargepoint" in loaded
    forbidden = {
        "django", "channels", "celery", "redis", "pymongo", "picows", "uvloop", "asyncio",
        "emulator", "stations", "messaging", "scenarios", "accounts", "runtime",
    }  # fmt: skip
    assert not loaded & forbidden


def started(settings: str, *script: str) -> str:
    """What a fresh interpreter prints that has set Django up."""
    lines = ("import django, sys", "django.setup()", *script)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
    done = run(sys.executable, "-c", "\n".join(lines), env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_process_looks_for_geodjangos_libraries():
    # That search runs a linker: a second of every process' start.
    before = "import ctypes.util as u\nu.find_library = lambda name: print('sought', name)"
    done = run(sys.executable, "-c", f"{before}\nimport django\ndjango.setup()",
               env={**os.environ, "DJANGO_SETTINGS_MODULE": "emulator.settings"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "gdal" not in done.stdout and "geos" not in done.stdout


def test_no_reactor_is_made_where_no_web_is_served():
    # It would be a loop and its descriptors in each process, and in all that are forked from it.
    printed = started("emulator.settings", "print('twisted.internet.reactor' in sys.modules)")
    assert printed.strip() == "False"


def test_who_looks_after_processes_loads_no_application():
    printed = started(
        "emulator.profiles.up", "import emulator.management.commands.up",
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))",
    )  # fmt: skip
    assert not set(printed.split()) & {"ninja", "pydantic", "unfold"}


@pytest.mark.parametrize(("embedded", "mode"), [("1", "poll"), ("0", None)])
def test_a_driver_follows_its_server_closely_only_where_it_may_change(embedded, mode):
    # The embedded one wakes four times a second for each driver that does.
    script = (
        "from django.conf import settings\n"
        "print(settings.DATABASES['default']['OPTIONS'].get('serverMonitoringMode'))\n"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "emulator.settings", "MONGODB_URI":
           "mongodb://127.0.0.1:9/", "MONGODB_EMBEDDED": embedded}  # fmt: skip
    done = run(sys.executable, "-c", script, env=env)
    assert done.stdout.strip() == str(mode), done.stderr


def imports() -> dict[str, set[str]]:
    """{module of ours: those that it imports}, within functions too, for types only not."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    found = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text())
        for block in [node for node in ast.walk(tree) if isinstance(node, ast.If)]:
            if "TYPE_CHECKING" in ast.unparse(block.test):
                block.body = []
        named: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {each if each in paths else node.module for each in whole}
        found[name] = (named & paths.keys()) - {name}
    return found


def test_no_module_imports_itself_by_way_of_others():
    found = imports()
    assert len(found) > 400 and "chargepoint.core.station" in found["chargepoint.versions"]
    graphlib.TopologicalSorter(found).prepare()  # a CycleError names the circle
