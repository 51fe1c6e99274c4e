"""The live view page inside the admin."""

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from messaging.rows import KINDS


@staff_member_required
def live(request: HttpRequest) -> HttpResponse:
    """Show messages as they happen; `?station=` presets the filter, `?mode=history` the mode."""
    context = {
        **admin.site.each_context(request),
        "title": "Live messages",
        "is_fullwidth": "1",
        "kinds": KINDS,
        "preset": {
            "station": request.GET.get("station", "")[:200],
            "mode": "history" if request.GET.get("mode") == "history" else "live",
        },
    }
    return render(request, "messaging/live.html", context)
