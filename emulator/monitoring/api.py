"""/api/health and /api/metrics."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router
from prometheus_client import CONTENT_TYPE_LATEST

from accounts.auth import is_metrics_token
from accounts.passes import look_soon, pass_of_request
from accounts.rights import METRICS
from emulator.monitoring import health, metrics
from emulator.rights import TABLE
from runtime.stores import StoreAway

router = Router(tags=["operation"])


@router.get("/health", auth=None)
async def get_health(request: HttpRequest) -> HttpResponse:
    """How the parts are: 200 for ok and degraded, 503 for down (a store is away).

    Without a login or a metrics token `status` alone is told, ok or down.
    """
    answer, _ = await health.check_async()
    status = 503 if answer["status"] == "down" else 200
    if not await _may_see(request, answer["mongodb"]["ok"]):
        answer = {"status": "down" if status == 503 else "ok"}
    response = JsonResponse(answer, status=status)
    response["Cache-Control"] = "no-store"
    return response


async def _may_see(request: HttpRequest, users_are_there: bool) -> bool:
    if is_metrics_token(request):
        return True
    if not users_are_there:
        return False
    try:
        return await look_soon(pass_of_request(request), TABLE, METRICS) == 0
    except StoreAway:
        return False


@router.get("/metrics")
async def get_metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format; give Prometheus a token with the scope "metrics"."""
    answer, found = await health.check_async()
    text = await sync_to_async(metrics.render)(answer, found, settings.METRICS_STATIONS)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
