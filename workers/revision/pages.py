"""The page of the check, for who runs the installation: the last morning's, and a button for now."""

import json
from datetime import datetime
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_celery_results.models import TaskResult

from core.pages.access import pagina, usuario_de
from workers.revision.revision import revisar

TAREA: Final = "workers.revisar_twilio"
SOLO_OPERADOR: Final = "Solo quien administra la instalación revisa la cuenta de Twilio."


@pagina
@never_cache
@require_http_methods(["GET", "POST"])
def revision(request: HttpRequest) -> HttpResponse:
    """Show what the last daily check said; on POST, check now.

    Raises:
        PermissionDenied: the person is no superuser.
    """
    if not usuario_de(request).is_superuser:
        raise PermissionDenied(SOLO_OPERADOR)
    shown: dict[str, object] = {"ahora": revisar()} if request.method == "POST" else {"ultima": _ultima()}
    return render(request, "workers/revision.html", {**shown, "revisada": request.method == "POST"})


def _ultima() -> tuple[datetime, list[str]] | None:
    """The last check that beat asked for, with its moment and its lines."""
    row = TaskResult.objects.filter(task_name=TAREA, status="SUCCESS").order_by("-date_done").first()
    try:
        lines = json.loads(row.result) if row else None
    except (TypeError, ValueError):
        return None
    return (row.date_done, [str(line) for line in lines]) if row and isinstance(lines, list) else None
