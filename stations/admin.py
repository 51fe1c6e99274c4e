"""The admin of stations, templates and tag groups."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from stations.admin_forms import TagGroupForm, TemplateForm
from stations.admin_stations import StationAdmin
from stations.models import TagGroup, Template

__all__ = ["StationAdmin", "TagGroupAdmin", "TemplateAdmin"]


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    form = TemplateForm
    list_display = ("name", "make", "ocpp_version", "csms_url", "tag_list")
    search_fields = ("name", "vendor", "model")
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("name", "description", "ocpp_version", "autostart", "tags")}),
        ("Hardware", {"classes": ("tab",), "fields": (
            ("vendor", "model"), "firmware", "connectors")}),
        ("Connection", {"classes": ("tab",), "fields": (
            "csms_url", "call_timeout", "tls_verify", "tls_ca_pem")}),
        ("Simulation", {"classes": ("tab",), "fields": (
            ("boot_delay", "heartbeat_interval"), ("default_id_tag", "ev_max_power_w"),
            ("meter_sample_interval", "meter_aligned_interval"), "meter_variance", "measurands")}),
        ("Configuration", {"classes": ("tab",), "fields": ("configuration",)}),
    )  # fmt: skip

    class Media:
        css = {"all": ["stations/stations.css"]}

    @admin.display(description="Make and model", ordering="vendor")
    def make(self, template: Template) -> str:
        return f"{template.vendor} {template.model}"

    @admin.display(description="Tags")
    def tag_list(self, template: Template) -> str:
        return ", ".join(template.tags)


@admin.register(TagGroup)
class TagGroupAdmin(ModelAdmin):
    form = TagGroupForm
    list_display = ("name", "description", "tag_list")
    search_fields = ("name",)

    @admin.display(description="Tags")
    def tag_list(self, group: TagGroup) -> str:
        return ", ".join(group.tags)
