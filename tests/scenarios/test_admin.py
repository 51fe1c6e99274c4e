"""Scenarios, executions and behaviours in the admin, without a browser."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from scenarios.models import Behaviour, Execution, Scenario, StationRun
from scenarios.seeding import seed

pytestmark = pytest.mark.django_db
STEPS = [{"type": "delay", "params": {"duration": 5}}]


@pytest.fixture
def scenario(hot) -> Scenario:
    return Scenario.objects.create(slug="s", name="S", steps=STEPS, variables={"a": 1})


def form(**changes: str) -> dict[str, str]:
    return {
        "name": "New", "slug": "new", "description": "", "version": "1.0", "tags": "a, b",
        "steps": json.dumps(STEPS), "cleanup": "", "variables": "", **changes,
    }  # fmt: skip


def test_a_scenario_is_made_by_the_form(admin_client, hot) -> None:
    page = admin_client.get(reverse("admin:scenarios_scenario_add")).content.decode()
    assert 'class="' in page and "sc-json" in page and "editor/main.js" in page
    answer = admin_client.post(reverse("admin:scenarios_scenario_add"), form())
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    row = Scenario.objects.get(slug="new")
    assert (row.tags, row.steps, row.cleanup, row.variables) == (["a", "b"], STEPS, [], {})
    assert not row.builtin


@pytest.mark.parametrize("kind", ["scenario", "behaviour"])
def test_json_fields_of_an_empty_form_are_empty(admin_client, hot, kind) -> None:
    page = admin_client.get(reverse(f"admin:scenarios_{kind}_add")).content.decode()
    fields = re.findall(r"<textarea[^>]*sc-json[^>]*>([^<]*)</textarea>", page)
    assert fields and {field.strip() for field in fields} == {""}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steps": '[{"type": "delay",}]'}, "This is no JSON (line 1, column 19)"),
        ({"steps": '[{"type": "dance"}]'}, "Step 1 (dance): There is no type"),
        ({"steps": ""}, "This field is required"),
        ({"steps": "[]"}, "Give at least one step"),
        ({"variables": "[1]"}, "Give an object of variables"),
        ({"slug": "import"}, "is a word of the API"),
        ({"slug": "s"}, "already exists"),
    ],
)
def test_what_is_wrong_stands_at_its_field(admin_client, scenario, changes, sentence) -> None:
    answer = admin_client.post(reverse("admin:scenarios_scenario_add"), form(**changes))
    assert answer.status_code == 200
    page = answer.content.decode().replace("&quot;", '"')
    assert sentence in page
    assert Scenario.objects.count() == 1


def test_the_form_shows_json_over_lines_and_keeps_it(admin_client, scenario) -> None:
    url = reverse("admin:scenarios_scenario_change", args=[scenario.pk])
    page = admin_client.get(url).content.decode()
    assert "&quot;duration&quot;: 5" in page
    changed = form(name="S2", slug="s", variables='{"a": 2}')
    assert admin_client.post(url, changed).status_code == 302
    scenario.refresh_from_db()
    assert (scenario.name, scenario.variables) == ("S2", {"a": 2})


def test_the_lists_show_what_is_there(admin_client, hot) -> None:
    seed()
    page = admin_client.get(reverse("admin:scenarios_scenario_changelist")).content.decode()
    assert "Happy Path Charging Session" in page and "built in" in page
    assert admin_client.get(reverse("admin:scenarios_behaviour_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:scenarios_execution_changelist")).status_code == 200


def test_run_on_stations(admin_client, scenario, make_station) -> None:
    make_station("CP1")
    make_station("CP2", tags=["ac"])
    make_station("Park deck 1/2")
    chosen = {"action": "run_on_stations", "_selected_action": [str(scenario.pk)]}
    answer = admin_client.post(reverse("admin:scenarios_scenario_changelist"), chosen)
    run = reverse("admin:scenarios_scenario_run", args=[scenario.pk])
    assert (answer.status_code, answer.url) == (302, run)
    page = admin_client.get(run).content.decode()
    assert "1 step" in page and "1 steps" not in page and "&quot;a&quot;: 1" in page
    names = "CP1\nPark deck 1/2, \n"
    wish = {"stations": names, "tag": "ac", "stagger_ms": "5", "variables": '{"a": 3}'}
    answer = admin_client.post(run, wish)
    (execution,) = Execution.objects.all()
    assert answer.url == reverse("admin:scenarios_execution_change", args=[execution.pk])
    assert sorted(execution.stations) == ["CP1", "CP2", "Park deck 1/2"]
    assert execution.content["variables"] == {"a": 3}
    assert execution.started_by == "admin" and execution.stagger_ms == 5
    for wrong, sentence in (
        ({"stations": "NONE"}, "There is no station NONE"),
        ({"stations": ""}, "Name stations, a tag or a template."),
        ({"stations": "CP1", "variables": '{"x": 1}'}, "The scenario has no variable $x"),
    ):
        page = admin_client.post(run, {"stagger_ms": "0"} | wrong).content.decode()
        assert sentence in page
    assert Execution.objects.count() == 1


def test_an_execution_is_looked_at_and_cancelled(admin_client, scenario, make_station) -> None:
    make_station("CP1")
    run = reverse("admin:scenarios_scenario_run", args=[scenario.pk])
    admin_client.post(run, {"stations": "CP1", "stagger_ms": "0", "variables": "{}"})
    (execution,) = Execution.objects.all()
    url = reverse("admin:scenarios_execution_change", args=[execution.pk])
    page = admin_client.get(url).content.decode()
    assert f"/api/executions/{execution.pk}" in page and "data-cancel>" in page
    lists = reverse("admin:scenarios_execution_changelist")
    page = admin_client.get(lists).content.decode()
    assert "0 / 1" in page and "pending" in page
    assert admin_client.get(f"{lists}?behaviour=0123").status_code == 200
    chosen = {"action": "cancel_executions", "_selected_action": [str(execution.pk)]}
    admin_client.post(lists, chosen)
    execution.refresh_from_db()
    assert execution.state == "cancelled"
    assert "data-cancel" not in admin_client.get(url).content.decode()
    # Its record goes with what its stations did.
    StationRun.objects.create(id="x", execution=str(execution.pk), station="CP1")
    chosen = {"action": "delete_selected", "_selected_action": [str(execution.pk)], "post": "yes"}
    admin_client.post(lists, chosen)
    assert not Execution.objects.exists() and not StationRun.objects.exists()


def test_a_behaviour_is_made_by_the_form(admin_client, scenario) -> None:
    url = reverse("admin:scenarios_behaviour_add")
    body = {
        "name": "b", "scenario": str(scenario.pk), "enabled": "on", "stations": "CP1, CP2",
        "tag": "", "variables": '{"a": 2}', "stagger_ms": "10",
    }  # fmt: skip
    page = admin_client.post(url, body | {"variables": '{"b": 2}'}).content.decode()
    assert "The scenario has no variable $b" in page
    assert admin_client.post(url, body).status_code == 302
    row = Behaviour.objects.get()
    assert (row.stations, row.variables, row.enabled) == (["CP1", "CP2"], {"a": 2}, True)


def test_export_is_a_file_that_can_be_imported(admin_client, scenario) -> None:
    chosen = {"action": "export", "_selected_action": [str(scenario.pk)]}
    answer = admin_client.post(reverse("admin:scenarios_scenario_changelist"), chosen)
    (document,) = json.loads(answer.content)["scenarios"]
    assert document["scenarioId"] == "s" and document["variables"] == {"a": 1}
