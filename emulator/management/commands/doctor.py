"""Examine this installation and say what to do: settings, secrets, disks, stores, processes.

Exit code 0: nothing is wrong; 1: something is (with --strict, a warning counts as well).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from emulator.doctor.examination import examine
from emulator.doctor.findings import ERROR, OK, WARNING, Finding
from runtime.words import counted

MARKS = {OK: "ok      ", WARNING: "warning ", ERROR: "ERROR   "}


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # noqa: RUF012 - it makes them itself

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--strict", action="store_true", help="exit code 1 for warnings too")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        errors = sum(finding.level == ERROR for finding in findings)
        warnings = sum(finding.level == WARNING for finding in findings)
        failed = bool(errors or (options["strict"] and warnings))
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "ok": not failed,
                        "errors": errors,
                        "warnings": warnings,
                        "findings": [finding.as_json() for finding in findings],
                    },
                    indent=2,
                )  # fmt: skip
            )
        else:
            self._show(findings)
            self.stdout.write(f"\n{counted(errors, 'error')}, {counted(warnings, 'warning')}.")
        if failed:
            sys.exit(1)

    def _show(self, findings: list[Finding]) -> None:
        for finding in findings:
            self.stdout.write(f"{MARKS[finding.level]}{finding.area}: {finding.says}")
            if finding.do:
                self.stdout.write(f"        -> {finding.do}")
