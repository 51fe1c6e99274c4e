from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "scenarios"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "Scenarios"

    def ready(self) -> None:
        """Have the trail follow this app's tables."""
        from accounts.trail.following import follow
        from scenarios.models import Behaviour, Execution, Scenario, SuitePlan, SuiteRun

        follow(Scenario, lambda row: row.slug)
        follow(Behaviour, lambda row: row.name)
        follow(Execution, lambda row: str(row.pk), ("content",), attended=True, saves=False)
        follow(SuitePlan, lambda row: row.name)
        follow(
            SuiteRun, lambda row: str(row.pk), ("asked", "cases"), attended=True, saves=False
        )
