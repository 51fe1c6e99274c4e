import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stations", "0005_password_encoding"),
    ]

    operations = [
        migrations.AddField(
            model_name="station",
            name="compression",
            field=models.BooleanField(
                default=False, help_text="Offer permessage-deflate (RFC 7692)."
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="offered_versions",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=8),
                blank=True,
                default=list,
                help_text="Offered to the CSMS in this order, e.g. 2.1, 2.0.1, 1.6; it chooses one for the connection. Empty: the OCPP version alone.",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="proxy_password_encrypted",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="station",
            name="proxy_url",
            field=models.CharField(
                blank=True,
                default="",
                help_text="http://host:port of a proxy for the connection (CONNECT). Empty: none.",
                max_length=300,
                verbose_name="HTTP proxy",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="proxy_username",
            field=models.CharField(
                blank=True, default="", max_length=128, verbose_name="user name at the proxy"
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="tls_ciphers",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Up to TLS 1.2, as OpenSSL names them, separated by colons. Empty: OpenSSL's.",
                max_length=500,
                verbose_name="TLS ciphers",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="tls_max_version",
            field=models.CharField(
                blank=True,
                choices=[
                    ("1.0", "TLS 1.0"),
                    ("1.1", "TLS 1.1"),
                    ("1.2", "TLS 1.2"),
                    ("1.3", "TLS 1.3"),
                ],
                default="",
                help_text="Empty: the newest there is.",
                max_length=4,
                verbose_name="highest TLS version",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="tls_min_version",
            field=models.CharField(
                blank=True,
                choices=[
                    ("1.0", "TLS 1.0"),
                    ("1.1", "TLS 1.1"),
                    ("1.2", "TLS 1.2"),
                    ("1.3", "TLS 1.3"),
                ],
                default="",
                help_text="Empty: 1.2, the oldest that OCPP allows.",
                max_length=4,
                verbose_name="lowest TLS version",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="compression",
            field=models.BooleanField(
                default=False, help_text="Offer permessage-deflate (RFC 7692)."
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="offered_versions",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=8),
                blank=True,
                default=list,
                help_text="Offered to the CSMS in this order, e.g. 2.1, 2.0.1, 1.6; it chooses one for the connection. Empty: the OCPP version alone.",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="proxy_url",
            field=models.CharField(
                blank=True,
                default="",
                help_text="http://host:port of a proxy for the connection (CONNECT). Empty: none.",
                max_length=300,
                verbose_name="HTTP proxy",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="proxy_username",
            field=models.CharField(
                blank=True, default="", max_length=128, verbose_name="user name at the proxy"
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="tls_ciphers",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Up to TLS 1.2, as OpenSSL names them, separated by colons. Empty: OpenSSL's.",
                max_length=500,
                verbose_name="TLS ciphers",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="tls_max_version",
            field=models.CharField(
                blank=True,
                choices=[
                    ("1.0", "TLS 1.0"),
                    ("1.1", "TLS 1.1"),
                    ("1.2", "TLS 1.2"),
                    ("1.3", "TLS 1.3"),
                ],
                default="",
                help_text="Empty: the newest there is.",
                max_length=4,
                verbose_name="highest TLS version",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="tls_min_version",
            field=models.CharField(
                blank=True,
                choices=[
                    ("1.0", "TLS 1.0"),
                    ("1.1", "TLS 1.1"),
                    ("1.2", "TLS 1.2"),
                    ("1.3", "TLS 1.3"),
                ],
                default="",
                help_text="Empty: 1.2, the oldest that OCPP allows.",
                max_length=4,
                verbose_name="lowest TLS version",
            ),
        ),
    ]
