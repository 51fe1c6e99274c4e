"""The API fuzzed by schemathesis, out of its OpenAPI document: whatever is sent, as the document
allows it or not, no answer is a failure, and each refusal has its code and its sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from accounts.models import ApiToken
from emulator.api import api
from scenarios.models import Behaviour, Execution, Scenario, SuitePlan, SuiteRun
from stations.models import Station, Template
from tests.admin import rows

pytestmark = pytest.mark.django_db
EXAMPLES = 12  # of each operation
# What ends the caller's own log-in, and what is counted by address: see tests/accounts.
LEFT_OUT = r"^/api/auth/(login|logout|refresh)$"
LARGEST = 20  # of what is made in one go: a thousand stations are another test's
# What a parameter of a path may name that is there; nothing of it runs.
THERE = {
    "identity": lambda: Station.objects.filter(running=False).first(),
    "template": lambda: Template.objects.first(),
    "scenario": lambda: Scenario.objects.first(),
    "execution": lambda: Execution.objects.first(),
    "behaviour": lambda: Behaviour.objects.first(),
    "plan": lambda: SuitePlan.objects.first(),
    "run": lambda: SuiteRun.objects.first(),
}
NAMES = {"identity": "identity", "scenario": "slug", "template": "name", "behaviour": "name",
         "plan": "name"}  # fmt: skip

config = schemathesis.Config.from_dict({"generation": {"allow-x00": False}})
schema = schemathesis.openapi.from_dict(api.get_openapi_schema(), config=config).exclude(
    path_regex=LEFT_OUT
)
how = settings(
    max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), derandomize=True, database=None,
)  # fmt: skip


@pytest.fixture
def boss() -> Client:
    """Asks with every right there is; a failure of the server is an answer and not an exception."""
    rows.make_rows()
    user = User.objects.create_superuser("root")
    token = ApiToken.objects.issue(user, lifetime=None)[1]
    return Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)


def sent(client: Client, case: schemathesis.Case) -> Any:
    body, kind = None, ""
    if not isinstance(case.body, schemathesis.core.NotSet):
        body, kind = json.dumps(case.body, default=str), "application/json"
        if isinstance(case.body, dict) and isinstance(case.body.get("count"), int):
            body = json.dumps({**case.body, "count": min(case.body["count"], LARGEST)})
    query = {k: v for k, v in (case.query or {}).items() if v is not None}
    return client.generic(
        case.method, case.formatted_path, body or b"", kind or "application/octet-stream",
        query_params=query,
    )  # fmt: skip


def judged(case: schemathesis.Case, answer: Any) -> None:
    text = b"" if answer.streaming else answer.content
    asked = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:1500]
    assert answer.status_code < 500, f"{asked}\n{answer.status_code} {text[:800]!r}"
    if answer.status_code >= 400 and answer["Content-Type"].startswith("application/json"):
        assert {"code", "message"} <= set(json.loads(text)), asked
    if answer.streaming and not answer.is_async:
        list(answer.streaming_content)


def fuzzed(client: Client, operation: Any, prepare: Callable[[Any], bool]) -> str:
    """What was wrong with it; "" where nothing was."""

    @how
    @given(case=operation.as_strategy())
    def one(case: schemathesis.Case) -> None:
        if prepare(case):
            judged(case, sent(client, case))

    try:
        one()
    except AssertionError as wrong:
        return str(wrong)
    return ""


def operations() -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def test_nothing_that_is_sent_makes_it_fail(boss):
    faults = [fuzzed(boss, operation, lambda _: True) for operation in operations()]
    assert len(faults) > 120
    assert not any(faults), "\n\n".join(filter(None, faults))


def _name_what_is_there(case: schemathesis.Case) -> bool:
    for name, find in THERE.items():
        if name in (case.path_parameters or {}):
            row = find()
            if row is None:  # what came before has deleted it
                return False
            case.path_parameters[name] = str(getattr(row, NAMES.get(name, "pk")))
    return True


def test_nor_where_what_is_named_is_there(boss):
    named = [op for op in operations() if any(f"{{{name}}}" in op.path for name in THERE)]
    named.sort(key=lambda op: op.method.upper() == "DELETE")
    faults = [fuzzed(boss, operation, _name_what_is_there) for operation in named]
    assert len(faults) > 60
    assert not any(faults), "\n\n".join(filter(None, faults))
