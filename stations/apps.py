from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_delete


class StationsConfig(AppConfig):
    name = "stations"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "Charging stations"

    def ready(self) -> None:
        """Add the blocks of the settings; have the trail follow this app's tables where there is
        a trail."""
        from chargepoint.versions import add_blocks
        from stations import checks  # noqa: F401  (registers its system checks)

        add_blocks(settings.CHARGE_POINT_BLOCKS)

        if apps.is_installed("accounts"):  # a charge point worker configures nothing
            from accounts.trail.following import follow
            from stations.crafter.keeping import forget_user
            from stations.models import CarProfile, Make, SavedRequest, TagGroup, Template

            follow(Template, lambda row: row.name)
            follow(TagGroup, lambda row: row.name)
            follow(Make, lambda row: row.name, quiet=["revision"])  # changes: makes/changes.py
            follow(CarProfile, lambda row: row.name)
            follow(SavedRequest)
            post_delete.connect(forget_user, sender=settings.AUTH_USER_MODEL)
