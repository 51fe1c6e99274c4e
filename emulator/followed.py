"""What the trail follows of Django's and Celery's own tables."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django_celery_beat import models as beat
from django_celery_results.models import GroupResult, TaskResult

from accounts.trail.following import follow, follow_members


def follow_third_parties() -> None:
    """Have the trail follow the rows of Django's and Celery's own tables."""
    follow(User, lambda row: row.get_username(), ("last_login",))
    follow_members(User, "groups")
    follow_members(User, "user_permissions")
    follow(Group)
    follow_members(Group, "permissions")
    follow(beat.PeriodicTask, lambda row: row.name, ("last_run_at", "total_run_count"))
    for schedule in (beat.IntervalSchedule, beat.CrontabSchedule, beat.SolarSchedule,
                     beat.ClockedSchedule):  # fmt: skip
        follow(schedule)
    # Celery writes one a run, and takes them away by their age.
    follow(TaskResult, lambda row: row.task_id, attended=True)
    follow(GroupResult, lambda row: row.group_id, attended=True)
