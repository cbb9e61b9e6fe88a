"""Services of campaigns: creating one, and the moves that a person makes with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.audiencia import seleccion
from campaigns.audiencia.medida import medir
from campaigns.audiencia.seleccion import Audiencia, Medida
from campaigns.bitacora.services import anotar, anotar_move
from campaigns.campana import destinatarios, reintentos, tope
from campaigns.campana.destinatarios import Leido
from campaigns.ley import clases
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import Ajustes, CampanaSMS, Entrante, Lote, PlantillaSMS, Remitente, SMSLog, Suceso
from campaigns.signals import plantilla_por_eliminar
from campaigns.values import estados
from campaigns.values.wake import nudge
from campaigns.vista_previa import aprobaciones, firma
from core import nudges
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency, reutilizada
from core.models import Usuario

REVISAR = "workers.revisar_campana"
FECHA_PASADA = "Esa fecha ya pasó: ahora son las {ahora}. Elija una por venir."
FECHA_LEJANA = "Esa fecha está a más de un año. ¿Está bien escrita?"
SALIO_TODO = "No se puede {accion}: ya no queda nada por enviar. La campaña termina en unos segundos."
LEJOS = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class NuevaCampana:
    """A request for a campaign.

    Args:
        mensaje: the text, with `{nombre}`.
        audiencia: who receives it; None when only `leidos` do.
        leidos: who receives it besides, named by phone.
        nombre: at most 200 characters; made from the date when None or empty.
        plantilla: where the text came from, if it did.
        remitente: of the shop's own; None for the installation's sender.
        clase: of `CampanaSMS.Clase`; what is not promotional leaves at any hour.
        clase_motivo: why it is not promotional; at most 300 characters.
        programada_para: it does not start before this moment, with its zone; None is now.
        origen: what it comes from, for its log, when no person made it as it is.
        prueba: nothing of it is to leave.
        redactada_por_id: who wrote the text, unless the template knows, or it is who makes the campaign.
        respuesta_a: the client's text that it answers; None for a campaign.
        automatica: whether no person wrote the answer.
        libre_hasta: until when the answer may leave at any hour.
    """

    mensaje: str
    audiencia: Audiencia | None
    leidos: Sequence[Leido] = ()
    nombre: str | None = None
    plantilla: PlantillaSMS | None = None
    remitente: Remitente | None = None
    clase: str = CampanaSMS.Clase.PROMOCIONAL
    clase_motivo: str = ""
    programada_para: datetime | None = None
    origen: str = ""
    prueba: bool = False
    redactada_por_id: int | None = None
    respuesta_a: Entrante | None = None
    automatica: bool = False
    libre_hasta: datetime | None = None

    @property
    def conocidas(self) -> frozenset[str] | None:
        """Return the variables of which some of `leidos` has a value; None when there are none of them."""
        return frozenset(name for leido in self.leidos for name in leido.valores) if self.leidos else None

    def validar(self, ajustes: Ajustes, audiencia: Audiencia) -> Medida:
        """Measure the audience of a campaign that may be created.

        Args:
            ajustes: of the shop.
            audiencia: with those of `leidos` in it.

        Raises:
            InvalidInputError: naming the field and the reason.
        """
        field = "plantilla" if self.plantilla else "mensaje"
        texto.validate(self.mensaje, field=field, conocidas=self.conocidas)
        if self.programada_para is not None:
            validar_fecha(self.programada_para)
        clases.validar(self.clase, self.clase_motivo)
        medida = medir(audiencia, tenant_id=ajustes.usuario_id)
        if audiencia.incluir:  # the texts of the others were measured one by one
            texto.validate_length(self.mensaje, longest_nombre=medida.longest_nombre, field=field)
        firma.exigir(self.mensaje, ajustes, field=field)
        return medida


def crear_campana(
    *, usuario: Usuario, nueva: NuevaCampana, idempotency: Idempotency | None = None
) -> tuple[CampanaSMS, bool]:
    """Create a campaign in `pendiente` with its audience frozen, and tell the workers. Nothing is sent here.

    Its audience and its text are frozen now also when it starts later; what depends on each client (name, phone,
    whether they may be written to) is read when it starts.

    Args:
        usuario: the admin who starts it.
        idempotency: makes a repeated request return the first one's campaign.

    Returns:
        The campaign, and whether this call created it.

    Raises:
        InvalidInputError: naming the field and the reason.
        ConflictError: the key was used for another request, or other rows are being written into the shop's clients.
        DestinatariosInvalidosError: naming those of `leidos` and the reasons.
    """
    ajustes = ajustes_de(usuario.tenant_id)
    kind = "Respuesta" if nueva.respuesta_a else "Campaña"
    nueva = replace(nueva, nombre=nueva.nombre or f"{kind} {timezone.localtime():%Y-%m-%d %H:%M}")
    try:
        with transaction.atomic():
            audiencia = audiencia_de(usuario, nueva)
            medida = nueva.validar(ajustes, audiencia)
            campana = _guardar(usuario, nueva, total=medida.total, idempotency=idempotency)
            _freeze(campana, audiencia)
            _anunciar(campana, nueva, audiencia, ajustes)
    except IntegrityError:
        # Two requests with one key at the same moment: the loser answers with the winner's campaign.
        if idempotency and (known := campana_con_clave(usuario=usuario, idempotency=idempotency)):
            return known, False
        raise
    return campana, True


def audiencia_de(usuario: Usuario, nueva: NuevaCampana, *, de_prueba: bool = False) -> Audiencia:
    """Return the campaign's audience, with those whom it names by phone found or made clients, in the caller's
    transaction.

    Args:
        de_prueba: the caller undoes it all.

    Raises:
        ConflictError: other rows are being written into the shop's clients.
        DestinatariosInvalidosError: naming those of `leidos` and the reasons.
        InvalidInputError: nobody is chosen, or the text is not as it must be for them.
    """
    if not nueva.leidos and nueva.audiencia:
        return nueva.audiencia
    # A text that is wrong is told of before what its recipients lack.
    texto.validate(nueva.mensaje, field="plantilla" if nueva.plantilla else "mensaje", conocidas=nueva.conocidas)
    return destinatarios.llamar(
        tienda_id=usuario.tenant_id,
        mensaje=nueva.mensaje,
        leidos=nueva.leidos,
        audiencia=nueva.audiencia,
        nombre=nueva.nombre or "",
        de_prueba=de_prueba,
    )


def _guardar(usuario: Usuario, nueva: NuevaCampana, *, total: int, idempotency: Idempotency | None) -> CampanaSMS:
    return CampanaSMS.objects.create(
        usuario_id=usuario.tenant_id,
        nombre=nueva.nombre or "",
        mensaje=nueva.mensaje,
        plantilla=nueva.plantilla,
        remitente=nueva.remitente,
        clase=nueva.clase,
        clase_motivo=nueva.clase_motivo.strip(),
        creada_por=None if nueva.automatica else usuario,
        redactada_por_id=(nueva.plantilla and nueva.plantilla.redactada_por_id) or nueva.redactada_por_id,
        total_clientes=total,
        programada_para=nueva.programada_para,
        prueba=nueva.prueba,
        respuesta_a=nueva.respuesta_a,
        automatica=nueva.automatica,
        libre_hasta=nueva.libre_hasta,
        con_destinatarios=bool(nueva.leidos),
        idempotency_key=idempotency.key if idempotency else None,
        idempotency_hash=idempotency.hash if idempotency else "",
    )


def _freeze(campana: CampanaSMS, audiencia: Audiencia) -> None:
    frozen = seleccion.congelar(audiencia, campana=campana)
    destinatarios.guardar(campana, audiencia.llamados)
    if frozen == 0:
        raise InvalidInputError(seleccion.SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    if frozen != campana.total_clientes:  # clients came or went between the count and the freeze
        campana.total_clientes = frozen
        campana.save(update_fields=["total_clientes"])


def _anunciar(campana: CampanaSMS, nueva: NuevaCampana, audiencia: Audiencia, ajustes: Ajustes) -> None:
    """Let it wait for approval if it is large, write it into the log, and tell the workers if it may start now."""
    if not campana.prueba:  # which costs nothing and reaches nobody
        aprobaciones.hacer_esperar(campana=campana, audiencia=audiencia, ajustes=ajustes)
    detalle = " ".join(text for text in (nueva.origen, campana.motivo) if text)
    anotar(campana_id=campana.pk, tipo=Suceso.Tipo.CREADA, detalle=detalle)
    pedir_revision(campana)
    if campana.programada_para is None and not campana.por_aprobar:  # else the sweeper starts it, or who approves it
        nudge(campana.pk)


def pedir_revision(campana: CampanaSMS) -> None:
    """Have the set-up at Twilio looked at, if the campaign is large: what would stop it stands in its log then."""
    if campana.total_clientes >= settings.TWILIO_CHECK_FROM and not campana.prueba:
        nudges.nudge(REVISAR, campana.pk)


def validar_fecha(programada_para: datetime) -> None:
    """Refuse a date that has passed, or one so far off that it must be a slip.

    Raises:
        InvalidInputError: naming `programada_para`.
    """
    now = timezone.now()
    if programada_para <= now:
        text = FECHA_PASADA.format(ahora=f"{timezone.localtime(now):%H:%M}")
        raise InvalidInputError(text, field="programada_para", code="past")
    if programada_para > now + LEJOS:
        raise InvalidInputError(FECHA_LEJANA, field="programada_para", code="too_far")


def campana_con_clave(*, usuario: Usuario, idempotency: Idempotency) -> CampanaSMS | None:
    """The campaign that an earlier request with this key made.

    Raises:
        ConflictError: the key was used for another request.
    """
    known = CampanaSMS.objects.filter(usuario_id=usuario.tenant_id, idempotency_key=idempotency.key).first()
    if known and known.idempotency_hash != idempotency.hash:
        raise reutilizada()
    return known


def mover_campana(*, campana: CampanaSMS, action: str, motivo: str = "") -> CampanaSMS:
    """Pause, resume, cancel, or try the failed again.

    Args:
        action: a key of `estados.MOVES`.
        motivo: why, for people; at most 300 characters.

    Raises:
        ConflictError: the campaign's estado does not allow it, with the reason.
    """
    target = estados.MOVES[action].a
    if action == "reintentar" and estados.may(action, campana.estado):
        reintentos.exigir_aprobada(campana)
    if action == "reanudar" and estados.may(action, campana.estado):
        tope.exigir_tope(campana)
    with transaction.atomic():
        found = CampanaSMS.objects.filter(pk=campana.pk)
        now = found.select_for_update(no_key=True).only("estado", "reanuda_en").get()
        moved = estados.may(action, now.estado, now.reanuda_en)
        if moved and now.estado == CampanaSMS.Estado.PROCESANDO and _salio_todo(campana):
            raise ConflictError(SALIO_TODO.format(accion=action), code="move_refused")
        if moved:
            found.update(estado=target, motivo=motivo, reanuda_en=None)
        if moved and action == "reintentar":
            reintentos.reabrir(campana)
        elif moved and target == CampanaSMS.Estado.PROCESANDO:
            publicar_de_nuevo(campana.pk)
        if moved:
            anotar_move(campana_id=campana.pk, action=action, motivo=motivo)
            nudge(campana.pk)
    campana.refresh_from_db()
    if not moved:
        raise ConflictError(estados.refusal(action, campana.estado), code="move_refused")
    return campana


def _salio_todo(campana: CampanaSMS) -> bool:
    """Tell whether every recipient of a campaign in course is done, and only its end is still to be written."""
    lotes = Lote.objects.filter(campana=campana)
    if lotes.filter(estado=Lote.Estado.PENDIENTE).exists() or not lotes.exists():
        return False
    live = (SMSLog.Estado.PENDIENTE, SMSLog.Estado.ENVIANDO, SMSLog.Estado.INCIERTO)
    return not SMSLog.objects.filter(lote__in=lotes.exclude(estado=Lote.Estado.CERRADO), estado__in=live).exists()


def publicar_de_nuevo(campana_id: int) -> None:
    """Publish again what was consumed as no-ops while the campaign stood still."""
    Lote.objects.filter(campana_id=campana_id, estado=Lote.Estado.ABIERTO).update(
        publicar_desde=Now(), publicado_hasta=None
    )


def eliminar_plantilla(*, plantilla: PlantillaSMS) -> None:
    """Delete a template; the campaigns made with it keep their text.

    Raises:
        ConflictError: a programación takes its text from it.
    """
    with transaction.atomic():
        plantilla_por_eliminar.send(PlantillaSMS, plantilla=plantilla)
        plantilla.delete()
