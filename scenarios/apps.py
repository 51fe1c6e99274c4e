from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "scenarios"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "Scenarios"
