"""CHANGELOG.md in the way of Keep a Changelog, and the version that it ends in."""

from __future__ import annotations

import re
from datetime import date

from documentation.project import ROOT, VERSION

TEXT = (ROOT / "CHANGELOG.md").read_text()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
RELEASED = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", TEXT, re.MULTILINE)


def test_versions_fall_and_have_dates():
    assert RELEASED and TEXT.index("## [Unreleased]") < TEXT.index(f"## [{RELEASED[0][0]}]")
    versions = [tuple(map(int, version.split("."))) for version, _ in RELEASED]
    days = [date.fromisoformat(day) for _, day in RELEASED]
    assert versions == sorted(set(versions), reverse=True) and days == sorted(days, reverse=True)
    headings = re.findall(r"^## .*$", TEXT, re.MULTILINE)
    assert len(headings) == len(RELEASED) + 1


def test_every_change_stands_under_a_kind():
    for version in TEXT.split("\n## [")[1:]:
        kinds = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert set(kinds) <= KINDS and len(kinds) == len(set(kinds))
        assert "\n- " not in version.split("\n### ")[0]


def test_the_package_has_the_newest_version():
    assert RELEASED[0][0] == VERSION
