"""Tokens made before keep what they could do; they end with the password that their user has."""

import django.utils.timezone
import django_mongodb_backend.fields
from django.contrib.auth import get_user_model
from django.db import migrations, models

import accounts.models


def tie_to_passwords(apps, schema_editor):
    tokens = apps.get_model("accounts", "ApiToken").objects
    for user in get_user_model()._default_manager.filter(
        pk__in=list(tokens.values_list("user_id", flat=True))
    ):
        tokens.filter(user_id=user.pk).update(password_hash=user.get_session_auth_hash())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("auth", "0001_initial")]

    operations = [
        migrations.AddField(
            "apitoken",
            "scopes",
            django_mongodb_backend.fields.ArrayField(
                models.CharField(max_length=20),
                default=accounts.models.default_scopes,
                help_text="Which of its user's rights the token has.",
                size=None,
            ),
        ),
        migrations.AddField(
            "apitoken",
            "born",
            models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            "apitoken",
            "password_hash",
            models.CharField(default="", editable=False, max_length=128),
        ),
        migrations.AlterField(
            "apitoken",
            "expires",
            models.DateTimeField(blank=True, help_text="Empty: in 30 days.", null=True),
        ),
        migrations.RunPython(tie_to_passwords, migrations.RunPython.noop),
    ]
