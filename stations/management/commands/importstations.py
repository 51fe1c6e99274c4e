from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from runtime.words import counted
from stations.configuration import changes
from stations.configuration.importing import ON_EXISTING, ImportRefused, Outcome, import_document
from stations.management.json_file import read_json


class Command(BaseCommand):
    help = "Import stations from a file: ours, or the predecessor's. All of them or none."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--on-existing", choices=ON_EXISTING, default="fail")
        parser.add_argument("--dry-run", action="store_true", help="Only check and report.")
        parser.add_argument("--start", action="store_true", help="Start what is set to autostart.")

    def handle(self, *args, **options):
        document = read_json(options["file"])
        try:
            # Whoever has a shell here has the key of the secrets as well.
            outcomes = import_document(
                document, options["on_existing"], options["dry_run"], secrets_may_move=True
            )
        except ImportRefused as error:
            lines = [f"  {name}: {sentence}" for name, sentence in error.fields.items()]
            raise CommandError("\n".join([str(error), *lines])) from error
        for outcome in outcomes:
            self._report(outcome)
        verb = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{counted(len(outcomes), 'station')} {verb}.")
        if options["start"] and not options["dry_run"]:
            count = changes.start_autostarting(outcome.identity for outcome in outcomes)
            self.stdout.write(f"{counted(count, 'station')} started.")

    def _report(self, outcome: Outcome) -> None:
        self.stdout.write(f"{outcome.identity}: {outcome.action}")
        for what, notes in (("changed", outcome.changed), ("not used", outcome.ignored)):
            for name, sentence in notes.items():
                self.stdout.write(f"  {what}: {name}: {sentence}")
