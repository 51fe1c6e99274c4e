"""The admin of stations, templates and tag groups."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.admin_rights import ByTable
from stations.admin.forms import TagGroupForm, TemplateForm
from stations.admin.stations import StationAdmin
from stations.models import TagGroup, Template
from stations.rights import PART

__all__ = ["StationAdmin", "TagGroupAdmin", "TemplateAdmin"]


@admin.register(Template)
class TemplateAdmin(ByTable, ModelAdmin):
    table = PART
    form = TemplateForm
    list_display = ("name", "make_and_model", "ocpp_version", "csms_url", "tag_list")
    search_fields = ("name", "vendor", "model")
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (
            "name", "description", ("ocpp_version", "offered_versions"), "autostart", "tags",
            ("latitude", "longitude"))}),
        ("Hardware", {"classes": ("tab",), "fields": (
            "make", ("vendor", "model"), "firmware", "connectors")}),
        ("Connection", {"classes": ("tab",), "fields": (
            "csms_url", ("call_timeout", "reading"), "compression", ("proxy_url", "proxy_username"),
            "tls_verify", ("tls_min_version", "tls_max_version"), "tls_ciphers", "tls_ca_pem")}),
        ("Simulation", {"classes": ("tab",), "fields": (
            ("boot_delay", "heartbeat_interval"), ("default_id_tag", "ev_max_power_w"),
            ("meter_sample_interval", "meter_aligned_interval"), "meter_variance", "measurands",
            "delays")}),
        ("Configuration", {"classes": ("tab",), "fields": ("configuration",)}),
        ("Cars", {"classes": ("tab",), "fields": ("cars",)}),
        ("Rules", {"classes": ("tab",), "fields": ("rules",)}),
    )  # fmt: skip

    class Media:
        css = {"all": ["stations/stations.css"]}

    @admin.display(description="Make and model", ordering="vendor")
    def make_and_model(self, template: Template) -> str:
        return f"{template.vendor} {template.model}"

    @admin.display(description="Tags")
    def tag_list(self, template: Template) -> str:
        return ", ".join(template.tags)


@admin.register(TagGroup)
class TagGroupAdmin(ByTable, ModelAdmin):
    table = PART
    form = TagGroupForm
    list_display = ("name", "description", "tag_list")
    search_fields = ("name",)

    @admin.display(description="Tags")
    def tag_list(self, group: TagGroup) -> str:
        return ", ".join(group.tags)
