"""Makes of stations: those that ship, one of them as a file to change, and what is wrong with one.

Needs no server and no store. Exit code: 0; 1 where a file is no make.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from stations.makes import documents
from terminal import rows
from terminal.command import TerminalCommand


class Command(TerminalCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        does.add_parser("list", help="names of those that ship, with their versions")
        shown = does.add_parser("show", help="the document of one that ships")
        shown.add_argument("name", metavar="NAME")
        checked = does.add_parser("check", help="what is wrong with a file, by its fields")
        checked.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['does']}")(options)
        except rows.Unusable as problem:
            self.stderr.write(str(problem))
            sys.exit(1)

    def _list(self, options: dict[str, Any]) -> None:
        for name, document in documents.shipped().items():
            what = f"{document['vendor']} {document['model']}"
            self.stdout.write(f"{name:24} {', '.join(document['versions']):16} {what}")

    def _show(self, options: dict[str, Any]) -> None:
        rows.make_of(options["name"])
        document = documents.shipped()[options["name"]]
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))

    def _check(self, options: dict[str, Any]) -> None:
        path = options["file"]
        found = rows.document_of(path)
        many = found["makes"] if isinstance(found, dict) and "makes" in found else found
        for each in many if isinstance(many, list) else [many]:
            if not isinstance(each, dict):
                raise rows.Unusable(f"{path}: write a make as an object.")
            made = rows.make_of(each, path)
            self.stdout.write(f"{made.name}: a make of {documents.speaks(made)}.")
