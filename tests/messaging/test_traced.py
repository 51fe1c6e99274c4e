"""Spans of Calls and of requests, by OpenTelemetry's own exporter in memory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from benchmarks.processes import ROOT
from chargepoint.effects import Frame
from emulator.web import traced as web
from messaging.journals import traced


@pytest.fixture
def exported():
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exported):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    return provider.get_tracer("test")


def call(direction: str, uid: str, action: str, at: float) -> Frame:
    return Frame(direction, "Call", action, uid, "[]", at)


def test_a_call_is_a_span_from_its_frame_to_its_answers(tracer, exported, tmp_path):
    recorder = traced.TracedRecorder(
        tmp_path, "test", tracer, enqueue=lambda batch: 0, publish=None
    )
    recorder.record("CP-1", 1, call("sent", "a", "Heartbeat", 100.0))
    recorder.record("CP-1", 1, call("received", "b", "Reset", 100.1))  # both wait at a time
    recorder.record("CP-1", 1, Frame("received", "CallResult", "Heartbeat", "a", "[]", 100.5))
    recorder.record("CP-1", 1, Frame("sent", "CallError", "Reset", "b", "[]", 101.0, error="NotSupported"))  # fmt: skip  # noqa: E501
    heartbeat, reset = exported.get_finished_spans()
    assert (heartbeat.name, heartbeat.kind) == ("Heartbeat", SpanKind.CLIENT)
    assert (heartbeat.start_time, heartbeat.end_time) == (100_000_000_000, 100_500_000_000)
    assert heartbeat.attributes == {"ocpp.station": "CP-1", "ocpp.message_id": "a"}
    assert heartbeat.status.status_code is StatusCode.UNSET
    assert (reset.name, reset.kind) == ("Reset", SpanKind.SERVER)
    assert reset.attributes["error.type"] == "NotSupported"
    assert reset.status.status_code is StatusCode.ERROR
    assert recorder.number("CP-1") > 0  # they are kept as ever


def test_a_call_without_an_answer_ends_with_the_next_one(tracer, exported):
    spans = traced.CallSpans(tracer)
    spans.heard("CP-1", call("sent", "a", "Heartbeat", 100.0))
    spans.heard("CP-2", call("sent", "a", "Heartbeat", 100.0))
    spans.heard("CP-1", Frame("received", "CallResult", "", "other", "[]", 101.0))
    spans.heard("CP-1", Frame("", "Note", "", "", "", 102.0))
    assert exported.get_finished_spans() == ()
    spans.heard("CP-1", call("sent", "b", "Heartbeat", 130.0))
    (lost,) = exported.get_finished_spans()
    assert lost.status.description == "no answer" and lost.end_time == 130_000_000_000


def test_a_request_is_a_span_of_its_callers_trace(tracer, exported, monkeypatch, client):
    monkeypatch.setattr(web, "tracer", lambda: tracer)
    trace = "0af7651916cd43dd8448eb211c80319c"
    request = RequestFactory().get(
        "/api/stations/CP-1", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    )

    def view(request):
        from django.urls import resolve

        request.resolver_match = resolve(request.path)
        return HttpResponse(status=503)

    assert web.TracedMiddleware(view)(request).status_code == 503
    (span,) = exported.get_finished_spans()
    assert span.name.startswith("GET /api/stations/") and "CP-1" not in span.name
    assert f"{span.context.trace_id:032x}" == trace
    assert span.attributes["http.response.status_code"] == 503
    assert span.status.status_code is StatusCode.ERROR


async def test_and_so_it_is_without_a_thread(tracer, exported, monkeypatch):
    monkeypatch.setattr(web, "tracer", lambda: tracer)

    async def view(request):
        return HttpResponse()

    request = RequestFactory().get("/")
    request.resolver_match = None
    assert (await web.TracedMiddleware(view)(request)).status_code == 200
    assert [span.name for span in exported.get_finished_spans()] == ["GET"]


def test_nothing_of_it_is_there_where_it_is_off(tmp_path):
    code = (
        "import django, sys; OURS = ('opentelemetry.sdk.trace', 'opentelemetry.exporter',"
        " 'runtime.tracing', 'messaging.journals.traced');"
        "django.setup(); from django.conf import settings;"
        "import stations.management.commands.runchargepoints as run;"
        "assert run._recorder('x').__class__.__name__ == 'Recorder';"
        "assert not [m for m in settings.MIDDLEWARE if 'traced' in m];"
        "assert not [m for m in sys.modules if m.startswith(OURS)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={
            **os.environ, "DJANGO_SETTINGS_MODULE": "emulator.settings", "TRACING": "0",
            "JOURNAL_DIR": str(tmp_path),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
