"""How Sphinx builds the pages under /docs; see docs/contributing/writing.md."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from documentation.project import VERSION  # noqa: E402

project = "OCPP Emulator"
version = release = VERSION
extensions = ["myst_parser"]
templates_path = ["_theme"]
exclude_patterns = ["_theme", "_static"]

# Every heading is an anchor, named as GitHub names it, so that pages read the same in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
# A link into the tree (examples/, chargepoint/) is not a page of the site.
myst_all_links_external = False
nitpicky = True
# Examples of JSON leave parts out.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"OCPP Emulator {VERSION}"
html_static_path = ["_static"]
html_js_files = ["theme.js"]
html_css_files = ["pages.css"]
html_show_sourcelink = False
html_copy_source = False
html_use_index = False
html_permalinks_icon = "#"
html_last_updated_fmt = None
html_favicon = "_static/favicon.svg"
