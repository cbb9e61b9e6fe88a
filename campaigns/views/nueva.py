"""A new campaign: audience → message → preview → sent. One form, one address; `accion` says which button it was."""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import borrador as borradores
from campaigns import codigos, elegibles, selectors, services
from campaigns import mensaje as mensajes
from campaigns.audiencia import medir
from campaigns.borrador import Borrador
from campaigns.models import MENSAJE_MAX, CampanaSMS, Lote
from campaigns.segmentos import transliterar
from campaigns.services import Idempotency
from campaigns.views.comun import admin_de, campana_de, entero
from campaigns.vista_previa import calcular_vista_previa, precio
from clientes.selectors import clientes_de, segmentos_de
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.pages import pagina

SOLO_ADMIN = "Solo un administrador puede crear una campaña."
CREADA = "La campaña está en camino. Aquí la ve avanzar."
CAMBIO = "Los destinatarios cambiaron mientras usted revisaba: ahora son {ahora}. Revise otra vez antes de enviar."
BUSCADORES = {"clientes": "q", "excluir_clientes": "q_excluir"}


# Not `never_cache`: a browser's Back shows the step before, as it was filled in.
@require_http_methods(["GET", "HEAD", "POST"])
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    if request.method != "POST":
        return _audiencia(request, usuario, _comienzo(request, usuario))
    borrador = Borrador.de(request.POST)
    accion = request.POST.get("accion", "")
    if accion in {"audiencia", "buscar"}:
        return _audiencia(request, usuario, borrador)
    try:
        medida = medir(borrador.audiencia(), tenant_id=usuario.tenant_id)
    except InvalidInputError as error:
        return _audiencia(request, usuario, borrador, error)
    if accion == "sin_tildes":
        borrador = borrador.con_mensaje(transliterar(borrador.mensaje))
    elif accion == "plantilla":
        plantilla = selectors.plantillas_de(usuario).filter(activo=True, pk=borrador.plantilla).first()
        borrador = borrador.con_mensaje(plantilla.mensaje) if plantilla else borrador
    elif accion in {"revisar", "enviar"}:
        try:
            if len(borrador.nombre) > borradores.NOMBRE_MAX:
                raise InvalidInputError(borradores.NOMBRE_LARGO, field="nombre")
            if accion == "enviar":
                return _enviar(request, usuario, borrador, medida.total)
            return _revision(request, usuario, borrador)
        except InvalidInputError as error:
            return _mensaje(request, usuario, borrador, error)
    return _mensaje(request, usuario, borrador)


@require_POST
@never_cache
@pagina
def cuenta(request: HttpRequest) -> HttpResponse:
    """How many the audience of the form has now."""
    usuario = admin_de(request, SOLO_ADMIN)
    return render(request, "campaigns/nueva/_cuenta.html", _cuenta(usuario, Borrador.de(request.POST)))


@require_POST
@never_cache
@pagina
def buscar(request: HttpRequest, campo: str) -> HttpResponse:
    """The search for clients of one field, with those already chosen."""
    usuario = admin_de(request, SOLO_ADMIN)
    found = _buscador(usuario, Borrador.de(request.POST), campo, request.POST)
    return render(request, "campaigns/nueva/_buscador.html", {"buscador": found})


@require_POST
@never_cache
@pagina
def costo(request: HttpRequest) -> HttpResponse:
    """What the message of the form takes, over its whole audience."""
    usuario = admin_de(request, SOLO_ADMIN)
    return render(request, "campaigns/nueva/_costo.html", _costo(usuario, Borrador.de(request.POST)))


def _comienzo(request: HttpRequest, usuario: Usuario) -> Borrador:
    """The draft that a link asks for: another page's clients, tag, segment or template, or a campaign's copy."""
    if copied := entero(request, "copiar"):
        campana = campana_de(usuario, copied)
        return Borrador.copia(campana, _pocos(usuario, campana))
    asked = Borrador.de(request.GET)
    plantilla = selectors.plantillas_de(usuario).filter(activo=True, pk=asked.plantilla).first()
    named = bool(asked.clientes or asked.etiquetas or asked.segmento)
    return Borrador(
        quienes=borradores.ALGUNOS if named else borradores.TODOS,
        clientes=asked.clientes[: borradores.MAX_ELEGIDOS],
        etiquetas=asked.etiquetas,
        segmento=asked.segmento,
        plantilla=plantilla.pk if plantilla else 0,
        mensaje=plantilla.mensaje if plantilla else "",
    )


def _pocos(usuario: Usuario, campana: CampanaSMS) -> list[int]:
    """The clients of a small campaign, to start a copy with; the many of a large one are better chosen again."""
    if campana.total_clientes > borradores.MAX_ELEGIDOS:
        return []
    lotes = Lote.objects.filter(campana=campana).order_by("numero").values_list("cliente_ids", flat=True)
    ids = [pk for lote in lotes for pk in lote]
    known = set(clientes_de(usuario).filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in known]


def _audiencia(
    request: HttpRequest, usuario: Usuario, borrador: Borrador, error: InvalidInputError | None = None
) -> HttpResponse:
    data = request.POST
    context = {
        **_cuenta(usuario, borrador),
        "etiquetas": elegibles.etiquetas(usuario),
        "segmentos": segmentos_de(usuario).order_by("nombre"),
        "hay_clientes": clientes_de(usuario).exists(),
        "incluidos": _buscador(usuario, borrador, "clientes", data),
        "excluidos_uno": _buscador(usuario, borrador, "excluir_clientes", data),
        "copia_grande": bool(borrador.mensaje and request.GET.get("copiar") and not borrador.clientes),
    }
    return _paso(request, "audiencia", borrador, borradores.PASO_AUDIENCIA, context, error)


def _cuenta(usuario: Usuario, borrador: Borrador) -> dict[str, Any]:
    try:
        return {"cuenta": elegibles.contar_audiencia(usuario, borrador.audiencia())}
    except InvalidInputError as error:
        return {"cuenta": None, "cuenta_error": error.message}


def _buscador(usuario: Usuario, borrador: Borrador, campo: str, data: QueryDict) -> elegibles.Buscador:
    ids = borrador.clientes if campo == "clientes" else borrador.excluir_clientes
    return elegibles.buscador(usuario, campo=campo, ids=ids, q=data.get(BUSCADORES[campo], ""))


def _mensaje(
    request: HttpRequest, usuario: Usuario, borrador: Borrador, error: InvalidInputError | None = None
) -> HttpResponse:
    context = {
        **_costo(usuario, borrador),
        "nombres": elegibles.nombres_de(usuario, borrador.audiencia()),
        "plantillas": selectors.plantillas_de(usuario).filter(activo=True).order_by("nombre"),
        "mensaje_max": MENSAJE_MAX,
        "marcador": mensajes.NOMBRE,
    }
    return _paso(request, "mensaje", borrador, borradores.PASO_MENSAJE, context, error)


def _costo(usuario: Usuario, borrador: Borrador) -> dict[str, Any]:
    if not borrador.mensaje.strip():
        return {"vista": None}
    try:
        vista = calcular_vista_previa(usuario=usuario, mensaje=borrador.mensaje, audiencia=borrador.audiencia())
    except InvalidInputError as error:
        return {"vista": None, "costo_error": error.message}
    plain = vista.costo_transliterado
    return {
        "vista": vista,
        "excluidos": [(codigos.TEXTOS[codigo], n) for codigo, n in vista.costo.excluidos.most_common()],
        "precio": precio(vista.costo.segmentos),
        "ahorro": vista.costo.segmentos - plain.segmentos if plain else 0,
    }


def _revision(request: HttpRequest, usuario: Usuario, borrador: Borrador, aviso: str = "") -> HttpResponse:
    context = {
        **_costo(usuario, borrador),
        # Of this preview: sending it twice makes one campaign.
        "clave": str(uuid4()),
        "aviso": aviso,
    }
    vista = context["vista"]
    if vista is None:
        raise InvalidInputError(context.get("costo_error", mensajes.VACIO), field="mensaje")
    context |= {
        "por_segmentos": sorted(vista.costo.por_segmentos.items()) if len(vista.costo.por_segmentos) > 1 else [],
        "por_encoding": vista.costo.por_encoding.most_common(),
        "ucs2_por_nombre": 0 if vista.letras_ucs2 else vista.costo.por_encoding["UCS-2"],
        "mas_largo_aparte": vista.mas_largo not in vista.ejemplos,
    }
    return _paso(request, "revision", borrador, frozenset(), context, None)


def _enviar(request: HttpRequest, usuario: Usuario, borrador: Borrador, total: int) -> HttpResponse:
    idempotency = Idempotency.of(request.POST.get("clave", "")[:64] or str(uuid4()), asdict(borrador))
    try:
        campana = services.campana_con_clave(usuario=usuario, idempotency=idempotency)
        if campana is None:
            if request.POST.get("total") != str(total):
                return _revision(request, usuario, borrador, CAMBIO.format(ahora=total))
            plantilla = selectors.plantillas_de(usuario).filter(pk=borrador.plantilla).first()
            campana, _ = services.crear_campana(
                usuario=usuario,
                nombre=borrador.nombre or None,
                mensaje=borrador.mensaje,
                audiencia=borrador.audiencia(),
                # A text that was changed is nobody's template any more.
                plantilla=plantilla if plantilla and plantilla.mensaje == borrador.mensaje else None,
                idempotency=idempotency,
            )
            messages.success(request, CREADA)
    except ConflictError as conflict:
        return _revision(request, usuario, borrador, conflict.message)
    return redirect("campana", campana.pk)


def _paso(
    request: HttpRequest,
    paso: str,
    borrador: Borrador,
    shown: frozenset[str],
    context: dict[str, Any],
    error: InvalidInputError | None,
) -> HttpResponse:
    context |= {
        "seccion": "campanas",
        "paso": paso,
        "borrador": borrador,
        "ocultos": list(borrador.ocultos(shown)),
        "error": error.message if error else "",
        "error_campo": error.field if error else "",
    }
    return render(request, f"campaigns/nueva/{paso}.html", context)
