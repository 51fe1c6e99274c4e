"""python -m documentation.docstrings: what public functions say of themselves, counted by package.

A public function says enough when its docstring is there, or its name, parameters' names and types
say all (one line of code, a property), and when it names what it raises itself: "Raises X". An
operation of the API raises to its caller's client: its errors are answers of the OpenAPI document,
and its docstring is that document's text. Tests hold the shares above a floor that only rises.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import NamedTuple

from documentation.project import ROOT

PACKAGES = ("accounts", "chargepoint", "emulator", "messaging", "runtime", "scenarios", "stations",
            "terminal")  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Count(NamedTuple):
    """functions: public ones of more than a line; told: of these with a docstring.

    raising: those that raise; named: of these whose docstring says what.
    """

    functions: int
    told: int
    raising: int
    named: int

    @property
    def share(self) -> float:
        """Percent of public functions with a docstring."""
        return 100 * self.told / max(self.functions, 1)

    @property
    def share_named(self) -> float:
        """Percent of those that raise, whose docstring says so; 100 where none does."""
        return 100 * self.named / self.raising if self.raising else 100


def count(package: str) -> Count:
    found = list(public(package))
    told = [each for each in found if ast.get_docstring(each)]
    raising = [each for each in found if raises(each)]
    named = [each for each in raising if "aise" in (ast.get_docstring(each) or "")]
    return Count(len(found), len(told), len(raising), len(named))


def public(package: str) -> Iterator[Function]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if not {"migrations", "mongo_migrations", "management"} & set(path.parts):
            yield from _public_in(ast.parse(path.read_text()).body)


def _public_in(body: list[ast.stmt]) -> Iterator[Function]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_in(node.body)
        elif isinstance(node, Function) and not node.name.startswith("_") and _needs_words(node):
            yield node


def _needs_words(node: Function) -> bool:
    marks = {ast.unparse(each) for each in node.decorator_list}
    return len(node.body) > 1 and not marks & {"property", "override"}


def raises(node: Function) -> bool:
    """An exception of its own; a bare `raise` hands on another's."""
    if any(ast.unparse(each).startswith("router.") for each in node.decorator_list):
        return False
    return any(isinstance(each, ast.Raise) and each.exc is not None for each in ast.walk(node))


def main() -> int:
    print("| package | public functions | with a docstring | that raise | that say so |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for package in PACKAGES:
        n = count(package)
        shares = f"{n.share:.0f} % | {n.raising} | {n.share_named:.0f} %"
        print(f"| {package} | {n.functions} | {shares} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
