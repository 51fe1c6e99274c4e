"""Suites and their runs in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.decorators import action

import scenarios.admin.suite_cells as cells
from accounts.admin_rights import ByTable
from scenarios.admin.suite_forms import SuiteForm
from scenarios.models import SuitePlan, SuiteRun
from scenarios.rights import PART, RUN
from scenarios.verdicts import starting
from scenarios.verdicts.claims import reap_quietly

CSS = {"all": ["stations/stations.css", "scenarios/scenarios.css"]}
CHOICE = 50  # runs that one can be compared with


def _sees_runs(request: HttpRequest) -> bool:
    return admin.site._registry[SuiteRun].has_view_permission(request)


def _started(request: HttpRequest, plan: SuitePlan) -> tuple[SuiteRun | None, str]:
    """The run, or why there is none."""
    try:
        return starting.start(plan, request.user.get_username()), ""
    except starting.Busy as error:
        return None, str(error)
    except ValidationError as error:
        return None, f"{plan.name}: {' '.join(error.messages)}"


@admin.action(description="Run now")
def run_now(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Run the plans that were ticked, and say of each what came of it."""
    reap_quietly()
    for plan in queryset:
        run, why = _started(request, plan)
        sentence = why or f"{plan.name} waits for a runner."
        level = messages.WARNING if run is None else messages.SUCCESS
        model_admin.message_user(request, sentence, level)


@admin.register(SuitePlan)
class SuitePlanAdmin(ByTable, ModelAdmin):
    table = PART
    form = SuiteForm
    list_display = ("title", "csms_url", "when", "last", "trend")
    list_display_links = ("title",)
    list_filter = ("enabled", "suite")
    search_fields = ("name", "csms_url")
    actions = [run_now]
    actions_detail = ["run_this"]
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (
            ("name", "suite"), ("csms_url", "stations"), ("versions", "only"),
            ("every_minutes", "enabled"), ("strict", "fast"), "webhook_url")}),
        ("Security profiles", {"classes": ("tab",), "fields": (
            "secure_csms_url", ("password", "forget_password"), "tls_ca_pem",
            "tls_client_cert_pem", ("tls_client_key_pem", "forget_client_key"))}),
        ("The CSMS acts", {"classes": ("tab",), "fields": ("driver", "driver_document")}),
        ("A suite of your own", {"classes": ("tab",), "fields": ("document",)}),
        ("Variables, seed", {"classes": ("tab",), "fields": ("variables", ("parallel", "seed"))}),
    )  # fmt: skip

    class Media:
        css = CSS
        js = ["scenarios/editor.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        reap_quietly()
        return super().get_queryset(request)

    def get_exclude(self, request: HttpRequest, obj: SuitePlan | None = None) -> tuple[str, ...]:
        # Addresses of webhooks are secrets often.
        return () if self.has_change_permission(request, obj) else ("webhook_url",)

    def get_fieldsets(self, request: HttpRequest, obj: SuitePlan | None = None) -> Any:
        """Fields to edit; those who may only look see whether there are secrets, and no field to
        write them."""
        adds = obj is None and self.has_add_permission(request)
        if adds or self.has_change_permission(request, obj):
            return self.fieldsets
        (title, first), (secure, design), *others = self.fieldsets
        kept = tuple(each for each in first["fields"] if each != "webhook_url")
        # Whether there are secrets: the fields by which they are written are the form's alone.
        plain = ("secure_csms_url", "has_password", "tls_ca_pem", "tls_client_cert_pem",
                 "has_client_key")  # fmt: skip
        return (
            (title, {**first, "fields": kept}), (secure, {**design, "fields": plain}), *others,
        )  # fmt: skip

    @admin.display(description="Suite", ordering="name")
    def title(self, row: SuitePlan):
        return cells.two_lines(row.name, row.title)

    @admin.display(description="When", ordering="every_minutes")
    def when(self, row: SuitePlan) -> str:
        return cells.schedule(row)

    @admin.display(description="Last run")
    def last(self, row: SuitePlan):
        return cells.last_run(row)

    @admin.display(description=f"The last {cells.TREND} runs")
    def trend(self, row: SuitePlan):
        return cells.trend(cells.history(row))

    def get_list_display(self, request: HttpRequest):
        shown = cells.run_links
        return (*self.list_display, shown) if _sees_runs(request) else self.list_display[:3]

    def get_urls(self):
        run = self.admin_site.admin_view(self.run_view)
        return [
            path("<str:object_id>/run/", run, name="scenarios_suiteplan_run"), *super().get_urls()
        ]  # fmt: skip

    def has_run_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may_open(request, "run")

    @action(
        description="Run now…", url_path="run-this", icon="play_arrow", permissions=["run"]
    )  # fmt: skip
    def run_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:scenarios_suiteplan_run", object_id=object_id)

    def run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What is about to be run; the button runs it, and leads to the run's page.

        Raises Http404 where there is no such plan, PermissionDenied without the right.
        """
        plan = self.get_object(request, object_id)
        if plan is None:
            raise Http404
        if not self.may_open(request, "run"):
            raise PermissionDenied
        why = ""
        if request.method == "POST":
            run, why = _started(request, plan)
            if run is not None:
                return redirect("admin:scenarios_suiterun_change", run.pk)
        context = self.admin_site.each_context(request) | {
            "title": f"Run: {plan.name}", "plan": plan, "opts": self.opts, "why": why,
            "media": self.media, "may_look": self.has_view_permission(request),
        }  # fmt: skip
        return render(request, "scenarios/suite_plan_run.html", context)


@admin.action(description="Cancel")
def cancel_runs(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Cancel those that were ticked and are open, and say how many."""
    count = starting.cancel(list(queryset), request.user.get_username())
    note = f"{count} runs are being cancelled." if count else "None of them was open."
    model_admin.message_user(request, note, messages.SUCCESS if count else messages.WARNING)


@admin.register(SuiteRun)
class SuiteRunAdmin(ByTable, ModelAdmin):
    table = PART
    list_display = ("status", "title", "figures", "by", "created", "took", "reason")
    list_display_links = ("title",)
    list_filter = ("state", "plan_name")
    search_fields = ("plan_name", "suite_name", "started_by")
    actions = [cancel_runs]
    list_fullwidth = True

    class Media:
        css = CSS
        js = [Script("scenarios/questions.js", type="module")]  # once the page is there

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        reap_quietly()
        return super().get_queryset(request)

    @admin.display(description="State", ordering="state")
    def status(self, row: SuiteRun):
        return cells.badge(row)

    @admin.display(description="Suite", ordering="plan_name")
    def title(self, row: SuiteRun):
        return cells.two_lines(row.plan_name, row.suite_name)

    @admin.display(description="Cases")
    def figures(self, row: SuiteRun) -> str:
        return cells.figures(row)

    @admin.display(description="Started by", ordering="started_by")
    def by(self, row: SuiteRun) -> str:
        return row.started_by or "–"

    @admin.display(description="Took")
    def took(self, row: SuiteRun) -> str:
        return cells.took(row)

    @admin.display(description="Message")
    def reason(self, row: SuiteRun):
        return cells.reason(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What came of it, beside another run of the plan: `?with=`, else the one before.

        Raises Http404 where there is none, PermissionDenied without the right.
        """
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        others = SuiteRun.objects.filter(plan=row.plan).exclude(pk=row.pk).order_by("-created")
        others = list(others.defer("cases")[:CHOICE])
        wanted = request.GET.get("with", "")
        other = next((each for each in others if str(each.pk) == wanted), None)
        if other is None:
            other = starting.before(row)
        context = self.admin_site.each_context(request) | {
            "title": row.plan_name, "run": row, "opts": self.opts, "media": self.media,
            "badge": cells.badge(row), "took": cells.took(row), "others": others, "other": other,
            "sections": cells.sections(row, other), "cases": cells.cases(row, other),
            "figures": cells.figures(row), "trend": cells.trend(cells.history_of(row.plan)),
            "may_cancel": row.is_open and self.may_act(request, "cancel_runs"),
            "formats": sorted(row.reports), "may_answer": PART.may(request, RUN),
        }  # fmt: skip
        return render(request, "scenarios/suite_run.html", context)

    def delete_model(self, request: HttpRequest, obj: SuiteRun) -> None:
        self.delete_queryset(request, SuiteRun.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for row in queryset:
            try:
                starting.delete(row)
            except starting.Busy as error:
                self.message_user(request, str(error), messages.ERROR)
