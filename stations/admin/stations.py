"""Stations in the admin: the live list, the form, bulk creation, the JSON that keeps it live."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

import stations.admin.cells as cells
import stations.admin.columns as columns
from accounts import tables
from accounts.admin_rights import ByTable
from accounts.errors import ApiError
from accounts.table import PART as ACCOUNTS
from accounts.table import VIEW_TRAIL
from accounts.trail.page import row
from accounts.trail.reading import newest_of
from runtime.parts import parts
from stations import rights
from stations.admin.actions import ALL
from stations.admin.changelist import LiveChangeList, QuickPaginator
from stations.admin.filters import (
    LiveStateFilter,
    MakeFilter,
    TagFilter,
    TagGroupFilter,
    VendorFilter,
)
from stations.admin.forms import BulkForm, StationForm
from stations.admin.list_head import filtered_identities, head_of_list
from stations.api import listing
from stations.configuration import changes
from stations.configuration.cells import csv_lines
from stations.configuration.exporting import export_parts
from stations.configuration.trail import STATION
from stations.life import page
from stations.many import asking, regions
from stations.models import StaleStation, Station, Template
from stations.orders.commands import notify_changed_sync
from stations.state.complaints import why
from stations.state.live import live_states

MOST_LIVE = 500
LAST_ENTRIES = 10  # of the trail


# Fields of the form alone -> what stands in their place for one who may only look; "": nothing.
_WRITTEN = {
    "password": "password_kept", "proxy_password": "proxy_password_kept",
    "tls_client_key_pem": "client_key_kept", "forget_password": "", "forget_proxy_password": "",
    "forget_client_key": "", "revision_seen": "",
}  # fmt: skip


def _to_look_at(title: str | None, options: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """A fieldset without what only a form has."""
    lines: list[Any] = []
    for line in options["fields"]:
        names = line if isinstance(line, tuple) else (line,)
        lines.append(tuple(shown for name in names if (shown := _WRITTEN.get(name, name))))
    return title, {**options, "fields": tuple(line for line in lines if line)}


@admin.register(Station)
class StationAdmin(ByTable, ModelAdmin):
    table = rights.PART
    form = StationForm
    list_display = columns.USUAL
    list_display_links = ("station",)
    list_fullwidth = True
    list_filter = (
        LiveStateFilter, "ocpp_version", "enabled", "running", VendorFilter, MakeFilter,
        TagGroupFilter, TagFilter, "template",
    )  # fmt: skip
    search_fields = ("identity", "name", "vendor", "model", "serial")
    list_per_page = 50
    paginator = QuickPaginator
    # They cannot be counted over arrays, and those by live state would read all of Redis.
    show_facets = admin.ShowFacets.NEVER
    # The second count of all rows says nothing that the first does not.
    show_full_result_count = False
    list_before_template = "stations/list_head.html"
    actions = ALL
    actions_list = ["create_many"]
    change_form_outer_before_template = "stations/tabs.html"
    change_form_outer_after_template = "stations/trail_panel.html"
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (("identity", "name"),
                           "template",
                           ("ocpp_version", "offered_versions"), ("enabled", "autostart"), "tags",
                           ("latitude", "longitude"), "revision_seen")}),
        ("Connection", {"classes": ("tab",), "fields": (
            "csms_url", ("username", "password", "password_encoding"), "forget_password",
            ("call_timeout", "reading"), "compression",
            ("proxy_url", "proxy_username", "proxy_password"),
            "forget_proxy_password")}),
        ("TLS", {"classes": ("tab",), "fields": (
            "tls_verify", ("tls_min_version", "tls_max_version"), "tls_ciphers",
            "tls_ca_pem", "tls_client_cert_pem", "tls_client_key_pem",
            "forget_client_key")}),
        ("Hardware", {"classes": ("tab",), "fields": (
            "make", ("vendor", "model"), ("serial", "firmware"), ("iccid", "imsi"), "connectors")}),
        ("Simulation", {"classes": ("tab",), "fields": (
            ("boot_delay", "heartbeat_interval"), ("default_id_tag", "ev_max_power_w"),
            ("meter_sample_interval", "meter_aligned_interval"), "meter_variance", "measurands",
            "delays")}),
        ("Configuration", {"classes": ("tab",), "fields": ("configuration",)}),
        ("Cars", {"classes": ("tab",), "fields": ("cars",)}),
        ("Rules", {"classes": ("tab",), "fields": ("rules",)}),
    )  # fmt: skip

    class Media:
        css = {"all": ["stations/stations.css", "accounts/trail.css"]}
        js = ["stations/live.js", "stations/list.js", "stations/add.js"]

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type:
        return LiveChangeList

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any):
        """As Django has it, which asks for one of a station's log entries here too."""
        if queryset.model is not Station:
            return Paginator(queryset, *args, **kwargs)
        return super().get_paginator(request, queryset, *args, **kwargs)

    @admin.display(description="State")
    def state(self, station: Station):
        return cells.state_cell(station)

    @admin.display(description="Station", ordering="identity")
    def station(self, station: Station):
        return cells.two_lines(station.identity, station.name)

    @admin.display(description="Make and model", ordering="vendor")
    def make_and_model(self, station: Station):
        return cells.two_lines(station.vendor, station.model)

    @admin.display(description="OCPP", ordering="ocpp_version")
    def version(self, station: Station) -> str:
        return station.live.version or station.ocpp_version

    @admin.display(description="Connectors")
    def outlets(self, station: Station):
        return cells.connectors_cell(station)

    @admin.display(description="Power")
    def power(self, station: Station):
        return cells.power_cell(station)

    @admin.display(description="Last message")
    def last_message(self, station: Station):
        return cells.message_cell(station)

    @admin.display(description="Tags")
    def tag_list(self, station: Station):
        return cells.tags_cell(station)

    @admin.display(description="Messages")
    def links(self, station: Station):
        return cells.links_cell(station)

    @admin.display(description="CSMS", ordering="csms_url")
    def csms(self, station: Station) -> str:
        return station.csms_url

    @admin.display(description="Serial number", ordering="serial")
    def serial_number(self, station: Station) -> str:
        return station.serial

    @admin.display(description="Template")
    def made_from(self, station: Station) -> str:
        return station.template_name

    @admin.display(description="Place")
    def place(self, station: Station) -> str:
        return cells.place_cell(station)

    @admin.display(description="Changed", ordering="updated")
    def changed(self, station: Station):
        return station.updated

    def get_list_display(self, request: HttpRequest):
        """The columns that were chosen in this browser, of those that the user may see."""
        return columns.chosen(request)

    @admin.display(description="Password is kept", boolean=True)
    def password_kept(self, station: Station) -> bool:
        return station.has_password

    @admin.display(description="Password at the proxy is kept", boolean=True)
    def proxy_password_kept(self, station: Station) -> bool:
        return station.has_proxy_password

    @admin.display(description="Client key is kept", boolean=True)
    def client_key_kept(self, station: Station) -> bool:
        return station.has_client_key

    # --- extra pages

    def get_urls(self):
        """Django's, with the live data, the file to export and the station's own page."""
        live = self.admin_site.admin_view(self.live_view)
        life = self.admin_site.admin_view(self.life)
        export = self.admin_site.admin_view(self.export)
        return [
            path("live/", live, name="stations_station_live"),
            path("export/", export, name="stations_station_export"),
            path("<path:object_id>/life/", life, name="stations_station_life"),
            *super().get_urls(),
        ]

    def life(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the station is doing, and what one may have it do. `object_id`: or its identity.

        Raises PermissionDenied where the user has no right to the page.
        """
        if not self.may_open(request, "life"):
            raise PermissionDenied
        station = self.get_object(request, object_id)
        if station is None:
            station = self.get_object(request, object_id, "identity")
        if station is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        where = {"opts": self.opts, "original": station}  # for the path to the page in its head
        context = self.admin_site.each_context(request) | where | page.life_of(request, station)
        return render(request, "stations/life.html", context)

    def live_view(self, request: HttpRequest) -> JsonResponse:
        """{"stations": {identity: live data}} of ?ids=a,b; one read of Redis.

        Raises PermissionDenied where the user has no right to it.
        """
        if not self.may_open(request, "live"):
            raise PermissionDenied
        wanted = [name for name in request.GET.get("ids", "").split(",") if name][:MOST_LIVE]
        fields = ("identity", "enabled", "running", "held_back")
        found = [
            station for part in parts(wanted)
            for station in Station.objects.filter(identity__in=part).only(*fields)
        ]  # fmt: skip
        states = live_states(found)
        for station in found:
            station.live = states[station.identity]
        sick = why(found)
        data = {name: cells.live_data(state, sick[name]) for name, state in states.items()}
        if len(wanted) > 1:  # a list shows none of it
            for row in data.values():
                del row["breaches"]
        return JsonResponse({"stations": data})

    def export(self, request: HttpRequest) -> HttpResponse:
        """Those that the list's filters find, as a file to import: `?format=csv` or `json`.

        Raises PermissionDenied where the user has no right to it.
        """
        if not self.may_open(request, "export"):
            raise PermissionDenied
        query = request.GET.copy()
        form = (query.pop("format", None) or ["csv"])[-1]
        request.GET = query
        names = filtered_identities(self, request)
        found = listing.each({"identity": {"$in": names}} if names is not None else {})
        if form == "json":
            return tables.download(tables.streamed(request, export_parts(found)), "stations", form)
        return tables.download(tables.streamed(request, csv_lines(found)), "stations")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, head_of_list(request) | (extra_context or {}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?template=` fills the form with the template's design."""
        given = super().get_changeform_initial_data(request)
        key = request.GET.get("template", "")
        row = Template.objects.filter(pk=key).first() if ObjectId.is_valid(key) else None
        return given if row is None else given | row.design() | {"template": row.pk}

    def has_create_many_permission(self, request: HttpRequest) -> bool:
        return self.may_open(request, "create_many")

    @action(
        description="Create many from a template",
        url_path="create-many",
        icon="library_add",
        permissions=["create_many"],
    )
    def create_many(self, request: HttpRequest) -> HttpResponse:
        """The form, what it would make, and the job that makes it."""
        form = BulkForm(request.POST or None)
        if not _may_drive(request):
            form.fields["start"].disabled = True
        shown = None
        if request.method == "POST" and form.is_valid():
            try:
                if "preview" in request.POST:
                    shown = asking.preview_creation(request, form.order())
                    names = len(shown["identities"])  # of many the first and the last
                    shown["gap"] = names // 2 if shown["count"] > names else 0
                else:
                    job = asking.create(request, form.order(), form.cleaned_data["per_second"])
                    return redirect("fleet-job", job.id)
            except ValidationError as error:
                _add_errors(form, error)
            except changes.IdentityTaken as error:
                form.add_error("pattern", str(error))
            except ApiError as error:
                form.add_error(None, error.message)
        context = self.admin_site.each_context(request) | {
            "title": "Create many stations from a template", "form": form, "opts": self.opts,
            "media": self.media + form.media, "preview": shown, "countries": regions.countries(),
        }  # fmt: skip
        return render(request, "stations/create_many.html", context)

    # --- the form

    def get_fieldsets(self, request: HttpRequest, obj: Station | None = None):
        """`start_now` is a choice of the first save; later there are buttons for it. Who may only
        look is told which secrets are kept, and has no fields to write or remove them."""
        first, *rest = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return [_to_look_at(title, options) for title, options in (first, *rest)]
        if obj is not None or not _may_drive(request):
            return (first, *rest)
        return ((first[0], {"fields": (*first[1]["fields"], "start_now")}), *rest)

    def get_readonly_fields(self, request: HttpRequest, obj: Station | None = None):
        return ("identity",) if obj else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None):
        """As Django has it; the row knows whether this user may move its secrets."""
        station = super().get_object(request, object_id, from_field)
        if station is not None:
            station.secrets_may_move = rights.PART.may(request, rights.SEE_SECRETS)
        return station

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """As Django has it; a save that another one overtook is answered with a sentence."""
        extra_context = dict(extra_context or {})
        station = self.get_object(request, object_id) if object_id else None
        if station is not None and request.method == "GET":
            extra_context |= {
                "tabs": page.tabs_of(request, station, "settings"),
                "trail": trail_of(request, station),
            }
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except StaleStation:
            # Another save came between this form's check and its write.
            sentence = "Someone saved this station at the same moment. Repeat your change."
        except IntegrityError:
            sentence = "This identity was taken at the same moment. Choose another."
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Station, form: Any, change: bool) -> None:
        """Store the row and tell its worker; a new one runs if the form says so and the user
        may."""
        if change:
            obj.store()
        else:
            wanted = form.cleaned_data.get("start_now") and _may_drive(request)
            obj.running = obj.enabled and bool(wanted)
            obj.save(force_insert=True)
        notify_changed_sync([obj.identity])
        if obj.parted:
            note = "The link leads elsewhere: the password or client key that was kept is removed."
            self.message_user(request, note, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Station) -> None:
        changes.delete([obj.identity])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        changes.delete(list(queryset.values_list("identity", flat=True)))


def _may_drive(request: HttpRequest) -> bool:
    return rights.PART.may(request, rights.DRIVE_STATION)


def trail_of(request: HttpRequest, station: Station) -> dict[str, Any] | None:
    """The station's last entries; None for one who may not see the trail."""
    if not ACCOUNTS.may(request, VIEW_TRAIL):
        return None
    found = newest_of(STATION, station.identity, LAST_ENTRIES)
    query = urlencode({"model": STATION, "object": station.identity})
    return {"rows": [row(entry) for entry in found], "more": f"{reverse('trail')}?{query}"}


def _add_errors(form: BulkForm, error: ValidationError) -> None:
    """Errors of a station belong to the form's own field where it has one."""
    for name, texts in error.message_dict.items():
        place = {"identity": "pattern"}.get(name, name)
        form.add_error(place if place in form.fields else None, texts)
