from django.core.management.base import BaseCommand

from runtime.words import counted
from stations.configuration import changes
from stations.models import Station
from stations.orders import switching


class Command(BaseCommand):
    help = "Start every enabled station that is set to start with the emulator."

    def handle(self, *args, **options):
        rows = Station.objects.filter(enabled=True, autostart=True, running=False)
        waiting = {row["identity"]: row for row in rows.values("identity", *switching.COLUMNS)}
        count = changes.switch(waiting, True) if waiting else 0
        self.stdout.write(f"{counted(count, 'station')} started.")
