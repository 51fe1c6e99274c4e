from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "scenarios"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "Scenarios"

    def ready(self) -> None:
        from accounts.trail.following import follow
        from scenarios.models import Behaviour, Execution, Scenario

        follow(Scenario, lambda row: row.slug)
        follow(Behaviour, lambda row: row.name)
        follow(Execution, lambda row: str(row.pk), ("content",), attended=True, saves=False)
