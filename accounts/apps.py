from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
    verbose_name = "API access"

    def ready(self) -> None:
        """Have the trail follow API tokens and logins."""
        from accounts.models import ApiToken
        from accounts.trail.following import follow, follow_logins

        quiet = ("digest", "hint", "last_used", "password_hash", "born")
        follow(ApiToken, lambda row: f"{row} of {row.owner}", quiet)
        follow_logins()
