"""The page of the settings, for admins."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.ley.gasto import gastado
from campaigns.ley.jornada import Jornada, jornada_desde
from campaigns.ley.limites import para_la_tienda
from campaigns.ley.nombres import en_palabras
from campaigns.ley.precios import precio_base
from campaigns.ley.selectors import CONSENTIMIENTO, ajustes_de, consentimiento_decidido, historial_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes
from campaigns.pages.ajustes_form import SECCIONES, SeccionForm
from campaigns.values.horario import dia_de
from clientes.rne.selectors import es_vieja, excluidos_de, ultima_consulta
from clientes.selectors import clientes_de
from core.errors import ConflictError, InvalidInputError
from core.forms import SI_O_NO
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion

SOLO_ADMIN = "Solo un administrador ve y cambia los ajustes."
GUARDADO = "Los ajustes quedaron guardados. Las campañas en curso los siguen desde ya."
FALTA_RESPUESTA = "Responda sí o no."
SE_EXIGE = "Quien no tenga registrado su consentimiento queda fuera de las campañas. Se cambia en Ajustes."
NO_SE_EXIGE = (
    "Las campañas llegan también a quien no lo tenga registrado; cada revisión dice cuántos son. Se cambia en Ajustes."
)
CAMBIOS = 10


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def ajustes(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    found = ajustes_de(usuario.tenant_id)
    form = None
    if request.method == "POST":
        kind = SECCIONES.get(request.POST.get("seccion", ""), next(iter(SECCIONES.values())))
        form = kind(found, request.POST)
        if form.is_valid() and _guardar(request, usuario, form):
            messages.success(request, GUARDADO)
            return redirect(f"{reverse('ajustes')}#{form.nombre}")
    return render(request, "campaigns/ajustes/ajustes.html", _contexto(request, usuario, found, form))


@require_POST
@pagina
def consentimiento(request: HttpRequest) -> HttpResponse:
    """Take the answer to the question of the first day: does the shop require a consent on record?"""
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    answer = SI_O_NO.get(request.POST.get("exigir", "").strip().lower())
    if answer is None or "exigir" not in request.POST:
        messages.error(request, FALTA_RESPUESTA)
        return redirect("tablero")
    found = ajustes_de(usuario.tenant_id)
    if consentimiento_decidido(found) and found.exigir_consentimiento != answer:
        return redirect(f"{reverse('ajustes')}#exclusiones")  # an old page: what is decided is changed with a reason
    cambiar_ajustes(usuario=usuario, cambios={CONSENTIMIENTO: answer})
    messages.success(request, SE_EXIGE if answer else NO_SE_EXIGE)
    return redirect("tablero")


def _guardar(request: HttpRequest, usuario: Usuario, form: SeccionForm) -> bool:
    try:
        cambiar_ajustes(usuario=usuario, cambios=form.cambios(), motivo=form.cleaned_data["motivo"])
    except InvalidInputError as error:
        form.rechazar(error)
        return False
    except ConflictError as refusal:
        messages.error(request, refusal.message)
        return False
    return True


def _contexto(request: HttpRequest, usuario: Usuario, found: Ajustes, sent: SeccionForm | None) -> dict[str, Any]:
    forms = {name: sent if sent and sent.nombre == name else kind(found) for name, kind in SECCIONES.items()}
    antes = entero(request, "antes")
    page = page_before(historial_de(usuario), antes, CAMBIOS)
    return {
        "seccion": "ajustes",
        "formularios": forms,
        "enviado": sent,
        "ahora": estado_ahora(found),
        "gastado": gastado(found.usuario_id, dia_de(found.zona, timezone.now())),
        "ajustes": found,
        "limites": para_la_tienda(found.limites),
        "rne": _rne(found),
        **_consentimiento(usuario),
        "precio_base": precio_base(found),
        "moneda": settings.SMS_PRICE_CURRENCY,
        "historial": [(cambio, list(en_palabras(cambio.cambios))) for cambio in page.rows],
        "antes": antes,
        "siguiente": page.siguiente,
    }


def _rne(found: Ajustes) -> dict[str, Any]:
    latest = ultima_consulta(found.usuario_id)
    return {
        "consultado_en": latest,
        "excluidos": excluidos_de(found.usuario_id),
        "vieja": es_vieja(latest, dias=found.rne_vigencia_dias),
    }


def _consentimiento(usuario: Usuario) -> dict[str, int]:
    active = clientes_de(usuario).filter(activo=True)
    return {"activos": active.count(), "sin_consentimiento": active.filter(consentimiento_en=None).count()}


def estado_ahora(found: Ajustes) -> dict[str, Any]:
    """Say whether a message could leave at this moment, and until when, or from when on."""
    now = timezone.now()
    jornada: Jornada | None = jornada_desde(found, now)
    abierto = jornada is not None and jornada.desde <= now
    hasta: datetime | None = (jornada.ventana_hasta if abierto else jornada.desde) if jornada else None
    return {"abierto": abierto, "hasta": hasta, "zona": ZoneInfo(found.zona_horaria)}
