"""Rows in every table that the admin shows: of each kind, in each state, two at least."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from unittest.mock import patch

import redis
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import models
from django.utils import timezone
from django_celery_beat import models as beat
from django_celery_results.models import GroupResult, TaskResult

from accounts.models import ApiToken
from chargepoint.cars.reading import told
from chargepoint.cars.shipped import shipped
from messaging.keeping import store
from messaging.keeping.storing import store_batch
from messaging.records import SessionRecord
from scenarios.models import (
    STATES,
    Behaviour,
    Execution,
    Question,
    Scenario,
    StationRun,
    SuitePlan,
    SuiteReport,
    SuiteRun,
)
from scenarios.verdicts.tables import STATES as SUITE_STATES
from stations.cars import changes as ev_profiles
from stations.configuration import changes
from stations.configuration.validation import OCPP_VERSIONS
from stations.makes import changes as makes
from stations.many import carrying, jobs
from stations.models import Station, TagGroup, Template
from stations.state import keys
from stations.state.live import LABELS
from stations.state.stamps import make_stamp, pack_state
from tests.admin.rows_again import Again
from tests.messaging.conftest import batch_of, make_record

URL = "ws://127.0.0.1:9/ocpp"
STEPS = [{"type": "delay", "params": {"duration": 5}}]
TASK = "stations.tasks.sync_station_state"
# What a snapshot says of a running station in this state.
_SNAPSHOTS = {
    "disconnected": {"connected": False, "link": {"error": "Connection refused"}},
    "faulted": {"connectors": [{"status": "Faulted", "error": "GroundFailure"}]},
    "charging": {"connectors": [{"status": "Charging", "transaction": "7", "power_w": 11000}]},
    "pending": {"registration": "Pending"},
    "connected": {},
}


def make_rows() -> None:
    cache.clear()
    jobs.table().delete_many({})
    jobs.parts().delete_many({})
    _all_of_them()


@Again
def _all_of_them() -> None:
    make_accounts()
    make_stations()
    make_makes()
    make_ev_profiles()
    make_jobs()
    make_messages()
    make_scenarios()
    make_suites()
    make_periodic_tasks()
    make_results()
    make_log_entries()


def tables() -> list[type[models.Model]]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def make_accounts() -> None:
    for name in ("Operators", "Readers"):
        Group.objects.create(name=name).permissions.set(Permission.objects.all()[:3])
    ada = User.objects.create_user("ada", "ada@example.com", is_staff=True)
    ada.groups.set(Group.objects.all())
    ada.user_permissions.set(Permission.objects.all()[:3])
    User.objects.create_user("eve", first_name="<b>Eve</b>", is_active=False)
    ApiToken.objects.issue(ada, "a script")
    token, _ = ApiToken.objects.issue(ada, "", lifetime=None)
    ApiToken.objects.filter(pk=token.pk).update(last_used=timezone.now())


def make_makes() -> None:
    """Two that nothing is of, one that a station is of, and one that ships."""
    for name in ("free-11", "free-22", "wall-11", "xl-of-ours"):
        document = {"name": name, "vendor": "Volt", "model": "Wall", "versions": ["1.6"]}
        makes.create(document, shipped=name.startswith("xl"))
    make_station("CP-of-make", "stopped", make="wall-11")


def make_ev_profiles() -> None:
    for name in ("my-car", "your-car"):
        ev_profiles.put(told(shipped()["compact"]) | {"name": name})


def make_stations() -> None:
    for number, version in enumerate(OCPP_VERSIONS):
        key = "HeartbeatInterval" if version == "1.6" else "OCPPCommCtrlr.HeartbeatInterval"
        template = Template(
            name=f"Template {version}", csms_url=URL, ocpp_version=version,
            tags=["north"], configuration={key: "30"},
        )  # fmt: skip
        template.full_clean()
        template.save()
        TagGroup.objects.create(name=f"Group {number}", tags=["north", f"site-{number}"])
        for label in LABELS:
            identity = f"CP-{version}-{label.replace(' ', '-')}"
            make_station(identity, label, ocpp_version=version, template=template)


def make_station(identity: str, label: str, **values) -> None:
    station = Station(
        identity=identity, name=f"The {label} one", csms_url=URL, tags=["north", label],
        enabled=label != "disabled", running=label not in ("disabled", "stopped"),
        vendor=f"Maker {label}", held_back="It ended a worker." if label == "held back" else "",
        **values,
    )  # fmt: skip
    station.set_password("secret" if label == "connected" else "")
    station.full_clean()
    station.save(force_insert=True)
    if label in _SNAPSHOTS:
        put_state(identity, station.ocpp_version, **_SNAPSHOTS[label])


def put_state(identity: str, version: str, **values) -> None:
    """A snapshot as a worker leaves it in Redis, and as the sync leaves it in MongoDB."""
    connectors = [
        {"id": n, "evse": n, "status": "Available", "power_w": 0, "energy_wh": 1200, "soc": None,
         "error": "", "transaction": None, "id_tag": None} | row
        for n, row in enumerate(values.pop("connectors", [{}]), start=1)
    ]  # fmt: skip
    snapshot = {
        "version": 1, "identity": identity, "ocpp": version, "connected": True,
        "registration": "Accepted", "last_message": timezone.now().timestamp(),
        "connectors": connectors, "power_w": sum(row["power_w"] for row in connectors),
        "saved": {},
    } | values  # fmt: skip
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(keys.state_key(identity), pack_state(make_stamp(1, 1), snapshot))


def make_jobs() -> None:
    """One that is over, and one that is ticked stations of which nothing is to be done yet."""
    names = ["CP-1.6-connected", "CP-1.6-disabled"]
    asked = {"command": "start", "arguments": {}}
    job = jobs.keep("command", "Start station: 2 stations", names, asked, asked)
    with patch.object(changes, "switch", return_value=0):
        carrying.step(job.id, 0)
    jobs.choose(names)


def make_messages() -> None:
    now = timezone.now().timestamp()
    records = [
        make_record(station="CP-1.6-connected", time=now - 3, kind="Call"),
        make_record(station="CP-1.6-connected", time=now - 2, kind="CallResult", uid="u1"),
        make_record(station="CP-2.1-charging", time=now - 1, kind="CallError", error="x"),
    ]
    session = {
        "id": "s1", "rev": 1, "station": "CP-2.1-charging", "connector": 1, "evse": 1,
        "ocpp": "2.1", "transaction_id": "17", "id_tag": "TAG", "started": now, "meter_start": 0,
        "ended": None, "meter_stop": None, "reason": None, "energy_wh": 10, "state": "active",
        "sample": {"t": now, "energy_wh": 10},
    }  # fmt: skip
    store_batch(store.database(), batch_of([*records, SessionRecord("0" * 22, session)]))


def make_scenarios() -> None:
    for name in ("one", "two"):
        scenario = Scenario.objects.create(
            slug=name, name=f"Scenario {name}", steps=STEPS, variables={"a": 1}, tags=["smoke"],
            builtin=name == "two",
        )  # fmt: skip
        Behaviour.objects.create(
            name=f"Behaviour {name}", scenario=scenario, enabled=name == "one", tag="north"
        )
    now = timezone.now()
    for state in (*STATES, "interrupted"):
        run = Execution.objects.create(
            scenario_slug="one", scenario_name="Scenario one", content={"steps": STEPS},
            target={"stations": ["CP-1.6-connected"]}, stations=["CP-1.6-connected"],
            state="failed" if state == "interrupted" else state, started_by="ada",
            interrupted=state == "interrupted", counts={"passed": 1},
            runner="" if state == "pending" else "a-runner",
            started=None if state == "pending" else now - timedelta(seconds=9),
            ended=None if state in ("pending", "running") else now, message=f"It is {state}.",
        )  # fmt: skip
        StationRun.objects.create(
            id=f"{run.pk}:CP-1.6-connected", execution=str(run.pk), station="CP-1.6-connected",
            state=run.state, started=run.started, ended=run.ended,
        )  # fmt: skip


    make_question(Execution.objects.filter(state="running").first())


def make_question(run: Execution) -> None:
    now = timezone.now()
    Question.objects.create(
        kind="execution", run=str(run.pk), station="CP-1.6-connected", text="Plug it <b>in</b>.",
        asked=now, until=now + timedelta(minutes=10),
    )  # fmt: skip


def make_suites() -> None:
    plans = [
        SuitePlan(name="Nightly", suite="ocpp16", csms_url=URL, every_minutes=1440),
        SuitePlan(name="Own", document={"suite": "Own", "cases": []}, csms_url=URL, enabled=False,
                  webhook_url="https://ci.example/hooks/secret"),
    ]  # fmt: skip
    for plan in plans:
        plan.full_clean()
        plan.save(force_insert=True)
    now, own = timezone.now(), plans[1]
    for state in (*SUITE_STATES, "interrupted"):
        number = SuiteRun.objects.count()
        verdict = "PASS" if state == "passed" else "FAIL"
        case = {
            "id": "TC_1", "version": "1.6", "variant": "", "name": "It <b>boots</b>",
            "verdict": verdict, "bad": verdict == "FAIL", "declared": "", "message": "No answer.",
            "warnings": 1, "seconds": 1.5,
        }  # fmt: skip
        is_open = state in ("pending", "running")
        run = SuiteRun.objects.create(
            plan=str(own.pk), plan_name="Own", suite_name="Own", asked={"csms_url": URL},
            turn=f"{number:024}", state="failed" if state == "interrupted" else state,
            interrupted=state == "interrupted", started_by="ada", message=f"It is {state}.",
            runner="" if state == "pending" else "a-runner", seed=7, notice="Webhook: no answer.",
            counts={} if is_open else {verdict: 1}, bad=int(verdict == "FAIL" and not is_open),
            cases=[] if is_open else [case], reports={"html": 4},
            started=None if state == "pending" else now - timedelta(seconds=9),
            ended=None if is_open else now,
        )  # fmt: skip
        SuiteReport.objects.create(
            id=f"{run.pk}:html", run=str(run.pk), data=zlib.compress(b"<p>x")
        )


def schedules() -> dict[str, list[models.Model]]:
    """Two of each kind, by the field of a periodic task."""
    soon = timezone.now() + timedelta(days=1)
    return {
        "interval": [
            beat.IntervalSchedule.objects.create(every=3600, period="seconds"),
            beat.IntervalSchedule.objects.create(every=1, period="days"),
        ],
        "crontab": [
            beat.CrontabSchedule.objects.create(minute="0", hour="4", timezone="Europe/Berlin"),
            beat.CrontabSchedule.objects.create(minute="*/5", hour="*", day_of_week="1-5"),
        ],
        "solar": [
            beat.SolarSchedule.objects.create(event="sunrise", latitude=50, longitude=8),
            beat.SolarSchedule.objects.create(event="sunset", latitude=-33, longitude=151),
        ],
        "clocked": [
            beat.ClockedSchedule.objects.create(clocked_time=soon),
            beat.ClockedSchedule.objects.create(clocked_time=soon + timedelta(days=1)),
        ],
    }


def make_periodic_tasks() -> None:
    for kind, (schedule, _) in schedules().items():
        for enabled in (True, False):
            beat.PeriodicTask.objects.create(
                name=f"By {kind}{'' if enabled else ', off'}", task=TASK, enabled=enabled,
                one_off=kind == "clocked", queue="sync" if enabled else None,
                start_time=timezone.now(), description="For the tests", **{kind: schedule},
            )  # fmt: skip


def make_results() -> None:
    for number, status in enumerate(("SUCCESS", "FAILURE", "RETRY", "STARTED", "REVOKED")):
        TaskResult.objects.create(
            task_id=f"task-{number}", task_name=TASK, status=status, worker="celery@here",
            periodic_task_name="By interval", task_args='"()"', task_kwargs='"{}"',
            result='"done"', content_type="application/json", content_encoding="utf-8",
            traceback="Traceback: …" if status == "FAILURE" else None,
        )  # fmt: skip
    for number in range(2):
        GroupResult.objects.create(
            group_id=f"group-{number}", result="[]", content_type="application/json",
            content_encoding="utf-8",
        )  # fmt: skip


def make_log_entries() -> None:
    """The history of each row that the crawl opens."""
    ada = User.objects.get(username="ada")
    said = {ADDITION: {"added": {}}, CHANGE: {"changed": {"fields": ["x"]}}}
    for model in tables():
        kind = ContentType.objects.get_for_model(model)
        for row in model._default_manager.all()[:2]:
            for flag, change in said.items():
                LogEntry.objects.create(
                    user=ada, content_type=kind, object_id=str(row.pk), object_repr=str(row)[:200],
                    action_flag=flag, change_message=json.dumps([change]),
                )  # fmt: skip
