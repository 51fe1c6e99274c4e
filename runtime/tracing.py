"""OpenTelemetry in a process that is to trace; nothing of it is imported in others."""

from __future__ import annotations

from typing import Any


class TracingMissing(Exception):
    """TRACING is on, and what it needs is not installed."""


def tracer_of(service: str) -> Any:
    """A tracer whose spans go by OTLP to OTEL_EXPORTER_OTLP_ENDPOINT, in batches from a thread.

    Call it in the process that traces, after it was forked: the thread stays behind else.
    `service` is its name unless OTEL_SERVICE_NAME says another. Raises TracingMissing.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise TracingMissing(
            f"TRACING=1 needs requirements-tracing.txt to be installed: {missing}"
        ) from missing
    named = Resource({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("ocpp-emulator")
