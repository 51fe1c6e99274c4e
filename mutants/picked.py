"""A pytest plugin: run only the tests of a list, in its order: MUTANTS_PICKED, a file of JSON."""

import json
import os
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    named = json.loads(Path(os.environ["MUTANTS_PICKED"]).read_text())
    places = {name: place for place, name in enumerate(named)}
    others = [item for item in items if item.nodeid not in places]
    items[:] = sorted(
        (item for item in items if item.nodeid in places), key=lambda item: places[item.nodeid]
    )
    config.hook.pytest_deselected(items=others)
