"""The page that runs a scenario on stations, of the scenario or of stations that were ticked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Media, Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

import scenarios.admin.cells as cells
from scenarios.admin.forms import RunForm
from scenarios.models import Scenario
from stations.rights import PART as STATIONS
from stations.rights import VIEW

TICKED = "scenario_stations"  # in the session: too many for an address
MOST_TICKED = 2000
JS = Media(js=["scenarios/editor.js", Script("scenarios/run.js", type="module")])


@admin.action(description="Run a scenario…")
def run_scenario(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> Any:
    """On the stations that are ticked in their list."""
    ticked = queryset.order_by("identity").values_list("identity", flat=True)
    names = list(ticked[: MOST_TICKED + 1])
    if len(names) > MOST_TICKED:
        sentence = f"Tick at most {MOST_TICKED} stations, or run on a tag or a template."
        model_admin.message_user(request, sentence, messages.WARNING)
        return None
    request.session[TICKED] = names
    return redirect("admin:scenarios_scenario_run_any")


def page(model_admin: Any, request: HttpRequest, scenario: Scenario | None) -> HttpResponse:
    """A form: which stations, and how. Then the page of the execution."""
    ticked = request.session.get(TICKED, []) if scenario is None else []
    form = RunForm(scenario, request.POST or None, initial={"stations": ", ".join(ticked)})
    if request.method == "POST" and form.is_valid():
        execution = form.launch(request.user.get_username())
        if execution is not None:
            request.session.pop(TICKED, None)
            return redirect("admin:scenarios_execution_change", execution.pk)
    context = model_admin.admin_site.each_context(request) | {
        "title": f"Run: {scenario.name}" if scenario else "Run a scenario", "form": form,
        "scenario": scenario, "opts": model_admin.opts,
        "media": model_admin.media + form.media + JS, "tags": cells.known_tags(),
        "may_look": model_admin.has_view_permission(request),
        "may_pick": STATIONS.may(request, VIEW),
    }  # fmt: skip
    return render(request, "scenarios/run.html", context)
