"""The messaging app: the log, the live stream and the history."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"

    def ready(self) -> None:
        """Have the trail mask what the message log masks too."""
        from accounts.trail.values import mask_with
        from messaging.masking import masked_value

        mask_with(masked_value)
