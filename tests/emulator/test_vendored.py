"""Static files of others: each with its version and licence, and nothing the policy refuses."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What each licence that we take says of use by others.
GRANTS = {
    "MIT": "Permission is hereby granted",
    "ISC": "Permission to use, copy, modify, and/or distribute this software",
    "BSD-2-Clause": "Redistribution and use in source and binary forms",
}


def script():
    """.ci/vendor, which has no ending."""
    loader = importlib.machinery.SourceFileLoader("vendor", str(ROOT / ".ci/vendor"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("vendor", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("package", script().PACKAGES, ids=lambda package: package.name)
def test_what_is_vendored_is_what_the_script_names(package):
    folder = script().ROOT / package.name
    assert {file.name for file in folder.iterdir()} == {*package.files.values(), "VERSION"}
    told = (folder / "VERSION").read_text()
    assert told.startswith(f"{package.name} {package.version}, {package.licence},")
    assert GRANTS[package.licence] in " ".join((folder / "LICENSE").read_text().split())


def test_no_vendored_script_makes_code_of_text():
    """script-src has no 'unsafe-eval' outside the admin; see emulator/web/headers.py."""
    scripts = list(script().ROOT.rglob("*.js"))
    assert scripts
    for file in scripts:
        text = file.read_text()
        assert "new Function" not in text and "eval(" not in text, file.name
