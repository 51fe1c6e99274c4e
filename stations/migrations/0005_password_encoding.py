from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0004_reading_and_delays")]

    operations = [
        migrations.AddField(
            model_name="station",
            name="password_encoding",
            field=models.CharField(
                choices=[("text", "text"), ("hex", "hex"), ("base64", "base64")],
                default="text",
                help_text="Text is sent as UTF-8. Bytes are written as hexadecimal digits or base64.",
                max_length=8,
                verbose_name="password is given as",
            ),
        )
    ]
