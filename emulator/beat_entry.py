"""What beat writes of a periodic task's row."""

from __future__ import annotations

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry


class FrugalEntry(ModelEntry):
    """Writes the columns that are beat's; the rest of the row is the admin's.

    The stock entry reads the row and saves the whole of it: what was saved in the admin between
    the two is lost.
    """

    def is_due(self) -> tuple[bool, float]:
        """A last run in the future was written by a clock that was wrong: it counts as now.

        Else nothing would run until the right clock gets there, restarted or not.
        """
        now = self._default_now()
        if self.last_run_at > now:
            self.last_run_at = self.model.last_run_at = now
        return super().is_due()

    def save(self) -> None:
        """Write when the task ran last and how often, and none of the row's other fields."""
        last, count = self.model.last_run_at, self.model.total_run_count
        _write(self.model, last_run_at=last, total_run_count=count)

    def _disable(self, model: PeriodicTask) -> None:
        model.enabled = False
        _write(model, enabled=False, last_run_at=None)


def _write(model: PeriodicTask, **values: object) -> None:
    # A disabled one has no last run: enabled again, it starts anew.
    PeriodicTask.objects.filter(pk=model.pk, enabled=True).update(**values)
