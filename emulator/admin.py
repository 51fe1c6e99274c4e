"""The admin of third-party apps, registered once more so that it wears unfold's look."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django_celery_beat.admin import (
    ClockedScheduleAdmin,
    CrontabScheduleAdmin,
    PeriodicTaskAdmin,
    PeriodicTaskForm,
    PeriodicTaskInline,
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
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.admin_rights import ByTable
from emulator.rights import GROUPS, TABLE

admin.site.index_title = "Dashboard"
_WORDS = "crontab_translation"

for model in (
    User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule,
    TaskResult, GroupResult,
):  # fmt: skip
    admin.site.unregister(model)


class Tabled(ByTable):
    table = TABLE


@admin.register(User)
class StyledUserAdmin(Tabled, UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any):
        """As Django has it; the groups' field says what each group may do."""
        made = super().formfield_for_manytomany(db_field, request, **options)
        if db_field.name == "groups" and made is not None:
            made.help_text = " ".join(f"{name}: {GROUPS[name][0]}." for name in GROUPS)
        return made

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None):
        """Who may change users makes nobody a superuser, himself neither."""
        found = super().get_readonly_fields(request, obj)
        return found if request.user.is_superuser else (*found, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, obj: User | None) -> bool:
    """A superuser is changed by superusers alone: his password would be his rights."""
    return obj is None or request.user.is_superuser or not obj.is_superuser


@admin.register(Group)
class StyledGroupAdmin(Tabled, GroupAdmin, ModelAdmin):
    pass


class StyledTaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class StyledPeriodicTaskForm(PeriodicTaskForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = StyledTaskSelect()

    def _clean_json(self, field: str) -> str:
        """Beat reads the text again and needs this kind of value."""
        kind, words = (list, "a list") if field == "args" else (dict, "an object")
        try:
            value = json.loads(self.cleaned_data[field])
        except (ValueError, RecursionError) as problem:
            raise ValidationError(f"This is no JSON that can be read: {problem}.") from problem
        if not isinstance(value, kind):
            raise ValidationError(f"Give {words} as JSON.")
        return self.cleaned_data[field]

    def clean_headers(self) -> str:
        return self._clean_json("headers")


class IntervalForm(ModelForm):
    def clean(self) -> dict[str, Any]:
        """As Django has it. Raises ValidationError for an interval too long for a date."""
        values = super().clean()
        every, period = values.get("every"), values.get("period")
        try:
            if every and period:
                datetime.now() + timedelta(**{period: every})
        except OverflowError as problem:
            raise ValidationError({"every": "Choose an interval that ends some day."}) from problem
        return values


@admin.register(PeriodicTask)
class StyledPeriodicTaskAdmin(Tabled, PeriodicTaskAdmin, ModelAdmin):
    form = StyledPeriodicTaskForm
    change_form_template = "emulator/periodic_task_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None):
        """Without the saved crontab in words where one chooses: crontabs.js tells the chosen."""
        found = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            return found
        return [
            (title, {**options, "fields": [n for n in options["fields"] if n != _WORDS]})
            for title, options in found
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args, **kwargs):
        """The page has the crontabs as JSON, whose keys are texts and no ObjectIds."""
        crontabs = context["readable_crontabs"]
        context["readable_crontabs"] = {str(key): words for key, words in crontabs.items()}
        return super().render_change_form(request, context, *args, **kwargs)


class StyledTasksInline(PeriodicTaskInline, TabularInline):
    pass


@admin.register(SolarSchedule)
class StyledScheduleAdmin(Tabled, ModelAdmin):
    inlines = [StyledTasksInline]


@admin.register(IntervalSchedule)
class StyledIntervalAdmin(StyledScheduleAdmin):
    form = IntervalForm


@admin.register(CrontabSchedule)
class StyledCrontabScheduleAdmin(Tabled, CrontabScheduleAdmin, ModelAdmin):
    inlines = [StyledTasksInline]


@admin.register(ClockedSchedule)
class StyledClockedScheduleAdmin(Tabled, ClockedScheduleAdmin, ModelAdmin):
    inlines = [StyledTasksInline]


class WrittenByCelery(Tabled):
    """What a worker writes: looked at and deleted, not made up."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(TaskResult)
class StyledTaskResultAdmin(WrittenByCelery, TaskResultAdmin, ModelAdmin):
    pass


@admin.register(GroupResult)
class StyledGroupResultAdmin(WrittenByCelery, GroupResultAdmin, ModelAdmin):
    pass
