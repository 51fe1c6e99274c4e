from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from runtime.words import counted
from stations.makes.files import ON_EXISTING, MakesRefused, import_document
from stations.management.json_file import read_json


class Command(BaseCommand):
    help = (
        "Import makes from a file: one, a list of them, or an export. All of them or none; "
        "stations that run take a make that is updated without a restart."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--on-existing", choices=ON_EXISTING, default="fail")
        parser.add_argument("--dry-run", action="store_true", help="Only check and report.")

    def handle(self, *args, **options):
        document = read_json(options["file"])
        try:
            outcomes = import_document(document, options["on_existing"], options["dry_run"])
        except MakesRefused as error:
            lines = [f"  {path}: {sentence}" for path, sentence in error.fields.items()]
            raise CommandError("\n".join([str(error), *lines])) from error
        for outcome in outcomes:
            self.stdout.write(f"{outcome.name}: {outcome.action}")
        verb = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{counted(len(outcomes), 'make')} {verb}.")
