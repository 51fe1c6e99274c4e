"""The table of settings says what the code does: every name, and every default that code has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from documentation import settings_page
from documentation.project import DOCS, ROOT
from documentation.variables import VARIABLES

PACKAGES = ("accounts", "chargepoint", "democsms", "emulator", "messaging", "runtime", "scenarios",
            "stations", "terminal")  # fmt: skip
# Functions that read a variable: os.environ.get, env_flag, env_list, and services.py's number.
READERS = {"get", "env_flag", "env_list", "number"}
# What the code computes of other variables; the table tells it in words.
COMPOSED = {"FLOWER_URL", "DEMO_CSMS_URL", "JOURNAL_DIR", "DATA_DIR"}
# Where a process of `manage.py up` is told another default than a process by itself has.
TOLD = {variable.name: variable for variable in VARIABLES}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def reads() -> Iterator[tuple[str, object]]:
    """(name, default) of each read of the environment with a name of the table."""
    for path in sources():
        text = path.read_text()
        if not re.search(r"environ|env_flag|env_list|number\(", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and node.args and _reads(node.func):
                name = node.args[0]
                if isinstance(name, ast.Constant) and name.value in TOLD:
                    yield name.value, _default(node, ast.get_source_segment(text, node) or "")


def _reads(function: ast.expr) -> bool:
    name = getattr(function, "attr", getattr(function, "id", ""))
    return name in READERS


def _default(call: ast.Call, source: str) -> object:
    if len(call.args) < 2:
        return None
    try:
        return ast.literal_eval(call.args[1])
    except ValueError:
        found = re.search(r"str\(([\d* ]+)\)", source)
        return eval(found[1], {}) if found else None  # noqa: S307 - digits and *


def same(told: str, default: object) -> bool:
    if isinstance(default, bool):
        return told == ("1" if default else "0")
    return told == str(default)


def test_defaults_are_those_of_the_code():
    found = [(name, default) for name, default in reads() if default is not None]
    assert len({name for name, _ in found}) > 20
    wrong = {
        name: (TOLD[name].default, default)
        for name, default in found
        if name not in COMPOSED and not same(TOLD[name].default, default)
    }
    assert not wrong, "name: (documentation/variables.py, the code)"


def test_each_name_stands_in_the_code():
    text = "".join(path.read_text() for path in sources())
    text += (ROOT / "docker" / "compose.yaml").read_text()
    gone = [name for name in TOLD if name != "DRIVER_..." and not re.search(rf"\b{name}\b", text)]
    assert gone == []


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_each_has_an_example_and_a_meaning(variable):
    assert variable.example and len(variable.meaning) > 15
    assert variable.example != variable.default


def test_the_page_is_the_table():
    assert (DOCS / "reference" / "settings.md").read_text() == settings_page.page()
