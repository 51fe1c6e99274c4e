"""Stations in the admin: the live list, the form, bulk creation, the JSON that keeps it live."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.views import ChangeList

from chargepoint.faults.forms import FORMS
from chargepoint.faults.rule import FAULTS
from stations import admin_actions, admin_cells, changes
from stations.admin_filters import LiveStateFilter, MakeFilter, TagFilter, TagGroupFilter
from stations.admin_forms import BulkForm, StationForm
from stations.commands import notify_changed_sync
from stations.live import live_states
from stations.models import StaleStation, Station

MOST_LIVE = 500
# ChargePointErrorCode of OCPP 1.6, section 7.6; a 2.x station reports the status Faulted alone.
FAULT_CODES = (
    "OtherError", "ConnectorLockFailure", "EVCommunicationError", "GroundFailure",
    "HighTemperature", "InternalError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
    "PowerSwitchFailure", "ReaderFailure", "UnderVoltage", "WeakSignal",
)  # fmt: skip


class QuickPaginator(Paginator):
    """Counts all stations by the collection's own count, and only a part of them one by one."""

    @cached_property
    def count(self) -> int:
        if self.object_list.query.where:
            return super().count
        return connection.get_collection(Station._meta.db_table).estimated_document_count()


class LiveChangeList(ChangeList):
    """Puts `.live` on the rows of the page: one read of Redis."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        states = live_states(self.result_list)
        for station in self.result_list:
            station.live = states[station.identity]


@admin.register(Station)
class StationAdmin(ModelAdmin):
    form = StationForm
    list_display = (
        "state", "station", "make", "version", "outlets", "power", "last_message", "links",
        "tag_list",
    )  # fmt: skip
    list_display_links = ("station",)
    list_fullwidth = True
    list_filter = (
        LiveStateFilter, "ocpp_version", "enabled", "running", MakeFilter, TagGroupFilter,
        TagFilter, "template",
    )  # fmt: skip
    search_fields = ("identity", "name", "vendor", "model", "serial")
    list_per_page = 50
    paginator = QuickPaginator
    # The second count of all rows says nothing that the first does not.
    show_full_result_count = False
    list_before_template = "stations/list_head.html"
    actions = admin_actions.ALL
    actions_list = ["create_many"]
    change_form_outer_before_template = "stations/live_panel.html"
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (("identity", "name"), "ocpp_version", ("enabled", "autostart"), "tags",
                           "template", "revision_seen")}),
        ("Connection", {"classes": ("tab",), "fields": (
            "csms_url", ("username", "password"), "forget_password", "call_timeout")}),
        ("TLS", {"classes": ("tab",), "fields": (
            "tls_verify", "tls_ca_pem", "tls_client_cert_pem", "tls_client_key_pem",
            "forget_client_key")}),
        ("Hardware", {"classes": ("tab",), "fields": (
            ("vendor", "model"), ("serial", "firmware"), ("iccid", "imsi"), "connectors")}),
        ("Simulation", {"classes": ("tab",), "fields": (
            ("boot_delay", "heartbeat_interval"), ("default_id_tag", "ev_max_power_w"),
            ("meter_sample_interval", "meter_aligned_interval"), "meter_variance", "measurands")}),
        ("Configuration", {"classes": ("tab",), "fields": ("configuration",)}),
    )  # fmt: skip

    class Media:
        css = {"all": ["stations/stations.css"]}
        # faults.js first: it listens to what live.js tells.
        js = ["stations/faults.js", "stations/live.js"]

    # --- the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type:
        return LiveChangeList

    @admin.display(description="State")
    def state(self, station: Station):
        return admin_cells.state_cell(station)

    @admin.display(description="Station", ordering="identity")
    def station(self, station: Station):
        return admin_cells.two_lines(station.identity, station.name)

    @admin.display(description="Make and model", ordering="vendor")
    def make(self, station: Station):
        return admin_cells.two_lines(station.vendor, station.model)

    @admin.display(description="OCPP", ordering="ocpp_version")
    def version(self, station: Station) -> str:
        return station.ocpp_version

    @admin.display(description="Connectors")
    def outlets(self, station: Station):
        return admin_cells.connectors_cell(station)

    @admin.display(description="Power")
    def power(self, station: Station):
        return admin_cells.power_cell(station)

    @admin.display(description="Last message")
    def last_message(self, station: Station):
        return admin_cells.message_cell(station)

    @admin.display(description="Tags")
    def tag_list(self, station: Station):
        return admin_cells.tags_cell(station)

    @admin.display(description="Messages")
    def links(self, station: Station):
        return admin_cells.links_cell(station)

    # --- extra pages

    def get_urls(self):
        live = self.admin_site.admin_view(self.live_view)
        return [path("live/", live, name="stations_station_live"), *super().get_urls()]

    def live_view(self, request: HttpRequest) -> JsonResponse:
        """{"stations": {identity: live data}} of ?ids=a,b; one query, one read of Redis."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = [name for name in request.GET.get("ids", "").split(",") if name][:MOST_LIVE]
        rows = Station.objects.filter(identity__in=wanted).only("identity", "enabled", "running")
        states = live_states(rows)
        data = {identity: admin_cells.live_data(state) for identity, state in states.items()}
        return JsonResponse({"stations": data})

    @action(
        description="Create many from a template",
        url_path="create-many",
        icon="library_add",
        permissions=["add"],
    )
    def create_many(self, request: HttpRequest) -> HttpResponse:
        form = BulkForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = form.create()
            except ValidationError as error:
                _add_errors(form, error)
            except changes.IdentityTaken as error:
                form.add_error("pattern", str(error))
            else:
                note = f"{len(made)} stations made: {made[0].identity} to {made[-1].identity}."
                self.message_user(request, note, messages.SUCCESS)
                return redirect("admin:stations_station_changelist")
        context = self.admin_site.each_context(request) | {
            "title": "Create many stations from a template", "form": form, "opts": self.opts,
            "media": self.media + form.media,
        }  # fmt: skip
        return render(request, "stations/create_many.html", context)

    # --- the form

    def get_fieldsets(self, request: HttpRequest, obj: Station | None = None):
        """`start_now` is a choice of the first save; later there are buttons for it."""
        first, *rest = super().get_fieldsets(request, obj)
        if obj is not None:
            return (first, *rest)
        return ((first[0], {"fields": (*first[1]["fields"], "start_now")}), *rest)

    def get_readonly_fields(self, request: HttpRequest, obj: Station | None = None):
        return ("identity",) if obj else ()

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        extra_context = dict(extra_context or {})
        station = self.get_object(request, object_id) if object_id else None
        if station is not None and request.method == "GET":
            station.live = live_states([station])[station.identity]
            extra_context |= {
                "station": station,
                "live": admin_cells.live_data(station.live),
                "fault_codes": FAULT_CODES,
                "frame_faults": FAULTS,
                "forms": list(FORMS),
                "live_url": f"{reverse('live-view')}?station={station.identity}",
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
        if change:
            obj.store()
        else:
            obj.running = obj.enabled and bool(form.cleaned_data.get("start_now"))
            obj.save(force_insert=True)
        notify_changed_sync([obj.identity])

    def delete_model(self, request: HttpRequest, obj: Station) -> None:
        changes.delete([obj.identity])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        changes.delete(list(queryset.values_list("identity", flat=True)))


def _add_errors(form: BulkForm, error: ValidationError) -> None:
    """Errors of a station belong to the form's own field where it has one."""
    for name, texts in error.message_dict.items():
        place = {"identity": "pattern"}.get(name, name)
        form.add_error(place if place in form.fields else None, texts)
