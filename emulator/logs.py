"""Logs: one line an event on stderr, readable, or JSON with LOG_FORMAT=json."""

from __future__ import annotations

import logging

from emulator.processes.lean import without

with without("rich"):  # its tracebacks are not ours, see below
    import structlog


class Refusals(logging.Filter):
    """A request that Django refuses (4xx) is one line: the caller's fault has no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass; one of a 4xx answer in one line, without its traceback."""
        status = getattr(record, "status_code", None)
        if isinstance(status, int) and 400 <= status < 500:
            record.exc_info = record.exc_text = None
            # Some of it is the caller's own text.
            record.msg, record.args = " ".join(record.getMessage().splitlines()), ()
        return True


def logging_config(level: str, as_json: bool) -> dict:
    """A dictConfig; the standard library's loggers and structlog's end in the same renderer."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if as_json:
        renderers = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # Plain tracebacks: the rich ones show local variables, passwords among them.
        renderers = [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *renderers,
                ],
            }
        },
        "filters": {"refusals": {"()": Refusals}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["refusals"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # A line for every request and for every finished task would bury the rest.
            "daphne": {"level": "WARNING"},
            "django.channels.server": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "pymongo": {"level": "WARNING"},
        },
    }
