"""Builds the pages under /docs into emulator/built_docs, where the web process finds them.

Sphinx takes some 25 seconds of a processor, so nothing is built again that is there: beside
the pages stands the digest of what they were built from.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from documentation.project import DOCS, ROOT, VERSION

OUTPUT = ROOT / "emulator" / "built_docs"
MADE_OF = "made-of.txt"  # in OUTPUT: the digest


class BuildFailed(Exception):
    """The sentence says what Sphinx complained of."""


def digest(docs: Path = DOCS) -> str:
    """Of every source of the pages: hexadecimal SHA-256."""
    found = hashlib.sha256(VERSION.encode())
    for path in sorted(path for path in docs.rglob("*") if path.is_file()):
        if "__pycache__" in path.parts:
            continue
        found.update(str(path.relative_to(docs)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def is_current(output: Path = OUTPUT) -> bool:
    try:
        return (output / MADE_OF).read_text() == digest()
    except OSError:
        return False


def build(output: Path = OUTPUT, *, if_changed: bool = False) -> bool:
    """False where `if_changed` and nothing has. The old pages stay until the new ones are whole.

    Raises BuildFailed at the first warning: a dead link is one.
    """
    with _alone(output):
        if if_changed and is_current(output):
            return False
        made = Path(tempfile.mkdtemp(prefix=".docs-", dir=output.parent))
        try:
            _sphinx(made / "html", made / "doctrees")
            (made / "html" / MADE_OF).write_text(digest())
            if output.exists():
                output.rename(made / "old")
            (made / "html").rename(output)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return True


def _sphinx(html: Path, doctrees: Path) -> None:
    try:
        from sphinx.application import Sphinx
        from sphinx.errors import SphinxError
        from sphinx.util.docutils import docutils_namespace, patch_docutils
    except ImportError as missing:
        raise BuildFailed(f"Not installed: {missing.name}. requirements-docs.txt has it.") from None
    words = io.StringIO()
    try:
        # Once more in the same process, it would find its own nodes registered already.
        with patch_docutils(DOCS), docutils_namespace():
            app = Sphinx(DOCS, DOCS, html, doctrees, "html", status=None, warning=words)
            app.build(force_all=True)
    except SphinxError as problem:
        raise BuildFailed(f"{problem}\n{words.getvalue()}") from problem
    if app.statuscode or words.getvalue().strip():
        raise BuildFailed(words.getvalue())
    for name in ("objects.inv", ".buildinfo"):
        (html / name).unlink(missing_ok=True)
    shutil.rmtree(html / "_sources", ignore_errors=True)


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """One build at a time on this machine; the next one waits."""
    output.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(output.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
