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
OTRA_PERSONA = "Otra persona cambió los ajustes mientras usted escribía. Revise lo que ve y guarde otra vez."
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
    sent: dict[str, SeccionForm] = {}
    if request.method == "POST":
        # The page sends all its sections at once; a program may send one.
        asked = [name for name in SECCIONES if name in request.POST.getlist("seccion")] or list(SECCIONES)[:1]
        sent = {name: SECCIONES[name](found, request.POST) for name in asked}
        valid = [form.is_valid() for form in sent.values()]
        if all(valid) and _guardar(request, usuario, found, sent):
            messages.success(request, GUARDADO)
            return redirect("ajustes")
    return render(request, "campaigns/ajustes/ajustes.html", _contexto(request, usuario, found, sent))


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


def _guardar(request: HttpRequest, usuario: Usuario, found: Ajustes, forms: dict[str, SeccionForm]) -> bool:
    """Change what the sections say, all of it or nothing.

    Args:
        found: the settings as they are now.
        forms: valid ones; what is refused is shown in theirs.
    """
    first = next(iter(forms.values()))
    if request.POST.get("visto", _visto(usuario)) != _visto(usuario):
        messages.error(request, OTRA_PERSONA)
        return False
    cambios: dict[str, Any] = {}
    for form in forms.values():
        cambios |= form.cambios()
    if len(forms) > 1 and cambios.get(CONSENTIMIENTO) == found.exigir_consentimiento:
        cambios.pop(CONSENTIMIENTO, None)  # to say nothing of it is no answer to the question of the first day
    try:
        cambiar_ajustes(usuario=usuario, cambios=cambios, motivo=first.cleaned_data["motivo"])
    except InvalidInputError as error:
        next((form for form in forms.values() if form.tiene(error)), first).rechazar(error)
        return False
    except ConflictError as refusal:
        messages.error(request, refusal.message)
        return False
    return True


def _visto(usuario: Usuario) -> str:
    """Name the settings as they are: another person may change them while this one has the page open."""
    return str(historial_de(usuario).order_by("-pk").values_list("pk", flat=True).first() or 0)


def _contexto(request: HttpRequest, usuario: Usuario, found: Ajustes, sent: dict[str, SeccionForm]) -> dict[str, Any]:
    forms = {name: sent.get(name) or kind(found) for name, kind in SECCIONES.items()}
    # The reason is asked for once, and only where a change needs one.
    motivo = next((form["motivo"] for form in sent.values() if form["motivo"].errors or form["motivo"].value()), None)
    if motivo and motivo.errors:
        motivo.field.required = True  # for who reads its label
    antes = entero(request, "antes")
    page = page_before(historial_de(usuario), antes, CAMBIOS)
    return {
        "seccion": "ajustes",
        "formularios": forms,
        "motivo": motivo,
        "errores": sum(len(form.errors) for form in sent.values()),
        "generales": [text for form in sent.values() for text in form.non_field_errors()],
        "visto": _visto(usuario),
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
