import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0010_places")]

    operations = [
        migrations.CreateModel(
            name="SavedRequest",
            fields=[
                ("id", django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.CharField(max_length=24)),
                ("folder", models.CharField(blank=True, default="", help_text="Folders within by /, such as Boot/wrong.", max_length=80)),
                ("name", models.CharField(max_length=80)),
                ("version", models.CharField(blank=True, default="", max_length=10)),
                ("action", models.CharField(blank=True, default="", max_length=60)),
                ("frame", models.BooleanField(default=False)),
                ("text", models.TextField(max_length=100000)),
                ("shared", models.BooleanField(default=False)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["folder", "name"],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["owner", "folder", "name"], name="saved_request_owner"),
                    models.Index(fields=["shared"], name="saved_request_shared"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SentRequest",
            fields=[
                ("id", django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.CharField(max_length=24)),
                ("version", models.CharField(blank=True, default="", max_length=10)),
                ("action", models.CharField(blank=True, default="", max_length=60)),
                ("frame", models.BooleanField(default=False)),
                ("text", models.TextField(max_length=100000)),
                ("target", models.JSONField(default=dict)),
                ("results", models.JSONField(default=list)),
                ("answers", models.JSONField(default=list)),
                ("time", models.DateTimeField()),
            ],
            options={
                "ordering": ["-time"],
                "default_permissions": (),
                "indexes": [models.Index(fields=["owner", "time"], name="sent_request_owner_time")],
            },
        ),
    ]
