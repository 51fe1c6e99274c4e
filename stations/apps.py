from django.apps import AppConfig


class StationsConfig(AppConfig):
    name = "stations"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "Charging stations"
