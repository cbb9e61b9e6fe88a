"""The campaign-level tasks and the processes, as operators read them in the admin."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_results.admin import TaskResultAdmin
from django_celery_results.models import GroupResult, TaskResult

from core.models import Contador, Pulso

# Importing its classes has registered them; they are replaced here.
admin.site.unregister(TaskResult)
admin.site.unregister(GroupResult)  # chords count in Redis: there is never a row


@admin.register(TaskResult)
class TareaAdmin(TaskResultAdmin):
    """The admin of campaign-level tasks: which task ran, for what, and what came of it; its id says nothing to
    anybody."""

    list_display = ("tarea", "argumentos", "status", "date_done", "tardo", "worker")
    list_display_links = ("tarea",)
    list_filter = ("status", "task_name", "date_done", "worker", "periodic_task_name")
    ordering = ("-date_done", "-id")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    @admin.display(description="Tarea", ordering="task_name")
    def tarea(self, row: Any) -> str:
        return (row.task_name or "").removeprefix("workers.") or "—"

    @admin.display(description="Argumentos")
    def argumentos(self, row: Any) -> str:
        return plain(row.task_args) or "—"

    @admin.display(description="Tardó")
    def tardo(self, row: Any) -> str:
        if not row.date_done:
            return "—"
        return f"{(row.date_done - (row.date_started or row.date_created)).total_seconds():.2f} s"


def plain(task_args: str | None) -> str:
    """Return the arguments as they were passed: `"(12,)"` and `"[12]"` both read `12`.

    Args:
        task_args: as django-celery-results keeps them: a repr, in JSON.
    """
    try:
        text = json.loads(task_args or '""')
    except ValueError:
        text = task_args
    return str(text).strip("()[]").rstrip(",")


class OnlyRead:
    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Pulso)
class PulsoAdmin(OnlyRead, admin.ModelAdmin[Pulso]):
    list_display = ("nombre", "tipo", "visto", "desde", "pid", "colas")
    list_filter = ("tipo",)


@admin.register(Contador)
class ContadorAdmin(OnlyRead, admin.ModelAdmin[Contador]):
    list_display = ("serie", "etiquetas", "valor")
    search_fields = ("serie",)
