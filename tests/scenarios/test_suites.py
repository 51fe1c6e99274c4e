"""Suites of the platform without processes: plans, runs, comparing, reports, the schedule."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.utils import timezone

from messaging.keeping.store import close_async
from scenarios.models import SuitePlan, SuiteReport, SuiteRun
from scenarios.tasks import start_suites, tidy_executions
from scenarios.verdicts import claims, starting, telling
from scenarios.verdicts.child import Outcome, environment, options
from scenarios.verdicts.comparing import compare
from scenarios.verdicts.running import STOPPED, settled
from tests.stations.config.conftest import Api

URL = "ws://127.0.0.1:9/ocpp"
BODY = {"name": "Nightly", "suite": "ocpp16", "csms_url": URL}
OWN = {"suite": "Own", "cases": [{"id": "C_1", "steps": [{"type": "delay"}]}]}


def case(identity: str, verdict: str = "PASS", bad: bool | None = None, **more: Any) -> dict:
    return {
        "id": identity, "version": "1.6", "variant": "", "name": identity, "verdict": verdict,
        "bad": verdict == "FAIL" if bad is None else bad, "declared": "", "message": "",
        "warnings": 0, "seconds": 1.0, **more,
    }  # fmt: skip


def run_of(plan: str, *cases: dict, state: str = "passed") -> SuiteRun:
    made = SuiteRun.objects.create(
        plan=plan, plan_name="Nightly", turn=f"turn-{SuiteRun.objects.count()}", state=state,
        cases=list(cases), counts={"PASS": len(cases)}, asked={"csms_url": URL},
        ended=timezone.now(),
    )  # fmt: skip
    # Two may be made in one millisecond.
    later = timezone.now() + timedelta(seconds=SuiteRun.objects.count())
    SuiteRun.objects.filter(pk=made.pk).update(created=later)
    made.refresh_from_db()
    return made


# --- comparing -------------------------------------------------------------------------------


def ids(cases: list) -> list[str]:
    return [each["id"] for each in cases]


def test_what_broke_healed_and_came_and_went():
    before = [case("a"), case("b", "FAIL"), case("c", "FAIL"), case("d"), case("e"), case("x")]
    after = [case("a", "FAIL"), case("b"), case("c", "ERROR", bad=True), case("d", "SKIPPED"),
             case("e"), case("n")]  # fmt: skip
    found = compare(before, after)
    assert (ids(found.broke), ids(found.healed), ids(found.still)) == (["a"], ["b"], ["c"])
    assert (ids(found.lost), ids(found.new), ids(found.gone)) == (["d"], ["n"], ["x"])


def test_a_failed_case_that_is_not_judged_has_not_healed():
    found = compare([case("a", "FAIL")], [case("a", "SKIPPED")])
    assert not found.healed and ids(found.lost) == ["a"]
    assert not compare([case("a", "SKIPPED")], [case("a", "NOT APPLICABLE")]).of()


def test_versions_and_variants_are_cases_of_their_own():
    before = [case("a"), case("a", "FAIL", version="2.0.1"), case("a", variant="dc")]
    after = [case("a", "FAIL"), case("a", version="2.0.1"), case("a", variant="dc")]
    found = compare(before, after)
    assert [each["version"] for each in found.broke] == ["1.6"]
    assert [each["version"] for each in found.healed] == ["2.0.1"]


def test_a_declared_failure_is_none():
    assert not compare([case("a")], [case("a", "FAIL", bad=False)]).broke


# --- plans -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_suite_is_made_read_replaced_and_deleted(api: Api):
    status, made = api("POST", "suites", BODY | {"only": ["TC_0*"], "driver": "octt"})
    assert (status, made["suite"], made["driver"], made["stations"]) == (
        201, "ocpp16", "octt", "CP-{n}",
    )  # fmt: skip
    for name in ("Nightly", made["id"]):
        assert api("GET", f"suites/{name}") == (200, made)
    status, same = api("PUT", "suites/Nightly", made)  # what was read can be sent back
    assert status == 200 and same | {"updated": ""} == made | {"updated": ""}
    status, changed = api("PUT", "suites/Nightly", BODY | {"suite": OWN})
    assert (status, changed["suite"], changed["driver"]) == (200, OWN, None)
    assert api("POST", "suites", BODY)[1]["code"] == "name_taken"
    assert ids(api("GET", "suites")[1]["items"]) == [made["id"]]
    assert api("DELETE", "suites/Nightly") == (204, None)
    assert api("GET", "suites/Nightly")[1]["code"] == "suite_not_found"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("suite", "ocpp17", "ocpp16"), ("suite", {"cases": 3}, "as a list"),
        ("suite", {"cases": [{"id": "a", "scenario": "/etc/passwd"}]}, "no files beside"),
        ("suite", {"cases": [], "include": ["x.json"]}, "no files beside"),
        ("csms_url", "http://127.0.0.1", "ws://"), ("csms_url", "ws://u:p@127.0.0.1", "password"),
        ("csms_url", "ws://127.0.0.1\u2028--insecure", "spaces"),
        ("stations", "CP {n}", "identity"), ("stations", "@x", "identity"),
        ("versions", ["1.5"], "1.6"), ("driver", "other", "octt"),
        ("driver", {"actions": {}}, "actions"), ("only", ["@/etc/passwd"], "patterns"),
        ("only", ["--insecure"], "patterns"), ("only", ["a\nb"], "patterns"),
        ("variables", {"a b": 1}, ""), ("parallel", 51, "50"), ("seed", 2**31, "2147483647"),
        ("every_minutes", 1, "5"), ("webhook_url", "ftp://x", "http"),
        ("webhook_url", "https://u:p@x/", "password"),
    ],
)  # fmt: skip
def test_a_field_says_what_is_wrong_with_it(api: Api, field, value, words):
    status, told = api("POST", "suites", BODY | {field: value})
    assert status == 422, told
    told_of = {"suite": ("suite", "document"), "driver": ("driver", "driver_document")}
    [(name, sentence)] = told["fields"].items()
    assert name in told_of.get(field, (field,)) and words in sentence


@pytest.mark.django_db
def test_a_plan_needs_one_suite_not_two():
    plan = SuitePlan(name="x", csms_url=URL, suite="ocpp16", document=OWN)
    with pytest.raises(Exception, match="one of both"):
        plan.full_clean()
    plan.suite, plan.document = "", {}
    with pytest.raises(Exception, match="one of both"):
        plan.full_clean()


# --- starting --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_plan_has_one_open_run_at_most(api: Api):
    api("POST", "suites", BODY)
    status, run = api("POST", "suites/Nightly/run")
    assert (status, run["state"], run["suite"]) == (201, "pending", "ocpp16") and run["seed"]
    assert api("POST", "suites/Nightly/run")[1]["code"] == "running"
    status, ended = api("POST", f"suite-runs/{run['id']}/cancel")
    assert (status, ended["state"]) == (202, "cancelled")
    assert api("POST", f"suite-runs/{run['id']}/cancel")[1]["code"] == "ended"
    assert api("POST", "suites/Nightly/run")[0] == 201
    assert api("DELETE", f"suite-runs/{run['id']}") == (204, None)
    [left] = api("GET", "suite-runs?plan=Nightly")[1]["items"]
    assert api("DELETE", f"suite-runs/{left['id']}")[1]["code"] == "running"


@pytest.mark.django_db
def test_what_the_servers_driver_has_is_not_a_plans_to_set(api: Api, settings, tmp_path):
    path = tmp_path / "driver.json"
    action = {"url": "http://h/${token}"}
    path.write_bytes(orjson.dumps({"variables": {"token": "t"}, "actions": {"Reset": action}}))
    settings.SCENARIO_DRIVER = str(path)
    api("POST", "suites", BODY | {"variables": {"token": "mine"}})
    status, told = api("POST", "suites/Nightly/run")
    assert status == 422 and "not yours to set" in told["fields"]["variables"]


@pytest.mark.django_db
def test_the_schedule_starts_what_is_due_and_nothing_twice():
    for name, minutes, enabled in (("due", 60, True), ("off", 60, False), ("by hand", 0, True)):
        SuitePlan.objects.create(
            name=name, suite="ocpp16", csms_url=URL, every_minutes=minutes, enabled=enabled
        )
    assert start_suites() == {"started": ["due"]}
    assert start_suites() == {"started": []}
    old = timezone.now() - timedelta(minutes=61)
    SuiteRun.objects.update(created=old)
    assert start_suites() == {"started": []}  # it runs still
    for run in SuiteRun.objects.all():
        starting.cancel([run])
    assert start_suites() == {"started": ["due"]}


@pytest.mark.django_db
def test_a_plan_that_cannot_be_started_says_so_as_a_run_that_failed():
    SuitePlan.objects.create(name="gone", suite="none", csms_url=URL, every_minutes=60)
    assert start_suites() == {"started": []}
    [run] = SuiteRun.objects.all()
    assert run.state == "failed" and "Choose one of" in run.message
    assert start_suites() == {"started": []} and SuiteRun.objects.count() == 1


@pytest.mark.django_db
def test_runs_of_dead_runners_are_marked_and_free_their_plan(monkeypatch):
    monkeypatch.setattr("scenarios.engine.claims.REDIS_SETTLED", 0)
    plan = SuitePlan.objects.create(name="n", suite="ocpp16", csms_url=URL)
    run = starting.start(plan)
    SuiteRun.objects.filter(pk=run.pk).update(state="running", runner="dead")
    assert claims.reap() == 1
    run.refresh_from_db()
    assert (run.state, run.interrupted, run.message) == ("failed", True, claims.INTERRUPTED)
    starting.start(plan)


def asked_in_a_loop(question: Coroutine) -> Any:
    async def whole() -> Any:
        try:
            return await question
        finally:
            await close_async()

    return asyncio.run(whole())


@pytest.mark.django_db
def test_how_a_run_ended_is_told_again_where_the_answer_was_lost_but_not_by_the_dead(monkeypatch):
    monkeypatch.setattr("scenarios.engine.claims.REDIS_SETTLED", 0)
    run = starting.start(SuitePlan.objects.create(name="n", suite="ocpp16", csms_url=URL))
    found = SuiteRun.objects.filter(pk=run.pk)
    found.update(state="running", runner="mine")
    for _ in range(2):
        assert asked_in_a_loop(claims.report("mine", run.pk, {"state": "passed"}))
    found.update(state="running")
    assert claims.reap() == 1
    assert not asked_in_a_loop(claims.report("mine", run.pk, {"state": "passed"}))
    assert found.get().state == "failed"


@pytest.mark.django_db
def test_a_run_that_is_deleted_is_to_end():
    run = starting.start(SuitePlan.objects.create(name="n", suite="ocpp16", csms_url=URL))
    assert asked_in_a_loop(claims.cancel_asked(run.pk)) == ""
    run.delete()
    assert asked_in_a_loop(claims.cancel_asked(run.pk)) == "It was deleted."


@pytest.mark.django_db
def test_runs_go_as_messages_do(settings):
    plan = SuitePlan.objects.create(name="n", suite="ocpp16", csms_url=URL)
    old, fresh = run_of(str(plan.pk)), run_of(str(plan.pk))
    for run in (old, fresh):
        SuiteReport.objects.create(id=f"{run.pk}:html", run=str(run.pk), data=b"x")
    ago = timezone.now() - timedelta(days=settings.MESSAGE_RETENTION_DAYS + 1)
    SuiteRun.objects.filter(pk=old.pk).update(created=ago)
    assert tidy_executions() == {"interrupted": 0, "deleted": 1}
    assert [each.run for each in SuiteReport.objects.all()] == [str(fresh.pk)]


# --- what is run, and what came of it --------------------------------------------------------


def test_nothing_secret_and_no_store_is_in_the_process(settings, monkeypatch):
    monkeypatch.setenv("DRIVER_TOKEN", "t")
    monkeypatch.setenv("MONGODB_URI", "mongodb://secret")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "secret")
    settings.EGRESS_CSMS_DENY, settings.HTTP_ALLOW_HOSTS = ["10.0.0.0/8"], ["csms.example"]
    env = environment()
    assert (env["DRIVER_TOKEN"], env["EGRESS_CSMS_DENY"]) == ("t", "10.0.0.0/8")
    assert "EGRESS_TRANSFERS_DENY" in env
    assert "secret" not in " ".join(env.values())
    plan = SuitePlan(
        name="n", suite="ocpp16", csms_url=URL, variables={"base": "x", "tag": "T\n1"},
        driver_document={"variables": {"base": "x"}, "actions": {}}, only=["TC_0*"], strict=True,
    )  # fmt: skip
    words = list(options(plan.asked(), 7))
    assert "--no-loopback" in words and "--strict" in words and "--only=TC_0*" in words
    assert words[words.index("--allow-host") + 1] == "csms.example"
    assert '--var=tag="T\\n1"' in words and not any("base" in word for word in words)
    assert not any("\n" in word for word in words)


def result(identity: str, verdict: str) -> dict:
    return case(identity, verdict, message="m" * 9_000, warnings=["w"], steps=[], frames=[])


def report(*results: dict, passed: bool) -> bytes:
    counts = {"PASS": sum(each["verdict"] == "PASS" for each in results)}
    return orjson.dumps({"name": "S", "passed": passed, "counts": counts, "results": results})


def test_a_report_becomes_the_run():
    files = {"json": report(result("a", "PASS"), result("b", "FAIL"), passed=False), "html": b"<p>"}
    values, stored = settled(Outcome(1, "", files), "")
    assert (values["state"], values["message"]) == ("failed", "1 of 2 cases failed.")
    assert (values["bad"], values["done"], values["suite_name"]) == (1, 2, "S")
    assert len(values["cases"][1]["message"]) == 400 and values["cases"][1]["warnings"] == 1
    assert "steps" not in values["cases"][0] and zlib.decompress(stored["html"]) == b"<p>"
    good = {"json": report(result("a", "PASS"), passed=True)}
    assert settled(Outcome(0, "", good), "")[0]["state"] == "passed"


@pytest.mark.parametrize(
    ("outcome", "why", "state", "message"),
    [
        (Outcome(2, "--csms: Begin the address.", {}), "", "failed", "--csms: Begin the address."),
        (Outcome(-9, "", {}), "", "failed", "runsuite ended with -9, and said nothing."),
        (Outcome(0, "", {}), "", "failed", "runsuite ended with 0, and said nothing."),
        (Outcome(0, "", {"json": b"["}), "", "failed", "runsuite ended with 0, and said nothing."),
        (Outcome(None, "", {}), "Cancelled by ada.", "cancelled", "Cancelled by ada."),
        (Outcome(None, "", {}), STOPPED, "failed", STOPPED),
    ],
)
def test_what_did_not_come_to_a_verdict_says_why(outcome, why, state, message):
    values, _ = settled(outcome, why)
    assert (values["state"], values["message"]) == (state, message)
    assert values["interrupted"] == (why == STOPPED)


def test_a_cancelled_run_keeps_what_it_has_judged():
    files = {"json": report(result("a", "PASS"), passed=True)}
    values, _ = settled(Outcome(None, "", files), "Cancelled.")
    assert (values["state"], ids(values["cases"])) == ("cancelled", ["a"])


@pytest.mark.django_db
def test_runs_are_compared_with_the_one_before_or_any_other(api: Api):
    first = run_of("1" * 24, case("a"), case("b", "FAIL"))
    second = run_of("1" * 24, case("a"), case("b"))
    third = run_of("1" * 24, case("a", "FAIL"), case("b"), state="failed")
    run_of("1" * 24, state="cancelled")
    run_of("2" * 24, case("a"))
    found = api("GET", f"suite-runs/{third.pk}/compare")[1]
    assert (found["against"], ids(found["broke"]), ids(found["healed"])) == (
        str(second.pk), ["a"], [],
    )  # fmt: skip
    found = api("GET", f"suite-runs/{third.pk}/compare?with={first.pk}")[1]
    assert (ids(found["broke"]), ids(found["healed"])) == (["a"], ["b"])
    assert api("GET", f"suite-runs/{first.pk}/compare")[1]["against"] is None
    assert ids(api("GET", f"suite-runs/{first.pk}")[1]["cases"]) == ["a", "b"]
    body = telling.payload(third, starting.before(third))
    assert ids(body["broke"]) == ["a"] and body["against"] == str(second.pk)


@pytest.mark.django_db
def test_runs_page_by_cursor_and_filter(api: Api):
    made = [str(run_of("1" * 24, state=state).pk) for state in ("passed", "failed", "passed")]
    first = api("GET", "suite-runs?limit=2")[1]
    rest = api("GET", f"suite-runs?limit=2&cursor={first['next']}")[1]
    assert ids([*first["items"], *rest["items"]]) == made[::-1]
    assert ids(api("GET", "suite-runs?state=failed")[1]["items"]) == [made[1]]
    assert api("GET", "suite-runs?state=x")[0] == 422


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["json", "html", "junit", "badge"])
def test_a_report_is_a_download_and_never_a_page_of_ours(admin_client, kind):
    run = run_of("1" * 24)
    data = zlib.compress(b"<script>alert(1)</script>")
    SuiteReport.objects.create(id=f"{run.pk}:{kind}", run=str(run.pk), data=data)
    answer = admin_client.get(f"/api/suite-runs/{run.pk}/report?format={kind}")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    missing = admin_client.get(f"/api/suite-runs/{run_of('1' * 24).pk}/report?format={kind}")
    assert missing.status_code == 404


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_of_a_run_has_failed_cases_first_and_what_broke(admin_client):
    plan = SuitePlan.objects.create(name="Nightly", suite="ocpp16", csms_url=URL)
    run_of(str(plan.pk), case("TC_1"), case("TC_2", "FAIL"))
    bad = case("TC_1", "FAIL", message="<b>No answer</b>")
    second = run_of(str(plan.pk), case("TC_2"), bad, state="failed")
    page = admin_client.get(f"/admin/scenarios/suiterun/{second.pk}/change/").content.decode()
    assert 'data-kind="broke"' in page and 'data-kind="healed"' in page
    assert "&lt;b&gt;No answer" in page and "<b>No answer" not in page
    table = page.rpartition("Cases</h3>")[2]
    assert table.index("TC_1") < table.index("TC_2")
    listed = admin_client.get("/admin/scenarios/suiteplan/").content.decode()
    assert "1 of the last 2 runs passed" in listed and f"suiterun/{second.pk}/change/" in listed


@pytest.mark.django_db
def test_run_now_and_cancel_by_the_pages(admin_client):
    plan = SuitePlan.objects.create(name="Nightly", suite="ocpp16", csms_url=URL)
    address = f"/admin/scenarios/suiteplan/{plan.pk}/run/"
    assert SuiteRun.objects.count() == 0 and admin_client.get(address).status_code == 200
    answer = admin_client.post(address)
    [run] = SuiteRun.objects.all()
    assert answer["Location"].endswith(f"/suiterun/{run.pk}/change/")
    assert "runs already" in admin_client.post(address).content.decode()
    assert 'value="cancel_runs"' in admin_client.get(answer["Location"]).content.decode()
    sent = {"action": "cancel_runs", "_selected_action": [str(run.pk)]}
    admin_client.post("/admin/scenarios/suiterun/", sent)
    run.refresh_from_db()
    assert (run.state, run.message) == ("cancelled", "Cancelled by admin.")
    acts = connection.get_collection("trail").find({"model": "scenarios.suiterun"})
    assert [act["action"] for act in acts.sort("_id", 1)] == ["started", "cancelled"]


@pytest.mark.django_db
def test_who_may_not_change_suites_does_not_see_their_webhooks(client, django_user_model):
    from django.contrib.auth.models import Permission

    secret = "https://hooks.example/s3cret"
    plan = SuitePlan.objects.create(
        name="Nightly", suite="ocpp16", csms_url=URL, webhook_url=secret
    )
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_suiteplan"))
    client.force_login(user)
    assert client.get("/api/suites/Nightly").json()["webhook_url"] == "..."
    page = client.get(f"/admin/scenarios/suiteplan/{plan.pk}/change/")
    assert page.status_code == 200 and "s3cret" not in page.content.decode()
