"""Public functions say what they do and raise: a floor for each package, which may only rise."""

from __future__ import annotations

import pytest

from documentation.docstrings import PACKAGES, count

# Percent of public functions with a docstring, and of those that raise that say so. Raise them.
FLOORS = {
    "accounts": (98, 90), "chargepoint": (100, 100), "emulator": (98, 90), "messaging": (98, 85),
    "runtime": (100, 100), "scenarios": (92, 95), "stations": (98, 93), "terminal": (98, 95),
}  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_says_less_than_it_did(package):
    found, (told, named) = count(package), FLOORS[package]
    assert found.share >= told, "write docstrings: what it takes (units, shapes), returns, raises"
    assert found.share_named >= named, "say in the docstring what the function raises, and when"
