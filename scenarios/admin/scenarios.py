"""The admin of scenarios, executions and behaviours."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action

import scenarios.admin.cells as cells
import scenarios.admin.running as running
from accounts.admin_rights import ByTable, offer
from scenarios import documents
from scenarios.admin.forms import BehaviourForm, ScenarioForm
from scenarios.engine.claims import nudge, reap_quietly
from scenarios.launching import cancel, is_open
from scenarios.models import Behaviour, Execution, Scenario, StationRun
from scenarios.rights import ADD, PART, RUN, VIEW_MESSAGES
from stations.admin.stations import StationAdmin

CSS = {"all": ["stations/stations.css", "scenarios/scenarios.css"]}
EDITOR_CSS = {"all": ["emulator/figures.css", "stations/life/life.css", "emulator/json/json.css",
                      *CSS["all"], "scenarios/editor/editor.css"]}  # fmt: skip


def _live_view(request: HttpRequest) -> str:
    """Its address; empty for one who may not see messages."""
    return reverse("live-view") if PART.may(request, VIEW_MESSAGES) else ""


def sees_executions(request: HttpRequest) -> bool:
    return admin.site._registry[Execution].has_view_permission(request)


@admin.action(description="Run on stations…")
def run_on_stations(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> Any:
    """Lead to the form that runs the scenario that was ticked."""
    if len(chosen := list(queryset[:2])) > 1:
        sentence = "Choose one scenario: each run is of one, on as many stations as you like."
        model_admin.message_user(request, sentence, messages.WARNING)
        return None
    return redirect("admin:scenarios_scenario_run", object_id=chosen[0].pk)


@admin.action(description="Export")
def export(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
    """The scenarios that were ticked, as a file to import."""
    text = json.dumps(documents.export_document(list(queryset)), indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": 'attachment; filename="scenarios.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


@admin.register(Scenario)
class ScenarioAdmin(ByTable, ModelAdmin):
    table = PART
    form = ScenarioForm
    list_display = ("title", "tag_list", "size", "version", "kind")
    list_display_links = ("title",)
    list_filter = ("builtin",)
    search_fields = ("name", "slug", "description")
    actions = [run_on_stations, export]
    actions_detail = ["run_this"]
    warn_unsaved_form = True
    change_form_outer_before_template = "scenarios/editor_told.html"
    fieldsets = (
        (None, {"fields": (("name", "slug"), "description", ("version", "tags"), "steps")}),
        ("Cleanup and variables", {"classes": ("tab",), "fields": ("cleanup", "variables")}),
        ("Wire watch", {"classes": ("tab",), "fields": ("watch",)}),
    )
    prepopulated_fields = {"slug": ("name",)}

    class Media:
        css = EDITOR_CSS
        js = [Script("scenarios/editor/main.js", type="module")]

    @admin.display(description="Scenario", ordering="name")
    def title(self, row: Scenario):
        return cells.two_lines(row.name, row.slug)

    @admin.display(description="Tags")
    def tag_list(self, row: Scenario):
        return cells.chips(row.tags)

    @admin.display(description="Steps")
    def size(self, row: Scenario) -> int:
        return len(row.steps)

    @admin.display(description="Made by")
    def kind(self, row: Scenario) -> str:
        return "built in" if row.builtin else "you"

    def get_list_display(self, request: HttpRequest):
        may_run, may_look = self.may_open(request, "run"), sees_executions(request)

        @admin.display(description="")
        def links(row: Scenario):
            return cells.scenario_links(row, may_run, may_look)

        return (*self.list_display, links) if may_run or may_look else self.list_display

    def get_prepopulated_fields(self, request: HttpRequest, obj: Scenario | None = None):
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_urls(self):
        run = self.admin_site.admin_view(self.run_view)
        run_any = self.admin_site.admin_view(self.run_any_view)
        return [
            path("run/", run_any, name="scenarios_scenario_run_any"),
            path("<str:object_id>/run/", run, name="scenarios_scenario_run"), *super().get_urls(),
        ]  # fmt: skip

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        told = {
            "may_run": self.has_run_permission(request), "live_view": _live_view(request),
            "may_try": self.has_run_permission(request) and PART.may(request, ADD),
        }  # fmt: skip
        more = {**(extra_context or {}), "editor": told}
        return super().changeform_view(request, object_id, form_url, more)

    def response_add(self, request: HttpRequest, obj: Scenario, post_url_continue: Any = None):
        return self._to_run(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Scenario):
        return self._to_run(request, obj) or super().response_change(request, obj)

    def _to_run(self, request: HttpRequest, obj: Scenario) -> HttpResponse | None:
        """Of the button "Save and run"."""
        if "_run" not in request.POST or not self.has_run_permission(request):
            return None
        return redirect("admin:scenarios_scenario_run", object_id=obj.pk)

    def has_run_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "run")

    @action(
        description="Run on stations…",
        url_path="run-this",
        icon="play_arrow",
        permissions=["run"],
    )
    def run_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:scenarios_scenario_run", object_id=object_id)

    def run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form: which stations, and how. Then the page of the execution.

        Raises Http404 where there is no such scenario, PermissionDenied without the right.
        """
        scenario = self.get_object(request, object_id)
        if scenario is None:
            raise Http404
        if not self.may_open(request, "run"):
            raise PermissionDenied
        return running.page(self, request, scenario)

    def run_any_view(self, request: HttpRequest) -> HttpResponse:
        """The same, with the scenario to choose: for stations that were ticked in their list.

        Raises PermissionDenied without the right.
        """
        if not self.may_open(request, "run_any"):
            raise PermissionDenied
        return running.page(self, request, None)


offer(StationAdmin, running.run_scenario, PART)


@admin.action(description="Cancel")
def cancel_executions(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Cancel those that were ticked and are open, and say how many."""
    count = cancel(list(queryset), request.user.get_username())
    note = f"{count} executions are being cancelled." if count else "None of them was running."
    model_admin.message_user(request, note, messages.SUCCESS if count else messages.WARNING)


@admin.register(Execution)
class ExecutionAdmin(ByTable, ModelAdmin):
    table = PART
    list_display = ("status", "title", "progress", "by", "created", "took", "reason")
    list_display_links = ("title",)
    list_filter = ("state", "scenario_slug")
    search_fields = ("scenario_name", "scenario_slug", "started_by")
    list_before_template = "scenarios/executions_head.html"
    actions = [cancel_executions]
    list_fullwidth = True

    class Media:
        css = CSS
        # Modules: they run once the page is there.
        js = [
            Script("scenarios/executions.js", type="module"),
            Script("scenarios/questions.js", type="module"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """As Django has it; executions that nobody runs any more are ended first."""
        reap_quietly()
        return super().get_queryset(request)

    @admin.display(description="State", ordering="state")
    def status(self, row: Execution):
        return cells.badge(row)

    @admin.display(description="Scenario", ordering="scenario_name")
    def title(self, row: Execution):
        return cells.two_lines(row.scenario_name, cells.target_words(row))

    @admin.display(description="Stations")
    def progress(self, row: Execution):
        return cells.progress(row)

    @admin.display(description="Started by", ordering="started_by")
    def by(self, row: Execution) -> str:
        return row.started_by or "–"

    @admin.display(description="Took")
    def took(self, row: Execution):
        return format_html('<span class="st-nowrap sc-took">{}</span>', cells.took(row))

    @admin.display(description="Message")
    def reason(self, row: Execution):
        return format_html('<span class="sc-reason" title="{0}">{0}</span>', row.message)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How it goes, kept fresh by execution.js; nothing to edit.

        Raises Http404 where there is none, PermissionDenied without the right.
        """
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {
            "title": row.scenario_name, "execution": row, "opts": self.opts,
            "media": self.media, "api": f"/api/executions/{row.pk}",
            "may_cancel": is_open(row) and self.may_act(request, "cancel_executions"),
            "target": cells.target_words(row), "live_view": _live_view(request),
            "scenario_link": self._scenario_link(request, row),
            "may_answer": PART.may(request, RUN),
        }  # fmt: skip
        return render(request, "scenarios/execution.html", context)

    def _scenario_link(self, request: HttpRequest, row: Execution) -> str:
        """Empty for one who may not see scenarios."""
        if not self.admin_site._registry[Scenario].has_view_permission(request):
            return ""
        listed = reverse("admin:scenarios_scenario_changelist")
        there = Scenario.objects.filter(slug=row.scenario_slug).first()
        return reverse("admin:scenarios_scenario_change", args=[there.pk]) if there else listed

    def delete_model(self, request: HttpRequest, obj: Execution) -> None:
        self.delete_queryset(request, Execution.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            if is_open(row):
                sentence = f"{row}: cancel it first."
                self.message_user(request, sentence, messages.ERROR)
                continue
            StationRun.objects.filter(execution=str(row.pk)).delete()
            row.delete()


@admin.register(Behaviour)
class BehaviourAdmin(ByTable, ModelAdmin):
    table = PART
    form = BehaviourForm
    list_display = ("name", "scenario", "who", "enabled")
    list_filter = ("enabled",)
    list_select_related = ("scenario",)
    search_fields = ("name",)
    warn_unsaved_form = True

    class Media:
        css = CSS
        js = ["scenarios/editor.js"]

    @admin.display(description="Stations")
    def who(self, row: Behaviour) -> str:
        """The stations and tag of a behaviour in words."""
        named = ", ".join(row.stations[:5]) + (" …" if len(row.stations) > 5 else "")
        return ", ".join(part for part in (named, row.tag and f"tag {row.tag}") if part)

    def get_list_display(self, request: HttpRequest):
        shown = cells.behaviour_links
        return (*self.list_display, shown) if sees_executions(request) else self.list_display

    def save_model(self, request: HttpRequest, obj: Behaviour, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        nudge()

    def delete_model(self, request: HttpRequest, obj: Behaviour) -> None:
        super().delete_model(request, obj)
        nudge()
