"""Filters of the station list: by live state, by tag, by tag group."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet

from stations.models import TagGroup
from stations.roster.asking import identities, values
from stations.roster.kept import A_LOOK
from stations.state.live import COLUMNS_OF, HELD_BACK, LABELS, STATE_FILTERS, in_state


def known_tags() -> list[str]:
    """Every tag that a station or a group has."""
    tags = {tag for group in TagGroup.objects.all() for tag in group.tags}
    tags.update(values("tags"))
    return sorted(tags)


class LiveStateFilter(admin.SimpleListFilter):
    """Most states are in Redis alone, so this may read those of all running stations."""

    title = "live state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [(label, text) for label, (text, _) in LABELS.items()]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        """The stations in the chosen state; whether one is connected is asked of Redis."""
        wanted = self.value()
        if wanted in COLUMNS_OF:
            return queryset.filter(**COLUMNS_OF[wanted])
        if wanted == HELD_BACK:
            return queryset.filter(enabled=True, running=True, held_back__gt="")
        if wanted is None:
            return queryset
        if wanted not in STATE_FILTERS:
            states = ", ".join(STATE_FILTERS)
            messages.warning(
                request, f"There is no live state “{wanted[:40]}”; there are {states}."
            )
            return queryset.none()
        running = identities(COLUMNS_OF["running"], A_LOOK)
        return queryset.filter(identity__in=in_state(running, wanted, is_page=True))


class MakeFilter(admin.SimpleListFilter):
    """By the make that a station has by name."""

    title = "make"
    parameter_name = "make"

    def lookups(self, request, model_admin):
        return [(make, make) for make in sorted(filter(None, values("make")))]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        return queryset.filter(make=self.value()) if self.value() else queryset


class VendorFilter(admin.SimpleListFilter):
    title = "vendor"
    parameter_name = "vendor"

    def lookups(self, request, model_admin):
        return [(vendor, vendor) for vendor in sorted(values("vendor"))]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        return queryset.filter(vendor=self.value()) if self.value() else queryset


class TagFilter(admin.SimpleListFilter):
    """Every tag that a station or a group has."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request, model_admin):
        return [(tag, tag) for tag in known_tags()]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class TagGroupFilter(admin.SimpleListFilter):
    title = "tag group"
    parameter_name = "tag_group"

    def lookups(self, request, model_admin):
        return [(group.name, group.name) for group in TagGroup.objects.all()]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        """The stations with a tag of the chosen group."""
        if not self.value():
            return queryset
        group = TagGroup.objects.filter(name=self.value()).first()
        if group is None or not group.tags:
            return queryset.none()
        return queryset.filter(tags__overlap=group.tags)
