"""No text of a peer meets a pattern that backtracks, and the worst texts cost few steps."""

import ast
import base64
from pathlib import Path

import pytest

from chargepoint.common.files.locations import LONGEST_NAME, version_of
from chargepoint.trust.exi import contract_in
from tests.chargepoint.bounds.steps import Steps

ROOT = Path(__file__).parents[3]
FOLDERS = ("accounts", "chargepoint", "messaging", "scenarios", "stations")
# Modules that may use `re`, and why no text can make one of their patterns slow: each has no two
# repeats that can take the same character, or reads only what is our own.
LINEAR = {
    "accounts/rights.py": "paths of our own",
    "accounts/trail/reading.py": "fixed lengths; escapes",
    "chargepoint/common/files/publishing.py": "one class, repeated",
    "chargepoint/common/files/uploading.py": "one class, repeated; our own time",
    "chargepoint/make/reading.py": "classes with a bound, fixed lengths",
    "chargepoint/tap/filling.py": "one class with a bound",
    "chargepoint/trust/contracts.py": "fixed lengths",
    "chargepoint/tariff/checks.py": "fixed lengths",
    "messaging/queries/history.py": "one class with a bound; escapes",
    "messaging/names.py": "one class with a bound",
    "messaging/queries/sessions.py": "one class with a bound; anything to the end",
    "scenarios/admin/forms.py": "one class, repeated",
    "scenarios/api/scenarios.py": "escapes",
    "scenarios/documents.py": "one class, repeated",
    "scenarios/drivers/document.py": "classes with a bound; names and their patterns have one",
    "scenarios/rules/placing.py": "one class with a bound",
    "scenarios/rules/step_rules.py": "one class with a bound",
    "scenarios/rules/validation.py": "classes with a bound",
    "scenarios/rules/values.py": "classes with a bound",
    "stations/api/lookup.py": "escapes",
    "stations/api/paths.py": "fixed lengths",
    "stations/configuration/changes.py": "fixed lengths",
    "stations/link/deflate.py": "fixed lengths",
    "stations/configuration/reading.py": "one class, repeated",
    "stations/configuration/passwords.py": "one class",
    "stations/link/proxies.py": "one class",
    "stations/link/tls_protocols.py": "one class, repeated",
    "stations/roster/matching.py": "escapes; fixed lengths",
    "stations/configuration/validation.py": "a class with a bound, or repeats that part",
}


def _uses_re(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import) and any(name.name == "re" for name in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.module in ("re", "fnmatch"):
            return True
    return False


def test_only_known_modules_use_patterns_that_backtrack():
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert {str(path.relative_to(ROOT)) for path in paths if _uses_re(path)} == set(LINEAR)


HOSTILE = ["7" * 400_000, "1." * 200_000, ".bin" * 100_000, "1" * 40_000 + ".x", "-" * 400_000]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:4])
def test_the_version_of_any_name_is_found_in_few_steps(name):
    """Also of a saved job, whose address was taken before it had a limit."""
    with Steps(1000):
        found = version_of(b"\n" * 4096, f"ftp://h/{name}", b"\x12" * 32)
    assert len(found) <= 50


def test_a_version_is_looked_for_in_the_end_of_a_long_name():
    assert version_of(b"", "http://h/" + "x" * LONGEST_NAME + "-2.1.0.bin", b"") == "2.1.0"
    assert version_of(b"", "http://h/ev_3.4-rc1.tar.gz", b"") == "3.4-rc1"


@pytest.mark.parametrize("head", [b"\n" * 400_000, b" \n" * 200_000, b"version" + b"\n" * 400_000])
def test_the_head_of_a_file_is_read_in_linear_time(head):
    with Steps(1000):
        version_of(head, "http://h/x", b"\x12" * 32)


EXI = [b"<Certificate>" + b"A " * 6000, b"<a:Certificate>" * 900, b"<Certificate>" + b" " * 12_000]


@pytest.mark.parametrize("text", EXI, ids=range(3))
def test_an_exi_response_is_read_in_linear_time(text):
    with Steps(1000):
        assert contract_in(base64.b64encode(text).decode()) == ""
