"""Each module that a script of ours imports is there, in whichever app it stands."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings

IMPORT = re.compile(
    r"""^(?:import|export)\b[^"']*["'](\.[^"']+)["']|import\(["'](\.[^"']+)["']\)""", re.M
)


def scripts() -> dict[str, Path]:
    """{path below /static/: file} of all that is not vendored."""
    roots = [Path(app.path) / "static" for app in apps.get_app_configs()
             if Path(app.path).is_relative_to(settings.BASE_DIR)]  # fmt: skip
    return {
        path.relative_to(root).as_posix(): path
        for root in roots for path in root.rglob("*.js") if "site-packages" not in path.parts
    }  # fmt: skip


def test_what_a_script_imports_is_there():
    found = scripts()
    missing, checked = [], 0
    for name, path in found.items():
        if "/vendor/" in name:
            continue
        for static, lazy in IMPORT.findall(path.read_text()):
            wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), static or lazy))
            checked += 1
            if wanted not in found:
                missing.append(f"{name}: {wanted}")
    assert not missing
    assert checked > 50
