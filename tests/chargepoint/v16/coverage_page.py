"""Writes docs/ocpp-1.6.md from the code's own tables and the tests that speak of each entry.

`python -m tests.chargepoint.v16.coverage_page > docs/ocpp-1.6.md`; a test holds the two in step.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from chargepoint import schemas
from chargepoint.v16.keys import KEYS
from chargepoint.v16.station import Station16

ROOT = Path(__file__).parents[3]
TESTS = ("tests/chargepoint/v16", "tests/system", "tests/chargepoint")
SENDING = {"call", "queue_message", "_send_call"}

_HEAD = """\
# OCPP 1.6J: what is emulated

Made from the code's own tables by
`python -m tests.chargepoint.v16.coverage_page > docs/ocpp-1.6.md`. Do not edit by hand.
A Call of the CSMS that is not here as *served* is answered with NotSupported.
"""


@cache
def _literals() -> dict[str, list[str]]:
    """Text in a test function, or in a helper that it calls -> "tests/…/test_x.py::test_y"."""
    found: dict[str, list[str]] = {}
    for folder in TESTS:
        for path in sorted((ROOT / folder).glob("test_*.py")):
            if path.name == "test_coverage_page.py":
                continue
            functions = _functions(path)
            helpers = _functions(ROOT / "tests/chargepoint/v16/charging.py") | functions
            for name, node in functions.items():
                if not name.startswith("test_"):
                    continue
                used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & set(helpers)
                for text in {w for n in (node, *map(helpers.get, used)) for w in _words(n)}:
                    found.setdefault(text, []).append(f"{path.relative_to(ROOT)}::{name}")
    return found


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    body = ast.parse(path.read_text()).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def _words(node: ast.AST) -> list[str]:
    constants = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    named = [n.arg for n in ast.walk(node) if isinstance(n, ast.keyword) and n.arg]
    return [text for text in constants if isinstance(text, str)] + named


@cache
def _sources() -> list[ast.AST]:
    inside = (ROOT / "chargepoint").rglob("*.py")
    paths = [path for path in inside if path.parent.name not in ("v201", "v21")]
    return [ast.parse(path.read_text()) for path in sorted(paths) if path.name != "keys.py"]


@cache
def sent() -> set[str]:
    """The actions that the station itself sends."""
    calls = [n for tree in _sources() for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args]
    return {
        n.args[0].value for n in calls
        if getattr(n.func, "attr", "") in SENDING and isinstance(n.args[0], ast.Constant)
    }  # fmt: skip


@cache
def read_keys() -> set[str]:
    """The configuration keys that some code asks for."""
    return {word for tree in _sources() for word in _words(tree)} & set(KEYS)


def proof(word: str) -> str:
    """The first test that speaks of it, "" where none does."""
    return next(iter(_literals().get(word, ())), "")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def actions() -> list[tuple[str, str]]:
    """(action, "served", "sent", "served, sent" or "")."""
    rows = []
    for action in sorted(schemas.actions("1.6")):
        ways = ["served"] * (action in Station16.HANDLERS) + ["sent"] * (action in sent())
        rows.append((action, ", ".join(ways)))
    return rows


def _key_row(name: str) -> str:
    key = KEYS[name]
    default = key.default or ("by the configuration" if key.computed else "")
    idle = "told only" if key.readonly else "kept, no effect"
    effect = "acts" if name in read_keys() else idle
    tested = proof(name)
    return _row(
        name, default.replace(",", ", "), "yes" if key.readonly else "", effect,
        f"`{tested}`" if tested else "",
    )  # fmt: skip


def page() -> str:
    """The whole of docs/ocpp-1.6.md."""
    table = [
        _row(action, ways or "not yet", f"`{proof(action)}`" if ways else "")
        for action, ways in actions()
    ]
    done = sum(bool(ways) for _, ways in actions())
    return "\n".join([
        _HEAD,
        f"## Actions: {done} of {len(table)}\n",
        _row("action", "how", "a test that shows it"),
        _row("---", "---", "---"),
        *table,
        "\n## Configuration keys\n",
        _row("key", "default", "read-only", "effect", "a test that shows it"),
        _row(*["---"] * 5),
        *(_key_row(name) for name in KEYS),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    print(page(), end="")
