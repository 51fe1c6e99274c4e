"""The documentation, built once for all processes of a run: it takes a processor 25 seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from documentation import build as building


def pages_of_this_run(folders: pytest.TempPathFactory) -> Path:
    """A folder with the pages, built anew whatever stands in the tree; a warning raises."""
    base = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # that of all of them
    output = base / "documentation" / "pages"
    building.build(output, if_changed=True)
    return output
