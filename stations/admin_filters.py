"""Filters of the station list: by live state, by tag, by tag group."""

from __future__ import annotations

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet

from stations.live import LABELS, live_states
from stations.models import Station, TagGroup

SCAN_STEP = 500


class LiveStateFilter(admin.SimpleListFilter):
    """The state is in Redis, so this reads it for all stations of the list, in steps."""

    title = "live state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [(label, text) for label, (text, _) in LABELS.items()]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        wanted = self.value()
        if wanted not in LABELS:
            return queryset
        return queryset.filter(identity__in=identities_in_state(queryset, wanted))


def identities_in_state(queryset: QuerySet, wanted: str) -> list[str]:
    """Identities of those stations whose live label is `wanted`."""
    if wanted == "disabled":
        return list(queryset.filter(enabled=False).values_list("identity", flat=True))
    found: list[str] = []
    after = ""
    rows = queryset.order_by("identity").only("identity", "enabled", "running")
    while part := list(rows.filter(identity__gt=after)[:SCAN_STEP]):
        states = live_states(part)
        found += [row.identity for row in part if states[row.identity].matches(wanted)]
        after = part[-1].identity
    return found


class TagFilter(admin.SimpleListFilter):
    """Every tag that a station or a group has."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request, model_admin):
        tags = {tag for group in TagGroup.objects.all() for tag in group.tags}
        # The ORM cannot ask for the distinct elements of an array; the database can.
        tags.update(connection.get_collection(Station._meta.db_table).distinct("tags"))
        return [(tag, tag) for tag in sorted(tags)]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class TagGroupFilter(admin.SimpleListFilter):
    title = "tag group"
    parameter_name = "tag_group"

    def lookups(self, request, model_admin):
        return [(group.name, group.name) for group in TagGroup.objects.all()]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        group = TagGroup.objects.filter(name=self.value()).first()
        if group is None or not group.tags:
            return queryset.none()
        return queryset.filter(tags__overlap=group.tags)
