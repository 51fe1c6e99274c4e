"""List the messages that are there in the catalog, and drop the indexes that it takes the place of."""

from datetime import timedelta

from django.db import migrations

from messaging.keeping import store
from messaging.keeping.catalog import listed
from messaging.records import record_of


def fill(apps, schema_editor):
    """By the minutes' marks; may be cut off anywhere and done again."""
    db = schema_editor.connection.database
    store.ensure_indexes(db)
    for minute in db[store.MINUTES].find({}, {"time": 1}):
        span = {"$gte": minute["time"], "$lt": minute["time"] + timedelta(minutes=1)}
        messages = list(db[store.MESSAGES].find({"time": span}))
        if messages:
            sheets = [row for row, _ in listed(map(record_of, messages))]
            store.insert_new(db[store.CATALOG], sheets)
    there = db[store.MESSAGES].index_information()
    for name in store.FORMER_INDEXES:
        if name in there:
            db[store.MESSAGES].drop_index(name)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_news")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
