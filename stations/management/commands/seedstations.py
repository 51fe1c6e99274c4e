from django.conf import settings
from django.core.management.base import BaseCommand

from stations.configuration.seeding import seed


class Command(BaseCommand):
    help = "Make the ten demo stations and the templates that are missing."

    def add_arguments(self, parser):
        parser.add_argument("--csms-url", default=settings.DEMO_CSMS_URL)
        parser.add_argument("--stopped", action="store_true", help="Do not start the new stations.")

    def handle(self, *args, **options):
        new = seed(options["csms_url"], running=not options["stopped"])
        self.stdout.write(f"{len(new)} demo stations made.")
