"""The page of the settings, for admins."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
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
from campaigns.ley.reglas import POR_NOMBRE
from campaigns.ley.selectors import (
    CONSENTIMIENTO,
    ajustes_de,
    cambiado_desde,
    consentimiento_decidido,
    historial_de,
    visto_de,
)
from campaigns.ley.services import OTRA_PERSONA, CambiaronError, cambiar_ajustes
from campaigns.models import Ajustes
from campaigns.pages.ajustes_form import COLUMNAS, SECCIONES, SeccionForm
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
    visto = visto_de(usuario.tenant_id)  # before the settings: a change in between is refused, not overwritten
    found = ajustes_de(usuario.tenant_id)
    sent: dict[str, SeccionForm] = {}
    perdido: list[tuple[str, str]] | None = None
    if request.method == "POST":
        # The page sends all its sections at once; a program may send one.
        asked = [name for name in SECCIONES if name in request.POST.getlist("seccion")] or list(SECCIONES)[:1]
        sent = {name: SECCIONES[name](found, request.POST) for name in asked}
        valid = [form.is_valid() for form in sent.values()]
        try:
            if all(valid) and _guardar(request, usuario, found, sent):
                messages.success(request, GUARDADO)
                return redirect("ajustes")
            # What is refused is shown again as it was typed, over what was seen when it was.
            visto = request.POST.get("visto", visto)
        except CambiaronError:
            visto = visto_de(usuario.tenant_id)
            found = ajustes_de(usuario.tenant_id)
            perdido, sent = _perdido(request, found, sent), {}
    context = _contexto(request, usuario, found, sent)
    context |= {"visto": visto, "perdido": perdido, "otra_persona": OTRA_PERSONA}
    status = 200 if perdido is None else 409
    return render(request, "campaigns/ajustes/ajustes.html", context, status=status)


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

    Raises:
        CambiaronError: somebody else has changed them since the person saw them.
    """
    first = next(iter(forms.values()))
    cambios = _cambios(forms)
    if len(forms) > 1 and cambios.get(CONSENTIMIENTO) == found.exigir_consentimiento:
        cambios.pop(CONSENTIMIENTO, None)  # to say nothing of it is no answer to the question of the first day
    try:
        cambiar_ajustes(
            usuario=usuario,
            cambios=cambios,
            motivo=first.cleaned_data["motivo"],
            visto=request.POST.get("visto"),
        )
    except CambiaronError:
        raise
    except InvalidInputError as error:
        next((form for form in forms.values() if form.tiene(error)), first).rechazar(error)
        return False
    except ConflictError as refusal:
        messages.error(request, refusal.message)
        return False
    return True


def _cambios(forms: dict[str, SeccionForm]) -> dict[str, Any]:
    return {name: value for form in forms.values() for name, value in form.cambios().items()}


def _perdido(request: HttpRequest, found: Ajustes, forms: dict[str, SeccionForm]) -> list[tuple[str, str]]:
    """Return (setting, what was written) of what the person changed, and not of what somebody else did meanwhile.

    Args:
        found: the settings as they are now.
        forms: valid ones.
    """
    before = cambiado_desde(found.usuario_id, request.POST.get("visto", ""))
    lost = {}
    for name, value in _cambios(forms).items():
        now = _comparable(name, getattr(found, name))
        seen = _comparable(name, before[name]) if name in before else now
        written = _comparable(name, _escrito(name, value))
        if name == "ventanas":  # only the days that they changed themselves
            written = {dia: now.get(dia) if franja == seen.get(dia) else franja for dia, franja in written.items()}
        if written not in (seen, now):
            lost[name] = [now, written]
    return [(nombre, escrito) for nombre, _, escrito in en_palabras(lost)]


def _escrito(name: str, value: Any) -> Any:
    """Return it as it would be stored, and as it is where that would be refused."""
    try:
        return POR_NOMBRE[name].rule(value)
    except InvalidInputError:
        return value


def _comparable(name: str, value: Any) -> Any:
    """Return a value of a setting as the history has it; a sum without the zeros that say nothing."""
    if value is not None and isinstance(COLUMNAS[name], models.DecimalField):
        value = f"{Decimal(value).normalize():f}"
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


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
