"""Every page and published schema that is made from the code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

from documentation import (
    blocks_page,
    commands_page,
    decisions_page,
    ev_pages,
    formats,
    make_format,
    makes_page,
    metrics_page,
    operations,
    settings_page,
)
from documentation.project import DOCS

REFERENCE = DOCS / "reference"
SCENARIO_WORDS = (
    "The fields of a scenario's file, made from its JSON schema "
    "([scenario.schema.json](scenario.schema.json), for editors) by `python -m documentation "
    "write`. What they mean and how they work together: [scenarios](scenarios.md)."
)
SUITE_WORDS = (
    "The fields of a suite's file, made from its JSON schema "
    "([suite.schema.json](suite.schema.json), for editors) by `python -m documentation write`. "
    "What they mean: [suites](suites.md). `step`, `message` and `watch` are those of a "
    "[scenario](scenario-format.md)."
)


def set_up() -> None:
    """Django, for a process that has none yet. No store is asked."""
    for name, value in {
        "DJANGO_SETTINGS_MODULE": "emulator.settings",
        "DJANGO_SECRET_KEY": "of no use",
        "MONGODB_URI": "mongodb://127.0.0.1:9/",  # RFC 863: nobody answers there
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }.items():
        os.environ.setdefault(name, value)
    import django

    django.setup()


def _of_params() -> dict[str, str]:
    """Headings of what the types of steps take that are no commands."""
    from scenarios.rules.json_schema import PREFIX
    from scenarios.rules.step_schemas import MESSAGE, OWN

    looking = {f"{PREFIX}expect": "`params` of a step that looks for a message"}
    shared = MESSAGE["properties"]
    others = [
        kind for kind, schema in OWN.items()
        if schema["properties"] and schema["properties"] is not shared
    ]  # fmt: skip
    return looking | {f"{PREFIX}{kind}": f"`params` of `{kind}`" for kind in others}


def made() -> dict[Path, str]:
    """{file: its text by the code of today}."""
    from chargepoint.cars.reading import json_schema as ev_profile_schema
    from chargepoint.make.schema import make_schema
    from emulator import matrix
    from emulator.api import api
    from emulator.api.examples import EXAMPLES
    from emulator.rights import TABLE
    from scenarios.rules.json_schema import scenario_schema
    from scenarios.rules.station_steps import COMMANDS
    from stations.api.seats import SEATS
    from stations.life.page import TABLE as STATION_COMMANDS
    from terminal.suites.json_schema import suite_schema

    scenario, suite = scenario_schema(), suite_schema()
    pages = {
        "settings.md": settings_page.page(),
        "blocks.md": blocks_page.page(),
        "commands.md": commands_page.page(STATION_COMMANDS, SEATS, EXAMPLES),
        "makes.md": make_format.page(),
        "metrics.md": metrics_page.page(families()),
        "scenario-format.md": formats.page(
            "Format of scenarios", SCENARIO_WORDS, scenario,
            {"step": "A step", **_of_params(), "watch": "The wire watch"},
        ) + formats.step_types(scenario, frozenset(COMMANDS)),
        "suite-format.md": formats.page(
            "Format of suites", SUITE_WORDS, suite,
            {name: heading for name, heading in {
                "case": "A case", "start": "A start", "station": "A station",
            }.items() if name in suite["$defs"]},
        ),
    }  # fmt: skip
    pages |= {
        f"{name}.schema.json": json.dumps(each, indent=2) + "\n"
        for name, each in (
            ("scenario", scenario), ("suite", suite), ("make", make_schema()),
            ("ev-profile", ev_profile_schema()),
        )
    }
    found = {REFERENCE / name: text for name, text in pages.items()}
    schema = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    for name, text in operations.pages(schema, TABLE.operations).items():
        found[REFERENCE / "operations" / name] = text
    for name, text in makes_page.pages().items():
        found[REFERENCE / "makes" / name] = text
    for name, text in ev_pages.pages().items():
        found[REFERENCE / "ev-profiles" / name] = text
    found[decisions_page.FOLDER / "index.md"] = decisions_page.page()
    found[matrix.PAGE] = matrix.with_matrix(matrix.PAGE.read_text())
    return found


def stale() -> dict[Path, str]:
    """Those whose file is another, or not there."""
    set_up()
    for folder in ("operations", "makes", "ev-profiles"):
        (REFERENCE / folder).mkdir(exist_ok=True)
    return {
        path: text for path, text in made().items()
        if not path.exists() or path.read_text() != text
    }  # fmt: skip


def families() -> list[tuple[str, str, tuple[str, ...], str]]:
    """[(name, kind, labels, meaning)] of /api/metrics, by a collector of a platform at rest."""
    from emulator.monitoring import fleet_metrics, metrics, signs, waiting_metrics

    alive = {"ok": True, "alive": True, "workers": [], "runners": 0, "log_lag": 0.0}
    alive |= dict.fromkeys(("executions", "waiting", "suites", "suites_waiting"), 0)
    answer = {
        "mongodb": alive, "redis": alive, "beat": alive, "celery": alive,
        "charge_points": {**alive, "workers": 0}, "scenarios": alive, "problems": [],
        "sync": {"waiting": 0, "lag": 0.0}, "disks": {},
    }  # fmt: skip
    answer["beat"] = {**alive, "last_run": 0.0}
    found = signs.Signs()
    fleet = SimpleNamespace(states={}, power_w=0.0, energy_wh=0.0, charging=0, sick=0)
    census = SimpleNamespace(look=lambda *_: fleet)
    return [
        (each.name, each.type, tuple(each._labelnames), each.documentation)
        for each in (
            *metrics.Collector(answer, found).collect(),
            *waiting_metrics.WaitingCollector(answer, found).collect(),
            *fleet_metrics.FleetCollector(1, census)._fleet(0.0),
            fleet_metrics.latency_family(),
        )
    ]
