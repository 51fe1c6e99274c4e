"""Leave GDAL and GEOS alone, which no model of ours needs.

django-mongodb-backend imports GeoDjango wherever it can, three times where it cannot, and each
time GeoDjango looks for libraries under twelve names, by a linker in processes of its own: a
second of every process' start.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

NAMES = ("django.contrib.gis.gdal", "django.contrib.gis.geos")


def leave_out_gis() -> None:
    """Have GeoDjango find none at once. Call it before anything of django_mongodb_backend."""
    for name in NAMES:
        absent = ModuleType(name, "Stands for a library that this project does without.")
        absent.__getattr__ = _refuse
        sys.modules.setdefault(name, absent)


def _refuse(name: str) -> NoReturn:
    if name.startswith("__"):  # who looks at every module asks for these, as pytest's plugins do
        raise AttributeError(name)
    # What GeoDjango raises where there is no GDAL, and what the backend expects.
    raise ImproperlyConfigured(f"GeoDjango's {name}: this project does without it")
