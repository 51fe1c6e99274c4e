"""The mutation operators of mutmut over one file: one change of the code at a time.

mutmut's own runner puts every mutant into one file, in a process that has imported the tests, and
forks: that goes with neither stores nor tests that start processes. So only its operators are used.
As mutmut does, they change what functions do; what they would do to words for people is left out.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# What these names are called with is for people who read the log.
_LOGS = {"log", "logger", "logging", "warnings"}
_UNSEEN = {"strict"}  # of zip: a guard against what cannot be
_WORDS = {"help_text", "verbose_name", "description", "short_description", "label", "title"}


class Change(NamedTuple):
    """One mutant of the tool. Its key tells it from all others of a tree, also when lines move."""

    file: str
    within: str  # the function, "Journal.append"
    line: str  # the line of code that it begins in, without indentation
    before: str
    after: str
    nth: int  # of those that are alike up to here
    lines: range  # that it stands in
    around: range  # the lines of its function
    module: cst.Module
    old: cst.CSTNode
    new: cst.CSTNode

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        return self[:6]

    def rank(self, seed: int) -> str:
        """Its place in the order in which samples are drawn: the same however the code around it
        changes, so that two samples can be compared."""
        return hashlib.sha256(repr((seed, *self.key)).encode()).hexdigest()

    def __str__(self) -> str:
        where = f"{self.file}:{self.lines.start} {self.within}".rstrip()
        return f"{where}: {_short(self.before)} -> {_short(self.after)}"

    def text(self) -> str | None:
        """The file's text with the change; None where it is no Python or no change at all."""
        source = self.module.code
        changed = self.module.deep_replace(self.old, self.new)
        assert isinstance(changed, cst.Module)
        text = changed.code
        try:
            return text if _meaning(text) != _meaning(source) else None
        except SyntaxError:
            return None


def changes(source: str, file: str) -> list[Change]:
    """All changes of a file, those of one place one after the other."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    visitor = _Places(file, wrapper.module, source.splitlines())
    wrapper.visit(visitor)
    return visitor.found


def by_place(found: list[Change]) -> Iterator[list[Change]]:
    """The changes of each node of the code together."""
    places: dict[int, list[Change]] = {}
    for change in found:
        places.setdefault(id(change.old), []).append(change)
    yield from places.values()


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) < 60 else line[:57] + "..."


def _meaning(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return ast.dump(tree)


class _Places(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, file: str, module: cst.Module, code: list[str]) -> None:
        super().__init__()
        self._file, self._module, self._code = file, module, code
        self._names: list[str] = []
        self._functions: list[range] = []
        self._alike: Counter[tuple] = Counter()
        self.found: list[Change] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _left_out(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
            if isinstance(node, cst.FunctionDef):
                self._functions.append(self._lines_of(node))
        elif self._functions:
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    self._add(node, [new for new in operator(node) if not _in_words(node, new)])
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
            if isinstance(original_node, cst.FunctionDef):
                self._functions.pop()

    def _lines_of(self, node: cst.CSTNode) -> range:
        place = self.get_metadata(PositionProvider, node, None)
        return range(0) if place is None else range(place.start.line, place.end.line + 1)

    def _add(self, node: cst.CSTNode, mutated: list[cst.CSTNode]) -> None:
        lines = self._lines_of(node)
        if not lines:
            return
        before = self._module.code_for_node(node).strip()
        if isinstance(node, cst.SimpleString):
            mutated = mutated[:1]  # three spellings of one fault
        for new in mutated:
            after = self._module.code_for_node(new).strip()
            line = self._code[lines.start - 1].strip()
            alike = (".".join(self._names), line, before, after)
            nth = self._alike[alike]
            self._alike[alike] += 1
            self.found.append(
                Change(self._file, *alike, nth, lines, self._functions[0], self._module, node, new)
            )


def _left_out(node: cst.CSTNode) -> bool:
    """Annotations, decorators, and words that no program reads: sentences, errors' texts, logs."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Raise() | cst.FormattedString():
            return True
        case cst.SimpleString():
            return _is_sentence(node)
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name))):
            return name in _LOGS
    return False


def _is_sentence(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.ConcatenatedString):
        return True
    return isinstance(node, cst.SimpleString) and (" " in node.value or len(node.quote) == 3)


def _in_words(node: cst.CSTNode, new: cst.CSTNode) -> bool:
    """An argument that is words for people was changed or left out."""
    if not (isinstance(node, cst.Call) and isinstance(new, cst.Call)):
        return False
    kept = {id(argument) for argument in new.args}
    return any(
        _is_sentence(argument.value)
        or (argument.keyword and argument.keyword.value in _WORDS | _UNSEEN)
        for argument in node.args
        if id(argument) not in kept
    )
