"""Figures of how the code is built: python -m benchmarks.structure [REVISION | --json]

With a revision, those of that commit beside them.

    largest MRO          classes, `object` among them, of a station and of any of its blocks
    names on a station   attributes of its class that are not dunder names
    foreign writes       assignments to an attribute of an object that is not the writer's own
    upward talk          uses of core.block("x") or there("x") for a row not above the user's
    circles              groups of modules that import one another, in the whole project
    files a folder       Python modules of one folder, at most
    module, function     lines: median and largest; 90 of 100 functions have at most so many
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

# Of another tree: this file is then run by its path, and `chargepoint` is that tree's.
ROOT = Path(os.environ.get("STRUCTURE_OF") or Path(__file__).resolve().parents[1])
PACKAGES = (
    "accounts", "benchmarks", "chaos", "chargepoint", "conformance", "democsms", "emulator",
    "messaging", "mutants", "runtime", "scenarios", "stations", "terminal",
)  # fmt: skip
VERSIONS = ("1.6", "2.0.1", "2.1")
# Of the core: objects that every station has.
PARTS = frozenset({"answers", "calls", "clock", "power", "service", "statuses", "timers"})


def modules(packages: tuple[str, ...] = PACKAGES) -> list[Path]:
    found = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    return [path for path in found if "migrations" not in path.parts]


# --- stations --------------------------------------------------------------------------------


def of_station(version: str) -> dict[str, Any]:
    from chargepoint.versions import station_class

    station = station_class(version)
    names = [name for name in dir(station) if not name.startswith("__")]
    rows = getattr(station, "ROWS", {})  # none: the station is one object
    largest = max(rows.items(), key=lambda row: len(row[1].__mro__), default=None)
    return {
        "MRO of the station": len(station.__mro__),
        "largest MRO of a block": len(largest[1].__mro__) if largest else 0,
        "whose": largest[0] if largest else "",
        "names on the station": len(names),
        "blocks": len(rows),
        "residents": station.TABLES.residents if rows else 0,
    }


# --- who writes what -------------------------------------------------------------------------


def foreign_writes(folder: str = "chargepoint") -> list[str]:
    """"module:line name" of each write to `self.<something>.<attribute>`."""
    found = []
    for path in modules((folder,)):
        for node in ast.walk(ast.parse(path.read_text())):
            for target in _targets(node):
                if isinstance(target, ast.Attribute) and _is_of_another(target.value):
                    place = f"{path.relative_to(ROOT)}:{target.lineno}"
                    found.append(f"{place} {ast.unparse(target)}")
    return sorted(found)


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign():
            targets = node.targets
        case ast.AugAssign() | ast.AnnAssign():
            targets = [node.target]
        case _:
            return []
    return [one for target in targets for one in ast.walk(target) if isinstance(one, ast.expr)]


def _is_of_another(value: ast.expr) -> bool:
    """self.core, a part of it, self.<collaborator> or core.block("x"); not a value kept there."""
    match value:
        case ast.Name(id="core"):
            return True
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name == "core" or name in PARTS or name in _collaborators()
        case ast.Attribute(value=ast.Name(id="core") | ast.Attribute(attr="core"), attr=name):
            return name in PARTS
        case ast.Call(func=ast.Attribute(attr="block" | "there")):
            return True
    return False


def _collaborators() -> frozenset[str]:
    from chargepoint.versions import station_class

    return frozenset(name for version in VERSIONS for name in station_class(version).ROWS)


def upward_talk(version: str) -> list[str]:
    """"row -> row" where a block reaches one of a later row by its name."""
    from chargepoint.versions import station_class

    rows = station_class(version).ROWS
    place = {name: number for number, name in enumerate(rows)}
    found: Counter[str] = Counter()
    for name, kind in rows.items():
        for cls in kind.__mro__:
            path = ROOT / (cls.__module__.replace(".", "/") + ".py")
            if not path.exists() or not cls.__module__.startswith("chargepoint."):
                continue
            for node in ast.walk(_class_of(path, cls.__name__)):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="block" | "there"),
                        args=[ast.Constant(value=str(other))],
                    ) if place.get(other, -1) > place[name]:
                        found[f"{name} -> {other}"] += 1
    return [f"{pair} ({count})" for pair, count in sorted(found.items())]


def _class_of(path: Path, name: str) -> ast.AST:
    tree = ast.parse(path.read_text())
    return next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name), tree)


# --- imports ---------------------------------------------------------------------------------


def imports() -> dict[str, set[str]]:
    """Module -> modules of the project that it imports when it is loaded."""
    names = {_dotted(path): path for path in modules()}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for name, path in names.items():
        for node in _at_load(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif node.level == 0 and node.module:
                wanted = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
            else:
                continue
            graph[name] |= {other for other in wanted if other in names and other != name}
    return graph


def _dotted(path: Path) -> str:
    name = str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
    return name.removesuffix(".__init__")


def _at_load(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Import statements outside functions and outside `if TYPE_CHECKING`."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += _at_load(node)
    return found


def circles() -> list[list[str]]:
    """The strongly connected groups of more than one module (Tarjan, without recursion)."""
    graph, index, low = imports(), {}, {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, children = work[-1]
            for child in children:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    on_stack.add(child)
                    work.append((child, iter(sorted(graph[child]))))
                    break
                if child in on_stack:
                    low[node] = min(low[node], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while (member := stack.pop()) != node:
                        on_stack.discard(member)
                        group.append(member)
                    on_stack.discard(node)
                    if group:
                        found.append(sorted([*group, node]))
    return found


# --- sizes -----------------------------------------------------------------------------------


def sizes(packages: tuple[str, ...] = PACKAGES) -> dict[str, Any]:
    lines = {path: len(path.read_text().splitlines()) for path in modules(packages)}
    folders: dict[Path, int] = defaultdict(int)
    functions = []
    for path in lines:
        folders[path.parent] += path.name != "__init__.py"
        functions += [
            node.end_lineno - node.lineno + 1
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    fullest = max(folders, key=folders.__getitem__)
    largest = max(lines, key=lines.__getitem__)
    return {
        "modules": len(lines),
        "median module": median(lines.values()),
        "largest module": lines[largest],
        "which": str(largest.relative_to(ROOT)),
        "files in the fullest folder": folders[fullest],
        "which folder": str(fullest.relative_to(ROOT)),
        "function, 90 of 100": sorted(functions)[len(functions) * 9 // 10],
    }


def figures() -> dict[str, Any]:
    stations = {version: of_station(version) for version in VERSIONS}
    known = {}
    if all(station["blocks"] for station in stations.values()):
        known = {
            "foreign writes": len(foreign_writes()),
            "upward talk": {version: len(upward_talk(version)) for version in VERSIONS},
        }
    return {
        "stations": stations,
        **known,
        "circles": [len(group) for group in circles()],
        "the charge point": sizes(("chargepoint",)),
        "the project": sizes(),
    }


def figures_of(tree: Path) -> dict[str, Any]:
    """The figures of another tree."""
    made = subprocess.run(
        [sys.executable, "-P", __file__, "--json"], cwd=tree, check=True, capture_output=True,
        env={**os.environ, "STRUCTURE_OF": str(tree), "PYTHONPATH": str(tree)},
    )  # fmt: skip
    return json.loads(made.stdout)


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from flat(part, f"{name}: {key}" if name else key)
    else:
        yield name, value


def main() -> None:
    found = figures()
    if "--json" in sys.argv:
        print(json.dumps(found, indent=2))
        return
    here, there = dict(flat(found)), None
    if len(sys.argv) > 1:
        from benchmarks.against import tree_of

        with tree_of(sys.argv[1]) as tree:
            there = dict(flat(figures_of(tree)))
    for name, value in here.items():
        then = "" if there is None else f"  ({there.get(name, '-')})"
        print(f"{name}  {value}{then}")


if __name__ == "__main__":
    main()
