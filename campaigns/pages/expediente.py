"""All that is kept about one client, as a file."""

from typing import Final

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from campaigns.campana.expediente import expediente_de
from clientes.selectors import clientes_de
from core.pages.access import con_permiso, pagina, reciente
from core.permisos import Accion
from core.registro import Tipo, anotar

LEGIBLE: Final = {"ensure_ascii": False, "indent": 2}

SOLO_ADMIN: Final = "Solo un administrador ve todo lo que se guarda de un cliente."


@require_safe
@pagina
@reciente("clientes")
def expediente(request: HttpRequest, pk: int) -> JsonResponse:
    usuario = con_permiso(request, Accion.EXPORTAR, SOLO_ADMIN)
    cliente = get_object_or_404(clientes_de(usuario), pk=pk)
    anotar(Tipo.EXPORTACION, usuario=usuario, detalle=f"expediente del cliente {cliente.pk}")
    answer = JsonResponse(expediente_de(usuario, cliente), json_dumps_params=LEGIBLE)
    answer["Content-Disposition"] = f'attachment; filename="cliente-{cliente.pk}.json"'
    return answer
