"""Changing a campaign of another day, until it starts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Value
from django.db.models.functions import Length

from campaigns.audiencia.seleccion import MAX_IDS
from campaigns.bitacora.services import anotar
from campaigns.campana.destinatarios import guardados
from campaigns.campana.services import validar_fecha
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import Ajustes, CampanaSMS, Lote, Suceso
from campaigns.vista_previa import aprobaciones, firma
from clientes.models import Cliente
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario

YA_NO: Final = "Solo se cambia una campaña programada que no ha empezado: esta ya no. Puede duplicarla."
MUY_GRANDE: Final = (
    "El texto de una campaña de más de 100.000 destinatarios no se cambia: cancélela y hágala otra vez. Su nombre y su"
    " fecha sí."
)
CON_PALABRAS: Final = (
    "El texto de una campaña con «destinatarios» no se cambia, porque cada uno tiene en ella palabras suyas:"
    " cancélela y hágala otra vez. Su nombre y su fecha sí."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cambios:
    """The changes that a person asks for; what is None stays.

    Args:
        programada_para: to come, with its zone.
    """

    nombre: str | None = None
    mensaje: str | None = None
    programada_para: datetime | None = None


def se_edita(campana: CampanaSMS) -> bool:
    """Tell whether the campaign may be changed now."""
    return campana.espera_fecha and campana.estado == CampanaSMS.Estado.PENDIENTE


def texto_fijo(campana: CampanaSMS) -> str:
    """Say why the campaign's text does not change, whatever else does; "" when it may."""
    if campana.total_clientes > MAX_IDS:
        return MUY_GRANDE
    return CON_PALABRAS if campana.con_destinatarios else ""


@transaction.atomic
def editar(*, campana: CampanaSMS, usuario: Usuario, cambios: Cambios, huella: str | None = None) -> CampanaSMS:
    """Change the name, the text or the date of a campaign of another day. Its recipients stay those of its creation.

    It either has not started, and then starts with what is written here, or the change is refused: whoever starts it
    waits for the row. What somebody approved is approved anew if it is still large; a new date of one of more than
    100,000 recipients is not: their cost would be counted anew while the row is held.

    Args:
        usuario: who changes it; a new text is theirs.
        huella: of the campaign as they saw it; None changes whatever it is now.

    Raises:
        InvalidInputError: naming the field and the reason.
        ConflictError: it has started, or is over; or it is another than they saw.
    """
    # Not `no_key`: the engine's own lock waits for this one.
    locked = CampanaSMS.objects.select_for_update(of=("self",)).get(pk=campana.pk)
    if not se_edita(locked):
        raise ConflictError(YA_NO, code="move_refused")
    if huella is not None and huella != locked.huella:
        raise ConflictError(aprobaciones.CAMBIO, code="changed")
    changed = _aplicar(locked, cambios)
    if not changed:
        return locked
    ajustes = ajustes_de(locked.usuario_id)
    if "mensaje" in changed:
        _validar_mensaje(locked, ajustes)
        locked.plantilla = None  # a text that was changed is nobody's template any more
        locked.redactada_por = usuario
        changed += ["plantilla", "redactada_por"]
    if cambios.programada_para is not None and "programada_para" in changed:
        validar_fecha(cambios.programada_para)
    locked.save(update_fields=changed)
    if {"mensaje", "programada_para"} & set(changed):
        _aprobar_de_nuevo(locked, ajustes)
    said = {"nombre": "nombre", "mensaje": "texto", "programada_para": "fecha"}
    anotar(campana_id=locked.pk, tipo=Suceso.Tipo.EDITADA, detalle=", ".join(said[n] for n in changed if n in said))
    locked.refresh_from_db()
    return locked


def _aplicar(campana: CampanaSMS, cambios: Cambios) -> list[str]:
    changed = []
    for name in ("nombre", "mensaje", "programada_para"):
        value = getattr(cambios, name)
        if value is not None and value != getattr(campana, name):
            setattr(campana, name, value)
            changed.append(name)
    return changed


def _validar_mensaje(campana: CampanaSMS, ajustes: Ajustes) -> None:
    if refusal := texto_fijo(campana):
        raise InvalidInputError(refusal, field="mensaje", code="immutable")
    texto.validate(campana.mensaje)
    names = Cliente.objects.filter(usuario=campana.usuario_id, pk__in=_ids(campana))
    longest = names.aggregate(n=Max(Length("nombre"), default=Value(0)))["n"]
    texto.validate_length(campana.mensaje, longest_nombre=longest)
    firma.exigir(campana.mensaje, ajustes)


def _ids(campana: CampanaSMS) -> list[int]:
    lotes = Lote.objects.filter(campana=campana).order_by("numero").values_list("cliente_ids", flat=True)
    return [pk for ids in lotes for pk in ids]


def _aprobar_de_nuevo(campana: CampanaSMS, ajustes: Ajustes) -> None:
    if campana.prueba:
        return
    if campana.total_clientes > MAX_IDS:  # only its date changed: who had to approve it has, or still has to
        if campana.aprobacion == CampanaSMS.Aprobacion.PENDIENTE and campana.programada_para is not None:
            campana.vence_en = campana.programada_para + timedelta(hours=ajustes.plazo_h)
            campana.save(update_fields=["vence_en"])
        return
    CampanaSMS.objects.filter(pk=campana.pk).update(
        aprobacion="", decidida_por=None, decidida_en=None, motivo="", vence_en=None
    )
    campana.refresh_from_db()
    aprobaciones.hacer_esperar(campana=campana, audiencia=guardados(campana, _ids(campana)), ajustes=ajustes)
