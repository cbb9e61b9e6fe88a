"""A new campaign: audience → message → preview → sent. One form, one address; `accion` says which button it was."""

from dataclasses import asdict
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import remitentes
from campaigns.audiencia.seleccion import medir
from campaigns.campana import selectors, services
from campaigns.campana.services import Idempotency
from campaigns.ley import clases
from campaigns.mensaje.partes import transliterar
from campaigns.models import CampanaSMS, Lote
from campaigns.pages import pasos
from campaigns.pages.campana import campana_de
from campaigns.vista_previa import borrador as borradores
from campaigns.vista_previa.borrador import Borrador
from clientes.selectors import clientes_de
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.pages.access import admin_de, pagina
from core.pages.query import entero
from core.text import formato

SOLO_ADMIN = "Solo un administrador puede crear una campaña."
CREADA = "La campaña está en camino. Aquí la ve avanzar."
POR_APROBAR = "La campaña quedó creada y espera aprobación: no se envía nada hasta que la aprueben."
PROGRAMADA = "La campaña quedó programada para {cuando}; hasta entonces puede cancelarla."
CAMBIO = "Los destinatarios cambiaron mientras usted revisaba: ahora son {ahora}. Revise otra vez antes de enviar."


# Not `never_cache`: a browser's Back shows the step before, as it was filled in.
@require_http_methods(["GET", "HEAD", "POST"])
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    if request.method != "POST":
        return pasos.audiencia(request, usuario, _comienzo(request, usuario))
    borrador = Borrador.de(request.POST)
    accion = request.POST.get("accion", "")
    if accion in {"audiencia", "buscar"}:
        return pasos.audiencia(request, usuario, borrador)
    try:
        medida = medir(borrador.audiencia(), tenant_id=usuario.tenant_id)
    except InvalidInputError as error:
        return pasos.audiencia(request, usuario, borrador, error)
    if accion == "sin_tildes":
        borrador = borrador.con_mensaje(transliterar(borrador.mensaje))
    elif accion == "plantilla":
        plantilla = selectors.plantillas_de(usuario).filter(activo=True, pk=borrador.plantilla).first()
        borrador = borrador.con_mensaje(plantilla.mensaje) if plantilla else borrador
    elif accion in {"revisar", "enviar"}:
        try:
            if len(borrador.nombre) > borradores.NOMBRE_MAX:
                raise InvalidInputError(borradores.NOMBRE_LARGO, field="nombre")
            remitentes.elegido(usuario, borrador.remitente)
            clases.validar(borrador.clase, borrador.clase_motivo)
            if accion == "enviar":
                return _enviar(request, usuario, borrador, medida.total)
            return pasos.revision(request, usuario, borrador)
        except InvalidInputError as error:
            if error.field == "programada_para":
                return pasos.revision(request, usuario, borrador, fecha_error=error.message)
            return pasos.mensaje(request, usuario, borrador, error)
    return pasos.mensaje(request, usuario, borrador)


@require_POST
@never_cache
@pagina
def cuenta(request: HttpRequest) -> HttpResponse:
    """How many the audience of the form has now."""
    usuario = admin_de(request, SOLO_ADMIN)
    return render(request, "campaigns/nueva/_cuenta.html", pasos.cuenta(usuario, Borrador.de(request.POST)))


@require_POST
@never_cache
@pagina
def buscar(request: HttpRequest, campo: str) -> HttpResponse:
    """The search for clients of one field, with those already chosen."""
    usuario = admin_de(request, SOLO_ADMIN)
    found = pasos.buscador(usuario, Borrador.de(request.POST), campo, request.POST)
    return render(request, "campaigns/nueva/_buscador.html", {"buscador": found})


@require_POST
@never_cache
@pagina
def costo(request: HttpRequest) -> HttpResponse:
    """What the message of the form takes, over its whole audience."""
    usuario = admin_de(request, SOLO_ADMIN)
    return render(request, "campaigns/nueva/_costo.html", pasos.costo(usuario, Borrador.de(request.POST)))


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


def _enviar(request: HttpRequest, usuario: Usuario, borrador: Borrador, total: int) -> HttpResponse:
    clave = request.POST.get("clave", "").replace("\0", "")[:64]
    idempotency = Idempotency.of(clave or str(uuid4()), asdict(borrador))
    try:
        campana = services.campana_con_clave(usuario=usuario, idempotency=idempotency)
        if campana is None:
            if request.POST.get("total") != str(total):
                return pasos.revision(request, usuario, borrador, CAMBIO.format(ahora=formato.numero(total)))
            programada_para = borrador.programada_para()
            plantilla = selectors.plantillas_de(usuario).filter(pk=borrador.plantilla).first()
            campana, _ = services.crear_campana(
                usuario=usuario,
                nombre=borrador.nombre or None,
                mensaje=borrador.mensaje,
                audiencia=borrador.audiencia(),
                clase=borrador.clase,
                clase_motivo=borrador.clase_motivo,
                # A text that was changed is nobody's template any more.
                plantilla=plantilla if plantilla and plantilla.mensaje == borrador.mensaje else None,
                remitente=remitentes.elegido(usuario, borrador.remitente),
                programada_para=programada_para,
                idempotency=idempotency,
            )
            cuando = formato.momento(programada_para) if programada_para else ""
            hecho = PROGRAMADA.format(cuando=cuando) if cuando else CREADA
            messages.success(request, POR_APROBAR if campana.por_aprobar else hecho)
    except ConflictError as conflict:
        return pasos.revision(request, usuario, borrador, conflict.message)
    return redirect("campana", campana.pk)
