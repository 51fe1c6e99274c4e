"""A station is made of blocks that do not know each other: their private names must differ."""

import ast
from pathlib import Path

import pytest

import chargepoint
from chargepoint.versions import station_class

# These go on to what they stand before.
COOPERATIVE = {"_refuse", "_take_bad"}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_no_block_has_a_private_method_of_another(version):
    owners: dict[str, list[type]] = {}
    for block in station_class(version).__mro__:
        for name, value in vars(block).items():
            if callable(value) and name.startswith("_") and not name.startswith("__"):
                owners.setdefault(name, []).append(block)
    clashes = {
        name: [block.__name__ for block in blocks]
        for name, blocks in owners.items()
        if any(not issubclass(blocks[0], other) for other in blocks[1:]) and name not in COOPERATIVE
    }
    assert clashes == {}


def test_no_module_imports_a_private_name_of_another():
    [folder] = chargepoint.__path__
    found = [
        f"{path.name}: {name.name} of {node.module}"
        for path in Path(folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for name in node.names
        if name.name.startswith("_")
    ]
    assert found == []
