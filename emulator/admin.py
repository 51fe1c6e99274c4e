"""The admin of third-party apps, registered once more so that it wears unfold's look."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django_celery_beat.admin import (
    ClockedScheduleAdmin,
    CrontabScheduleAdmin,
    PeriodicTaskAdmin,
    PeriodicTaskForm,
    TaskSelectWidget,
)
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_results.admin import GroupResultAdmin, TaskResultAdmin
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

admin.site.index_title = "Dashboard"

for model in (
    User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule,
    TaskResult, GroupResult,
):  # fmt: skip
    admin.site.unregister(model)


@admin.register(User)
class StyledUserAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class StyledGroupAdmin(GroupAdmin, ModelAdmin):
    pass


class StyledTaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class StyledPeriodicTaskForm(PeriodicTaskForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = StyledTaskSelect()


@admin.register(PeriodicTask)
class StyledPeriodicTaskAdmin(PeriodicTaskAdmin, ModelAdmin):
    form = StyledPeriodicTaskForm


@admin.register(IntervalSchedule, SolarSchedule)
class StyledScheduleAdmin(ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class StyledCrontabScheduleAdmin(CrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class StyledClockedScheduleAdmin(ClockedScheduleAdmin, ModelAdmin):
    pass


@admin.register(TaskResult)
class StyledTaskResultAdmin(TaskResultAdmin, ModelAdmin):
    pass


@admin.register(GroupResult)
class StyledGroupResultAdmin(GroupResultAdmin, ModelAdmin):
    pass
