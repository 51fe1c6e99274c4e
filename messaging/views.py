"""The live view page inside the admin."""

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from messaging.rights import INTERCEPT, PART
from messaging.rows import KINDS


@staff_member_required
def live(request: HttpRequest) -> HttpResponse:
    """Show messages as they happen. `?mode=history` presets the mode, `?station=`, `?action=`, and
    `?from=` and `?to=` in unix seconds the filter.

    Raises PermissionDenied where the user has no right to the page.
    """
    if not PART.may(request, PART.pages["live-view"]):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": "Live view",
        "is_fullwidth": "1",
        "kinds": KINDS,
        "may_intercept": PART.may(request, INTERCEPT),
        "preset": {
            "station": request.GET.get("station", "")[:200],
            "action": request.GET.get("action", "")[:200],
            "from": _seconds(request.GET.get("from", "")),
            "to": _seconds(request.GET.get("to", "")),
            "mode": "history" if request.GET.get("mode") == "history" else "live",
        },
    }
    return render(request, "messaging/live.html", context)


def _seconds(text: str) -> str:
    """Unix seconds as they came, or nothing."""
    return text if text.isascii() and text.isdigit() and len(text) < 12 else ""
