"""What the tables of docs/reference/ocpp-1.6.md and docs/reference/ocpp-2.md have in common.

What is emulated is read from the code: a table of handlers, and the syntax tree of what sends and
what reads a key. What proves it is read from the tests: `@pytest.mark.proves("Reset", ...)` on the
test that shows the effect.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from chargepoint.versions import station_class
from chargepoint.wire import schemas

ROOT = Path(__file__).parents[2]
VERSIONS = ("1.6", "2.0.1", "2.1")
# Folder of tests -> the versions that a test there speaks of, unless its mark says it. What 2.0.1
# and 2.1 share is proved once.
SPEAK_OF = {
    "tests/chargepoint/v16": ("1.6",),
    "tests/chargepoint/v201": ("2.0.1", "2.1"),
    "tests/chargepoint/v21": ("2.1",),
}
SENDING = {
    "deliver", "make", "queue_message", "send", "tell_in_parts", "tell_pages", "_send_call",
}  # fmt: skip
# Methods and tables that say by which message something is told.
NAMING = {"job_message", "_ACTIONS"}
# Folders of `chargepoint` that say nothing of the version.
OTHERS = {"1.6": {"v201", "v21"}, "2.0.1": {"v16", "v21"}, "2.1": {"v16"}}
TABLES = {"keys.py", "variables.py"}  # they name all keys, and read none
TABLE = "VARIABLES"  # such a table in a module that does more


# --- proofs --------------------------------------------------------------------------------------


@cache
def proofs() -> dict[str, dict[str, str]]:
    """Version -> name -> "tests/…/test_x.py::test_y", the version's own tests first."""
    found: dict[str, dict[str, str]] = {version: {} for version in VERSIONS}
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    own = list(reversed(SPEAK_OF))
    paths.sort(key=lambda path: _rank(path, own))
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for names, versions in map(_mark, node.decorator_list):
                    for version in versions or _versions_of(path):
                        for name in names:
                            place = f"{path.relative_to(ROOT)}::{node.name}"
                            found[version].setdefault(name, place)
    return found


def _rank(path: Path, own: list[str]) -> int:
    folder = str(path.parent.relative_to(ROOT))
    return own.index(folder) if folder in own else len(own)


def _versions_of(path: Path) -> tuple[str, ...]:
    return SPEAK_OF.get(str(path.parent.relative_to(ROOT)), VERSIONS)


def _mark(node: ast.AST) -> tuple[list[str], tuple[str, ...]]:
    """The names and the versions of a `proves` mark; of any other decorator, nothing."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.proves"):
        return [], ()
    versions = [ast.literal_eval(k.value) for k in node.keywords if k.arg == "versions"]
    return [ast.literal_eval(argument) for argument in node.args], tuple(*versions)


def proof(version: str, name: str) -> str:
    return proofs()[version].get(name, "")


# --- the code ------------------------------------------------------------------------------------


@cache
def _trees(version: str) -> list[ast.AST]:
    paths = sorted((ROOT / "chargepoint").rglob("*.py"))
    wanted = [p for p in paths if not OTHERS[version] & set(p.parts) and p.name not in TABLES]
    return [_without_table(ast.parse(path.read_text())) for path in wanted]


def _without_table(tree: ast.Module) -> ast.Module:
    def is_table(node: ast.stmt) -> bool:
        return isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == TABLE

    tree.body = [node for node in tree.body if not is_table(node)]
    return tree


def _constants(node: ast.AST) -> set[str]:
    values = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
    return {value for value in values if isinstance(value, str)}


def _names_messages(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name in NAMING
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(getattr(target, "id", "") in NAMING for target in targets)


@cache
def sent(version: str) -> set[str]:
    """The actions that a station of the version sends by itself."""
    words: set[str] = set()
    for node in (node for tree in _trees(version) for node in ast.walk(tree)):
        calls = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SENDING
        if calls and node.args and isinstance(node.args[0], ast.Constant):
            words.add(node.args[0].value)
        elif _names_messages(node):
            words |= _constants(node)
    return words & schemas.actions(version)


@cache
def _read(version: str) -> tuple[set[str], list[re.Pattern]]:
    """Every text of the code, and a pattern of every text that is put together."""
    words: set[str] = set()
    patterns = []
    for tree in _trees(version):
        words |= _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+"
                    for part in node.values
                ]
                # One that is put together of names alone says nothing.
                if any(len(re.findall(r"\w", part)) > 3 for part in parts if part != r"\w+"):
                    patterns.append(re.compile("".join(parts)))
    return words, patterns


def acts(version: str, key: str) -> bool:
    """Whether some code asks for this key or variable."""
    words, patterns = _read(version)
    return key in words or any(pattern.fullmatch(key) for pattern in patterns)


@cache
def looked_up(version: str) -> set[str]:
    """The texts by which something is taken out of a dict: thing["text"], thing.get("text")."""
    found = set()
    for node in (node for tree in _trees(version) for node in ast.walk(tree)):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            found.add(getattr(node.slice, "value", None))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
            found.add(getattr(node.args[0], "value", None))
    return {text for text in found if isinstance(text, str)}


def actions(version: str) -> list[tuple[str, str]]:
    """(action, "served", "sent", "served, sent" or "")."""
    handlers, own = station_class(version).HANDLERS, sent(version)
    rows = []
    for action in sorted(schemas.actions(version)):
        ways = ["served"] * (action in handlers) + ["sent"] * (action in own)
        rows.append((action, ", ".join(ways)))
    return rows


# --- the page ------------------------------------------------------------------------------------


def table(*columns: str) -> list[str]:
    return [row(*columns), row(*["---"] * len(columns))]


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def shown(test: str) -> str:
    """Folded away: a table's reader looks for what is emulated, and sometimes for its proof."""
    return f"<details><summary>test</summary><code>{test}</code></details>" if test else ""


def action_table(version: str) -> list[str]:
    rows = actions(version)
    done = sum(bool(ways) for _, ways in rows)
    return [
        f"{done} of {len(rows)} actions.\n",
        *table("action", "how", "proof"),
        *(
            row(action, ways or "not yet", shown(proof(version, action) if ways else ""))
            for action, ways in rows
        ),
    ]
