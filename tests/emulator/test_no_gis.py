"""GeoDjango is left out without a trap for those who look at all modules."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from emulator.no_gis import NAMES
from tests.emulator.processes import ROOT


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_for_it_refuses_as_geodjango_does_and_has_no_names_of_its_own(name):
    absent = sys.modules[name]
    assert getattr(absent, "__file__", None) is None
    with pytest.raises(ImproperlyConfigured):
        _ = absent.GDALException


def test_every_module_can_be_looked_at():
    script = (
        "import os, sys, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'emulator.profiles.terminal'\n"
        "django.setup()\n"
        "print(sum(hasattr(module, '__file__') for module in list(sys.modules.values())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
