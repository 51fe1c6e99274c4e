"""Writes docs/ocpp-2.md: the actions of OCPP 2.0.1 and 2.1 that are emulated, and their tests.

`python -m tests.chargepoint.v201.coverage_page > docs/ocpp-2.md`; a test holds the two in step.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from chargepoint import schemas
from chargepoint.versions import station_class

ROOT = Path(__file__).parents[3]
FOLDERS = ("tests/chargepoint/v201", "tests/chargepoint/v21", "tests/chargepoint", "tests/system")
SENDING = {"call", "deliver", "queue_message", "send", "_send_call"}
# Methods and tables that say by which message something is told.
NAMING = {"job_message", "_ACTIONS"}
# A folder of `chargepoint` that says nothing of the version.
OTHERS = {"2.0.1": {"v16", "v21"}, "2.1": {"v16"}}

_HEAD = """\
# OCPP 2.0.1 and 2.1: what is emulated

Made from the code's own tables by
`python -m tests.chargepoint.v201.coverage_page > docs/ocpp-2.md`. Do not edit by hand.
A Call of the CSMS that is not here as *served* is answered with NotSupported.
"""


@cache
def _words_of_tests() -> dict[str, str]:
    """Text in a test function -> the first such test; in a helper of tests -> the file."""
    found: dict[str, str] = {}
    beside: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("test_*.py")):
            for node in ast.parse(path.read_text()).body:
                named = getattr(node, "name", "")
                test = named.startswith("test_")
                place = str(path.relative_to(ROOT)) + (f"::{named}" if test else "")
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        (found if test else beside).setdefault(part.value, place)
    return beside | found


def _names_messages(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in NAMING
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(getattr(target, "id", "") in NAMING for target in targets)


@cache
def sent(version: str) -> set[str]:
    """The actions that a station of the version sends by itself."""
    inside = (ROOT / "chargepoint").rglob("*.py")
    paths = [path for path in inside if path.parent.name not in OTHERS[version]]
    words: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SENDING
            if named and node.args and isinstance(node.args[0], ast.Constant):
                words.add(node.args[0].value)
            elif _names_messages(node):
                words |= {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
    return words


def rows(version: str) -> list[tuple[str, str, str]]:
    """(action, "served", "sent" or "not yet", a test)."""
    handlers = station_class(version).HANDLERS
    made = []
    for action in sorted(schemas.actions(version)):
        ways = ["served"] * (action in handlers) + ["sent"] * (action in sent(version))
        made.append((action, ", ".join(ways) or "not yet", _words_of_tests().get(action, "")))
    return made


def page() -> str:
    """The whole of docs/ocpp-2.md."""
    parts = [_HEAD]
    for version in ("2.0.1", "2.1"):
        table = rows(version)
        done = sum(how != "not yet" for _, how, _ in table)
        parts += [f"## OCPP {version}: {done} of {len(table)} actions\n"]
        parts += ["| action | how | a test that speaks of it |", "| --- | --- | --- |"]
        parts += [
            f"| {action} | {how} | {f'`{test}`' if test and how != 'not yet' else ''} |"
            for action, how, test in table
        ]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
