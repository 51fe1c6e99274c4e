"""A platform with rows in every table, and requests to it made by schemathesis from OpenAPI.

`python -m tests.emulator.fuzzing` makes the rows, with a platform's environment.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.stack import ADMIN, LOGIN, Stack, post_json
from tests.odd_values import ODD, places, put

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
# What is there is asked for first, and taken away last.
ORDER = ("GET", "POST", "PATCH", "PUT", "DELETE")
# These end the token that they come with.
WITH_THEIR_OWN = {"POST /api/auth/logout", "POST /api/auth/refresh"}
FORM = "multipart/form-data"
MOST_MADE = 3  # stations or rows that one request may ask for
PATIENCE = 60  # seconds for an answer


@dataclass
class Api:
    """`known`: {name of a path's parameter: values that exist}."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)
    known: dict[str, list[str]] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.session.get(
            f"{self.url}/api/{path}", params=query, timeout=PATIENCE, headers=self.headers()
        )
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict) -> dict:
        return post_json(f"{self.url}/api/{path}", body, self.token)

    def headers(self, token: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.token}"}

    def fresh_token(self) -> str:
        body = dict(zip(LOGIN, ADMIN, strict=True))
        return post_json(f"{self.url}/api/auth/login", body)["token"]

    def look(self) -> None:
        """See what there is to be named in a path."""
        lists = {
            "identity": ("stations", "identity"), "template": ("templates", "id"),
            "job": ("jobs", "id"), "saved": ("filters", "name"), "kept": ("crafter/requests", "id"),
            "sent": ("crafter/sends", "id"), "message_id": ("messages", "id"),
            "session_id": ("transactions", "id"), "scenario": ("scenarios", "scenarioId"),
            "execution": ("executions", "id"), "behaviour": ("behaviours", "id"),
            "make": ("makes", "name"), "ev_profile": ("ev-profiles", "name"),
            "plan": ("suites", "id"), "run": ("suite-runs", "id"), "question": ("questions", "id"),
        }  # fmt: skip
        for name, (path, key) in lists.items():
            found = self.get(path)
            items = found["items"] if isinstance(found, dict) else found
            self.known[name] = [str(item[key]) for item in items]
        self.known |= {
            "version": ["1.6", "2.0.1", "2.1"], "action": ["Heartbeat", "MeterValues"],
            "number": ["1", "2"],
        }  # fmt: skip


def operations(schema: Any) -> Iterator[Any]:
    found = [each.ok() for each in schema.get_all_operations()]
    return iter(sorted(found, key=lambda one: ORDER.index(one.method.upper())))


def bounded(value: Any) -> Any:
    """A body that asks for few rows: making thousands is not what is asked about."""
    if isinstance(value, dict):
        return {
            name: min(each, MOST_MADE) if name in ("count", "number") and type(each) is int
            else bounded(each) for name, each in value.items()
        }  # fmt: skip
    return [bounded(each) for each in value[:20]] if isinstance(value, list) else value


def nearly(body: Any, pick: int) -> Any:
    """A body that is taken, or one of which one value is odd."""
    made = copy.deepcopy(body)
    there = list(places(made))
    if not there or not pick % 2:
        return made
    return put(made, there[pick % len(there)], copy.deepcopy(ODD[pick % len(ODD)]))


def is_of_the_server(case: schemathesis.Case, answer: requests.Response) -> bool:
    """Whether Twisted has refused it by itself: a form that is none reaches no application."""
    return answer.status_code == 400 and case.media_type == FORM and not answer.content


def fuzz(
    api: Api, operation: Any, mode: schemathesis.GenerationMode, examples: int, body: Any = None
) -> list[str]:
    """What was wrong with the answers to so many requests; `body`: one that it takes."""
    faults: list[str] = []
    label = operation.label

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), pick=st.integers(0, 999))
    def ask(case: schemathesis.Case, pick: int) -> None:
        if pick % 5:  # else as it was made
            for name in case.path_parameters or {}:
                if there := api.known.get(name):
                    case.path_parameters[name] = there[pick % len(there)]
        if body is not None and not pick % 3:
            case.body, case.media_type = nearly(body, pick), "application/json"
        case.body = bounded(case.body)
        token = api.fresh_token() if label in WITH_THEIR_OWN else ""
        answer = case.call(
            base_url=api.url, headers=api.headers(token), session=api.session, timeout=PATIENCE
        )
        SEEN[label, answer.status_code] = SEEN.get((label, answer.status_code), 0) + 1
        if is_of_the_server(case, answer):
            return
        try:
            case.validate_response(answer, checks=CHECKS, headers=api.headers(token))
        except FailureGroup as group:
            faults.extend(
                f"{label}: {answer.status_code} {each.title}: {each.message[:300]}\n"
                f"    {case.as_curl_command()[:600]}\n    {answer.text[:400]}"
                for each in group.exceptions
            )

    try:
        ask()
    except Unsatisfiable:  # it takes nothing, so nothing of it can be illegal
        assert mode is schemathesis.GenerationMode.NEGATIVE, label
    return faults


def document(url: str) -> Any:
    """The platform's own. What is legal has no parameter that it does not name; who sends it is
    asked about elsewhere."""
    making = {"allow-extra-parameters": False, "with-security-parameters": False}
    config = schemathesis.Config.from_dict({"generation": making})
    return schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=config)


SEEN: dict[tuple[str, int], int] = {}


def fill(platform: Stack) -> None:
    from benchmarks.child import Child

    log = platform.directory / "rows.log"
    with Child("tests.emulator.fuzzing", log, platform.env, forks=platform.forks()) as rows:
        rows.ask("fill")


def main() -> None:
    import django

    from benchmarks.child import orders, reply

    django.setup()
    from tests.admin.rows import make_rows

    for line in orders():
        json.loads(line)
        try:
            reply(make_rows())
        except Exception as fault:  # noqa: BLE001 - told to the parent, which fails by it
            reply(error=f"{type(fault).__name__}: {fault}")


if __name__ == "__main__":
    main()
