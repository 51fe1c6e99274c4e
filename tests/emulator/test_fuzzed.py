"""The API under requests that schemathesis makes from its OpenAPI document, legal and not.

No answer is a 5xx, none has a status or a type that the document does not tell, and what is
answered fits its schema.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from schemathesis import GenerationMode

from benchmarks.processes import raise_file_limit
from benchmarks.stack import Stack
from tests.emulator import fuzzing
from tests.emulator.fuzzing import Api
from tests.emulator.test_trail_walk import BODIES

EXAMPLES = {GenerationMode.POSITIVE: 12, GenerationMode.NEGATIVE: 5}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    raise_file_limit()
    # It makes up addresses too, and no station may follow them.
    only = {"EGRESS_CSMS_ALLOW": "loopback", "EGRESS_CSMS_DENY": "any",
            "EGRESS_TRANSFERS_ALLOW": "loopback", "EGRESS_TRANSFERS_DENY": "any"}  # fmt: skip
    with Stack(tmp_path_factory.mktemp("fuzzed"), start=(), **only) as running:
        fuzzing.fill(running)
        running.start("worker", "celery", "web")
        yield running


@pytest.fixture(scope="module")
def there(platform: Stack) -> Api:
    api = Api(platform.url, platform.log_in())
    api.post("crafter/requests", {"name": "One", "action": "Heartbeat", "text": "{}"})
    api.post("filters", {"name": "Mine", "query": "state=faulted"})
    api.post("crafter/sends", {"stations": ["CP-1.6-connected"], "action": "Heartbeat"})
    api.look()
    return api


def test_no_request_breaks_an_operation_or_its_document(there: Api):
    document = fuzzing.document(there.url)
    faults = []
    for operation in fuzzing.operations(document):
        body = BODIES.get(operation.label.replace("/api/", "/"))
        for mode, examples in EXAMPLES.items():
            faults += fuzzing.fuzz(there, operation, mode, examples, body)
    done = {label for label, status in fuzzing.SEEN if status < 300}
    assert len(done) > 120, f"too few operations were carried out: {len(done)}"
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)
