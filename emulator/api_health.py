"""/api/health and /api/metrics."""

from __future__ import annotations

import asyncio
import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router
from prometheus_client import CONTENT_TYPE_LATEST

from emulator import health, metrics

router = Router(tags=["operation"])


@router.get("/health", auth=None)
async def get_health(request: HttpRequest) -> HttpResponse:
    """How the parts are. 200 for ok and degraded, 503 for down (a store is away). No login."""
    answer = await health.check_async()
    response = JsonResponse(answer, status=503 if answer["status"] == "down" else 200)
    response["Cache-Control"] = "no-store"
    return response


@router.get("/metrics")
async def get_metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format; give Prometheus an API token as its bearer token."""
    mongodb, (redis_answer, found) = await asyncio.gather(
        asyncio.to_thread(health.ask_mongodb), asyncio.to_thread(health.ask_redis)
    )
    answer = health.report(mongodb, redis_answer, found, time.time())
    return HttpResponse(metrics.render(answer, found), content_type=CONTENT_TYPE_LATEST)
