"""What each operation may answer beside its own: refusals by the one shape, and files by their
types.

Put into the OpenAPI document for all of them, so that none is forgotten at an operation.
tests/emulator/test_fuzzed.py holds what is answered against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

SHAPE = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}
FREE = ("/health",)  # needs no log-in, and no store to answer
TEXT: dict[str, Any] = {"schema": {"type": "string"}}
LINES = {"application/x-ndjson": TEXT, "text/csv": TEXT}
# Of answers that are no JSON, or not only that: by operation.
FILES: dict[str, dict[str, Any]] = {
    "GET /messages/export": LINES,
    "GET /transactions/export": LINES,
    "GET /trail/export": LINES,
    "GET /jobs/{job}/report": {"text/csv": TEXT},
    "GET /stations/export": {"text/csv": TEXT},
    "GET /suite-runs/{run}/report": {
        "text/html": TEXT,
        "application/xml": TEXT,
        "image/svg+xml": TEXT,
    },
    "GET /metrics": {"text/plain": TEXT},
}


def add_to(schema: Mapping[str, Any], prefix: str) -> None:
    """Complete the answers of the OpenAPI document, whose paths begin with the prefix."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            answers, place = operation["responses"], path.removeprefix(prefix)
            told = {str(status) for status in answers}
            for status in _refusals(place, operation):
                if str(status) not in told:
                    answers[status] = {"description": status.phrase, "content": SHAPE}
            if files := FILES.get(f"{method.upper()} {place}"):
                done = answers.setdefault(200, {"description": HTTPStatus.OK.phrase})
                done["content"] = done.get("content", {}) | files


def _refusals(path: str, operation: Mapping[str, Any]) -> Iterator[HTTPStatus]:
    yield HTTPStatus.UNPROCESSABLE_ENTITY
    if path in FREE:
        return
    yield HTTPStatus.UNAUTHORIZED
    yield HTTPStatus.FORBIDDEN
    yield HTTPStatus.SERVICE_UNAVAILABLE
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if "requestBody" in operation:
        yield HTTPStatus.BAD_REQUEST
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
