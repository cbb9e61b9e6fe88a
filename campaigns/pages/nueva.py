"""A new campaign: audience → message → preview → sent. One form, one address; `accion` says which button it was."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import remitentes
from campaigns.audiencia.medida import medir
from campaigns.campana import selectors, services
from campaigns.campana.services import NuevaCampana
from campaigns.ley import clases
from campaigns.ley.jornada import jornada_de
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.plano import sin_invisibles, transliterar
from campaigns.models import CampanaSMS, Lote
from campaigns.models.campana import NOMBRE_MAX
from campaigns.pages import borrador_form, pasos
from campaigns.pages.campana import campana_de
from campaigns.vista_previa import borrador as borradores
from campaigns.vista_previa.avisos import cuando_programada
from campaigns.vista_previa.borrador import Borrador
from campaigns.vista_previa.firma import firmado
from clientes.selectors import clientes_de
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.pages.borrador import guardado
from core.pages.query import entero
from core.permisos import Accion
from core.text import formato

SOLO_ADMIN = "Solo un administrador puede crear una campaña."
CREADA = "La campaña está en camino. Aquí la ve avanzar."
POR_APROBAR = "La campaña quedó creada y espera aprobación: no se envía nada hasta que la aprueben."
PROGRAMADA = "La campaña quedó programada para {cuando}; hasta entonces puede cancelarla."
OTRO_DIA = "Para ese día y esa hora el envío no es el que usted vio. Así queda: revise otra vez antes de programar."
CAMBIO = "Los destinatarios cambiaron mientras usted revisaba: ahora son {ahora}. Revise otra vez antes de enviar."


@dataclass(frozen=True, slots=True)
class Paso:
    """The state of the form when a button was pressed.

    Args:
        total: of its audience, sendable or not.
    """

    request: HttpRequest
    usuario: Usuario
    borrador: Borrador
    total: int

    def mensaje(self, borrador: Borrador | None = None, error: InvalidInputError | None = None) -> HttpResponse:
        return pasos.mensaje(self.request, self.usuario, borrador or self.borrador, error)

    def revision(self, aviso: str = "", *, fecha_error: str = "") -> HttpResponse:
        return pasos.revision(self.request, self.usuario, self.borrador, aviso, fecha_error=fecha_error)


# Not `no-store`: a browser's Back shows the step before, as it was filled in.
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True)
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    if request.method != "POST":
        return pasos.audiencia(request, usuario, _comienzo(request, usuario))
    borrador = borrador_form.leer(request.POST)
    accion = request.POST.get("accion", "")
    if accion in DE_AUDIENCIA:
        return pasos.audiencia(request, usuario, borrador)
    try:
        medida = medir(borrador.audiencia(), tenant_id=usuario.tenant_id)
    except InvalidInputError as error:
        return pasos.audiencia(request, usuario, borrador, error)
    paso = Paso(request, usuario, borrador, medida.total)
    return ACCIONES.get(accion, Paso.mensaje)(paso)


@require_POST
@never_cache
@pagina
def cuenta(request: HttpRequest) -> HttpResponse:
    """Count the audience of the form as it is now."""
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return render(request, "campaigns/nueva/_cuenta.html", pasos.cuenta(usuario, borrador_form.leer(request.POST)))


@require_POST
@never_cache
@pagina
def buscar(request: HttpRequest, campo: str) -> HttpResponse:
    """Search clients for one field, beside those already chosen."""
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    found = pasos.buscador(usuario, borrador_form.leer(request.POST), campo, request.POST)
    return render(request, "campaigns/nueva/_buscador.html", {"buscador": found})


@require_POST
@never_cache
@pagina
def costo(request: HttpRequest) -> HttpResponse:
    """Count what the message of the form takes, over its whole audience."""
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    borrador = borrador_form.leer(request.POST)
    return render(
        request, "campaigns/nueva/_costo.html", pasos.costo(usuario, borrador, pasos.momento_o_ahora(borrador))
    )


def _comienzo(request: HttpRequest, usuario: Usuario) -> Borrador:
    """The draft that a link asks for: another page's clients, tag, segment or template, or a campaign's copy."""
    if copied := entero(request, "copiar"):
        campana = campana_de(usuario, copied)
        return Borrador.copia(campana, _pocos(usuario, campana))
    asked = borrador_form.leer(request.GET)
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


def _sin_tildes(paso: Paso) -> HttpResponse:
    return paso.mensaje(paso.borrador.con_mensaje(transliterar(paso.borrador.mensaje)))


def _sin_invisibles(paso: Paso) -> HttpResponse:
    return paso.mensaje(paso.borrador.con_mensaje(sin_invisibles(paso.borrador.mensaje)))


def _con_nombre(paso: Paso) -> HttpResponse:
    """Put the shop's name in front, once: a second click finds it there."""
    ajustes = ajustes_de(paso.usuario.tenant_id)
    return paso.mensaje(paso.borrador.con_mensaje(firmado(paso.borrador.mensaje, paso.usuario, ajustes)))


def _con_plantilla(paso: Paso) -> HttpResponse:
    borrador = paso.borrador
    plantilla = selectors.plantillas_de(paso.usuario).filter(activo=True, pk=borrador.plantilla).first()
    return paso.mensaje(borrador.con_mensaje(plantilla.mensaje) if plantilla else borrador)


def _revisar(paso: Paso) -> HttpResponse:
    return _corrigiendo(paso, Paso.revision)


def _mover_hora(paso: Paso) -> HttpResponse:
    """Plan it for when it really leaves, instead of for a moment at which the shop is closed."""

    def revisar(paso: Paso) -> HttpResponse:
        vista = pasos.costo(paso.usuario, paso.borrador, pasos.momento(paso.borrador))["vista"]
        desde = pasos.para_otra_hora(vista) if vista else None
        if desde is not None:
            fecha = f"{timezone.localtime(desde):%Y-%m-%dT%H:%M}"
            paso = replace(paso, borrador=replace(paso.borrador, fecha=fecha))
        return paso.revision()

    return _corrigiendo(paso, revisar)


def _enviar(paso: Paso) -> HttpResponse:
    return _corrigiendo(paso, _crear)


def _otra_promesa(paso: Paso) -> bool:
    """Tell whether the person saw a review of another moment, and what it promised is not so at the one they chose."""
    data, borrador = paso.request.POST, paso.borrador
    chosen = borrador.fecha if borrador.cuando else ""
    if "revisada" not in data or data.get("revisada_para", "") == chosen:
        return False
    vista = pasos.costo(paso.usuario, borrador, pasos.momento(borrador))["vista"]
    if vista is None:
        return False
    kept = pasos.revisada(vista) == data["revisada"] and pasos.para_otra_hora(vista) is None
    return not (kept and vista.reparto.todos_juntos)


def _corrigiendo(paso: Paso, hacer: Callable[[Paso], HttpResponse]) -> HttpResponse:
    """Do it with a draft whose words make sense; else show the step where they are mended."""
    borrador = paso.borrador
    try:
        if len(borrador.nombre) > NOMBRE_MAX:
            raise InvalidInputError(borradores.NOMBRE_LARGO, field="nombre")
        remitentes.elegido(paso.usuario, borrador.remitente)
        clases.validar(borrador.clase, borrador.clase_motivo)
        return hacer(paso)
    except InvalidInputError as error:
        if error.field == "programada_para":
            return paso.revision(fecha_error=error.message)
        return paso.mensaje(error=error)


def _crear(paso: Paso) -> HttpResponse:
    """Create the campaign, or answer with the one that the same click has created already."""
    usuario = paso.usuario
    clave = paso.request.POST.get("clave", "").replace("\0", "")[:64]
    idempotency = Idempotency.of(clave or str(uuid4()), asdict(paso.borrador))
    try:
        campana = services.campana_con_clave(usuario=usuario, idempotency=idempotency)
        if campana is None and paso.request.POST.get("total") != str(paso.total):
            return paso.revision(CAMBIO.format(ahora=formato.numero(paso.total)))
        if campana is None and _otra_promesa(paso):
            return paso.revision(OTRO_DIA)
        if campana is None:
            asked = _pedida(usuario, paso.borrador)
            campana, _ = services.crear_campana(usuario=usuario, nueva=asked, idempotency=idempotency)
            messages.success(paso.request, _hecho(campana))
    except ConflictError as conflict:
        return paso.revision(conflict.message)
    return guardado(redirect("campana", campana.pk), "campana-nueva")


def _pedida(usuario: Usuario, borrador: Borrador) -> NuevaCampana:
    """Return the campaign that the form asks for.

    Raises:
        InvalidInputError: the date makes no sense, or the sender is not offered any more.
    """
    programada_para = borrador.programada_para()
    plantilla = selectors.plantillas_de(usuario).filter(pk=borrador.plantilla).first()
    return NuevaCampana(
        nombre=borrador.nombre,
        mensaje=borrador.mensaje,
        audiencia=borrador.audiencia(),
        clase=borrador.clase,
        clase_motivo=borrador.clase_motivo,
        # A text that was changed is nobody's template any more.
        plantilla=plantilla if plantilla and plantilla.mensaje == borrador.mensaje else None,
        remitente=remitentes.elegido(usuario, borrador.remitente),
        programada_para=programada_para,
    )


def _hecho(campana: CampanaSMS) -> str:
    if campana.por_aprobar:
        return POR_APROBAR
    if campana.programada_para:
        return _programada(campana, campana.programada_para)
    return CREADA


def _programada(campana: CampanaSMS, programada_para: datetime) -> str:
    said = PROGRAMADA.format(cuando=formato.momento(programada_para))
    ajustes = ajustes_de(campana.usuario_id)
    jornada = jornada_de(campana, ajustes, programada_para)
    if jornada is None or jornada.desde > programada_para:
        said += f" {cuando_programada(programada_para, jornada, ajustes.zona)}"
    return said


DE_AUDIENCIA: Final = frozenset({"audiencia", "buscar"})
# value of the button: what it does once there is an audience; any other shows the message
ACCIONES: Final[Mapping[str, Callable[[Paso], HttpResponse]]] = {
    "sin_tildes": _sin_tildes,
    "sin_invisibles": _sin_invisibles,
    "con_nombre": _con_nombre,
    "plantilla": _con_plantilla,
    "revisar": _revisar,
    "mover_hora": _mover_hora,
    "enviar": _enviar,
}
