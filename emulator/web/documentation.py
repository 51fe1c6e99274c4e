"""The pages under /docs: files that `make docs`, `make run` or the wheel's build have put here.

Anyone may read them, as the page of the API: they say nothing of this installation, and who cannot
log in needs them. They ask for no store and no session.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http import HttpResponseRedirect as Redirect
from django.utils._os import safe_join
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

from emulator.web.error_pages import error_page

PAGES = Path(__file__).resolve().parents[1] / "built_docs"
MISSING = (
    "The documentation is not built yet: `make run` builds it after its start, in a minute or, on "
    "a busy machine, several, and says when it is done; `make docs` builds it at once."
)


@require_safe
def documentation(request: HttpRequest, name: str = "") -> HttpResponse:
    """The file `name` of the built pages; of a folder its index.html. 503 where none are built.

    Raises Http404 for a name outside them or without a file.
    """
    if not PAGES.is_dir():
        answer = error_page(request, 503, "No pages yet", MISSING)
        answer.headers["Retry-After"] = "10"
        return answer
    if "\0" in name:
        raise Http404
    try:
        file = Path(safe_join(PAGES, name or "index.html"))
    except (SuspiciousFileOperation, ValueError) as refusal:
        raise Http404 from refusal
    if file.is_dir():
        if not name.endswith("/"):
            return Redirect(f"{request.path}/")
        file /= "index.html"
    try:
        changed = int(file.stat().st_mtime)
        if not was_modified_since(request.headers.get("If-Modified-Since"), changed):
            return HttpResponseNotModified(headers={"Cache-Control": "no-cache"})
        content = file.read_bytes()
    except OSError as missing:
        raise Http404 from missing
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    # no-cache: kept by browsers, and asked for before each use.
    headers = {"Last-Modified": http_date(changed), "Cache-Control": "no-cache"}
    return HttpResponse(content, content_type=kind, headers=headers)
