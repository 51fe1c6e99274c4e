"""The message crafter: a page that sends any frame of a station, valid or not, and shows the
answer. Schemas, sending and answers come by the API and ws/messages; here is its frame."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.rights import holds
from stations.admin.filters import known_tags
from stations.models import Template
from stations.rights import DRIVE_STATION, PART, VIEW_MESSAGES
from stations.roster.asking import identities
from stations.roster.kept import A_LOOK

WRITE_SCENARIOS = "scenarios.add_scenario"  # of a room that this one knows nothing else of
MOST_SUGGESTED = 200  # running stations in the list of the field


@staff_member_required(login_url="admin:login")
def crafter(request: HttpRequest) -> HttpResponse:
    """`?station=` and `?action=` choose.

    Raises PermissionDenied where the user has no right to the page.
    """
    if not PART.may(request, DRIVE_STATION):
        raise PermissionDenied
    context = admin.site.each_context(request) | {
        "title": "Message crafter",
        "is_fullwidth": "1",
        "station": request.GET.get("station", "")[:48],
        "action": request.GET.get("action", "")[:60],
        "running": identities({"enabled": True, "running": True}, A_LOOK)[:MOST_SUGGESTED],
        "sees_messages": PART.may(request, VIEW_MESSAGES),
        "tags": known_tags(),
        "templates": list(Template.objects.order_by("name").values_list("name", flat=True)),
        "may_write_scenarios": holds(request.user, WRITE_SCENARIOS),
    }
    return render(request, "stations/crafter.html", context)
