import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from stations.makes.files import export_document
from stations.makes.tables import Make


class Command(BaseCommand):
    help = "Write makes as a file that importmakes takes."

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="*", metavar="NAME", help="None: all.")
        parser.add_argument("--to", type=Path, metavar="FILE", help="Else to the terminal.")

    def handle(self, *args, **options):
        rows = {row.name: row for row in Make.objects.order_by("name")}
        if unknown := [name for name in options["names"] if name not in rows]:
            raise CommandError(f"There is no make {', '.join(unknown)}. Known: {', '.join(rows)}.")
        chosen = [rows[name] for name in options["names"]] or rows.values()
        text = json.dumps(export_document(chosen), indent=2, ensure_ascii=False)
        if options["to"] is None:
            self.stdout.write(text)
            return
        try:
            options["to"].write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['to']} was not written: {error.strerror}.") from error
