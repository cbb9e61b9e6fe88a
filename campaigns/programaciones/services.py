"""Services of recurring campaigns: their definition, and what a person does with one."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from campaigns.audiencia.medida import medir
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.services import campana_con_clave
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import Ocurrencia, PlantillaSMS, Programacion, Remitente
from campaigns.models.programacion import GRACIA, GRACIA_MAX, NOMBRE_MAX
from campaigns.programaciones import beat, criterios, ocurrencias
from campaigns.values.recurrencia import NUNCA, Frecuencia, Recurrencia
from campaigns.vista_previa import firma
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario

FALTA_NOMBRE = "Póngale un nombre."
NOMBRE_LARGO = f"El nombre puede tener hasta {NOMBRE_MAX} caracteres."
GRACIA_MALA = f"El periodo de gracia va de 1 a {GRACIA_MAX} minutos."
UN_TEXTO = "Escriba el mensaje o elija una plantilla, no los dos."
YA_EN_PAUSA = "No se puede pausar: ya está en pausa."
YA_ACTIVA = "No se puede reanudar: ya está activa."
TERMINADA = "Ya terminó: no le queda ninguna fecha. Cámbiele la fecha final."

CAMPOS: Final = ("frecuencia", "hora", "dia_mes", "cron", "zona", "desde", "hasta")  # copied as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Definicion:
    """The decisions of a person about a programación.

    Args:
        mensaje, plantilla: one of the two; of a template, whatever its text is at each occurrence.
        audiencia: criteria, asked again at each occurrence.
        remitente: of the shop's own; None for the installation's sender.
        gracia_minutos: how late an occurrence may still become a campaign, 1 to 1440.
    """

    nombre: str
    audiencia: Audiencia
    recurrencia: Recurrencia
    mensaje: str = ""
    plantilla: PlantillaSMS | None = None
    remitente: Remitente | None = None
    gracia_minutos: int = GRACIA

    def validar(self, usuario: Usuario) -> None:
        """Check the definition.

        Raises:
            InvalidInputError: naming the field and the reason.
        """
        if not self.nombre.strip():
            raise InvalidInputError(FALTA_NOMBRE, field="nombre", code="required")
        if len(self.nombre) > NOMBRE_MAX:
            raise InvalidInputError(NOMBRE_LARGO, field="nombre", code="max_length")
        if bool(self.mensaje) == bool(self.plantilla):
            raise InvalidInputError(UN_TEXTO, field="mensaje", code="required")
        if not 1 <= self.gracia_minutos <= GRACIA_MAX:
            raise InvalidInputError(GRACIA_MALA, field="gracia_minutos")
        self.recurrencia.validar()
        criterios.comprobar(self.audiencia, tenant_id=usuario.tenant_id)
        self._validar_texto(usuario)

    def _validar_texto(self, usuario: Usuario) -> None:
        field = "plantilla" if self.plantilla else "mensaje"
        text = self.plantilla.mensaje if self.plantilla else self.mensaje
        texto.validate(text, field=field)
        firma.exigir(text, ajustes_de(usuario.tenant_id), field=field)
        try:
            longest = medir(self.audiencia, tenant_id=usuario.tenant_id).longest_nombre
        except InvalidInputError as error:
            if error.code != "empty":  # nobody today may be somebody next month
                raise
            return
        texto.validate_length(text, longest_nombre=longest, field=field)


def crear_programacion(*, usuario: Usuario, definicion: Definicion, prueba: bool = False) -> Programacion:
    """Create a programación.

    Args:
        prueba: nothing of its campaigns is to leave.

    Raises:
        InvalidInputError: naming the field and the reason.
    """
    return _guardar(Programacion(usuario_id=usuario.tenant_id, prueba=prueba), usuario, definicion)


@transaction.atomic
def cambiar_programacion(*, programacion: Programacion, usuario: Usuario, definicion: Definicion) -> Programacion:
    """Replace the definition. What was due before is settled by the old one.

    Raises:
        InvalidInputError: naming the field and the reason.
    """
    row = _bloquear(programacion)
    ocurrencias.poner_al_dia(row, ahora=timezone.now())
    return _guardar(row, usuario, definicion)


@transaction.atomic
def pausar_programacion(*, programacion: Programacion) -> Programacion:
    """Pause a programación. The occurrences of the pause are recorded as skipped when it is resumed.

    Raises:
        ConflictError: it is paused, or over.
    """
    row = _bloquear(programacion)
    if not row.activa:
        raise ConflictError(YA_EN_PAUSA, code="move_refused")
    if row.terminada:
        raise ConflictError(TERMINADA, code="move_refused")
    return _activar(row, False)


@transaction.atomic
def reanudar_programacion(*, programacion: Programacion) -> Programacion:
    """Go on with the first occurrence after now.

    Raises:
        ConflictError: it is not paused, or no date is left.
    """
    row = _bloquear(programacion)
    if row.activa:
        raise ConflictError(YA_ACTIVA, code="move_refused")
    ocurrencias.poner_al_dia(row, ahora=timezone.now())
    if row.terminada:
        raise ConflictError(TERMINADA, code="move_refused")
    return _activar(row, True)


@transaction.atomic
def eliminar_programacion(*, programacion: Programacion) -> None:
    """Delete a programación and its history; the campaigns that it made stay."""
    row = _bloquear(programacion)
    beat.olvidar(row)
    row.delete()


def ejecutar_programacion(
    *, programacion: Programacion, usuario: Usuario, idempotency: Idempotency | None = None
) -> tuple[Ocurrencia, bool]:
    """Make one more campaign now, whatever the schedule says; the schedule does not change.

    Args:
        idempotency: makes a repeated request return the first one's occurrence.

    Returns:
        The occurrence, and whether this call made it.

    Raises:
        InvalidInputError: the campaign cannot be made, with the reason; nothing is recorded.
        ConflictError: the key was used for another request.
    """
    known = campana_con_clave(usuario=usuario, idempotency=idempotency) if idempotency else None
    if known:
        return known.ocurrencia, False
    with transaction.atomic():
        now = timezone.now()
        campana, created = ocurrencias.crear_una(programacion, momento=now, idempotency=idempotency, por=usuario)
        if not created:
            return campana.ocurrencia, False
        row = Ocurrencia.objects.create(
            programacion=programacion,
            # The moments of a schedule are whole minutes: this one must never be taken for one of them.
            ocurrencia_utc=now.replace(microsecond=now.microsecond or 1),
            tipo=Ocurrencia.Tipo.MANUAL,
            estado=Ocurrencia.Estado.CREADA,
            campana=campana,
        )
    return row, True


def _bloquear(programacion: Programacion) -> Programacion:
    locked = Programacion.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("plantilla", "remitente", "usuario").get(pk=programacion.pk)


def _activar(row: Programacion, activa: bool) -> Programacion:
    row.activa = activa
    row.save(update_fields=["activa"])
    beat.sincronizar(row)
    return row


def _guardar(row: Programacion, usuario: Usuario, definicion: Definicion) -> Programacion:
    definicion.validar(usuario)
    recurrencia = definicion.recurrencia
    row.nombre, row.mensaje, row.plantilla = definicion.nombre.strip(), definicion.mensaje, definicion.plantilla
    row.remitente, row.autor = definicion.remitente, usuario
    row.audiencia, row.gracia_minutos = criterios.guardar(definicion.audiencia), definicion.gracia_minutos
    row.dias = sorted(set(recurrencia.dias))
    for field in CAMPOS:
        setattr(row, field, getattr(recurrencia, field))
    row.proxima = next(recurrencia.despues_de(timezone.now()), None)
    if row.terminada:
        field = "cron" if recurrencia.frecuencia == Frecuencia.CRON and not recurrencia.hasta else "hasta"
        raise InvalidInputError(NUNCA, field=field, code="never")
    with transaction.atomic():
        row.save()
        beat.sincronizar(row)
    return row
