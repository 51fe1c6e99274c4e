from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stations', '0002_default_id_tag'),
    ]

    operations = [
        migrations.AddField(
            model_name='station',
            name='held_back',
            field=models.CharField(blank=True, default='', editable=False, help_text='Why the station is held back: it has crashed workers. Empty: it is not.', max_length=200),
        ),
    ]
