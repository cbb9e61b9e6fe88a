"""The caps that keep a paused campaign from going on: to resume it would pause it again in the same second."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from campaigns.campana.destinatarios import guardados
from campaigns.ley.gasto import SE_ACABO, Tope, agotado, topes_de
from campaigns.ley.jornada import jornada_de, jornada_de_tras
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS, Lote
from campaigns.values.estados import LOTES_EN_CURSO
from campaigns.vista_previa.reparto import cabida_de
from core.errors import ConflictError
from core.text import formato

NO_ALCANZA: Final = "No se puede reanudar: {motivo}{sigue} {salida}"
SIGUE_SOLA: Final = " Sigue sola {cuando}."
SUBIR: Final = "Para seguir antes, suba el tope en Ajustes."
PEDIR: Final = "Para seguir antes, pida a quien administra la instalación que suba el límite."
SIGUE: Final = "Hoy no queda tope: la campaña sigue sola {cuando}."


@dataclass(frozen=True, slots=True)
class Falta:
    """A cap that lets nothing more of a campaign be sent now.

    Args:
        motivo: for people.
        sigue: when the campaign goes on by itself; None when it would not.
        del_operador: whether it is the operator's to raise.
    """

    motivo: str
    sigue: datetime | None
    del_operador: bool

    def dicho(self, campana: CampanaSMS) -> str:
        """Say why the campaign cannot be resumed, and the way out."""
        zona = ajustes_de(campana.usuario_id).zona
        sigue = SIGUE_SOLA.format(cuando=formato.proximo(self.sigue, zona)) if self.sigue else ""
        way_out = PEDIR if self.del_operador else SUBIR
        return formato.frase(NO_ALCANZA.format(motivo=self.motivo, sigue=sigue, salida=way_out))


def falta_tope(campana: CampanaSMS) -> Falta | None:
    """Tell which cap lets nothing more of a paused campaign leave now; None when something would, or when the shop is
    closed and the campaign would wait for its hours."""
    ajustes, now = ajustes_de(campana.usuario_id), timezone.now()
    jornada = jornada_de(campana, ajustes, now)
    if next(topes_de(ajustes), None) is None or jornada is None or jornada.desde > now:
        return None
    motivo, hasta, tope = "", None, None
    lotes = Lote.objects.filter(campana=campana)
    lote = lotes.filter(estado=Lote.Estado.PENDIENTE, cerrado_en=None).order_by("numero").first()
    if lote is None or lotes.filter(estado__in=LOTES_EN_CURSO).exists():
        # Of rows that hold their part already the engine alone can tell.
        if found := agotado(ajustes, jornada.dia):
            motivo, hasta = found.motivo, found.hasta
    else:
        cabida = cabida_de(
            guardados(campana, lote.cliente_ids),
            campana.mensaje,
            ajustes=ajustes,
            remitente=campana.remitente,
            a_toda_hora=campana.a_toda_hora,
            dia=jornada.dia,
        )
        tope = None if cabida.n else cabida.tope
        others = lotes.filter(estado=Lote.Estado.PENDIENTE).exclude(pk=lote.pk)
        if tope is not None and cabida.hasta(jornada.dia) is None and others.exists():
            return None  # nobody of these can be sent to under any day's cap, but the engine goes on to the others
        if tope is not None:
            motivo = SE_ACABO.format(nombre=tope.nombre, tope=tope.escrito(cabida.cuanto))
            hasta = cabida.hasta(jornada.dia)
    if not motivo:
        return None
    siguiente = jornada_de_tras(campana, ajustes, hasta) if hasta else None
    late = siguiente is not None and campana.vence_en is not None and siguiente.desde >= campana.vence_en
    return Falta(motivo, siguiente.desde if siguiente and not late else None, _del_operador(tope, motivo))


def exigir_tope(campana: CampanaSMS) -> None:
    """Refuse to resume a campaign that would be paused again at once. One that a person holds may be resumed, if it
    then waits for the day on which it goes on by itself.

    Raises:
        ConflictError: with the cap, when it goes on, and how to go on sooner.
    """
    falta = falta_tope(campana)
    if falta is not None and (campana.reanuda_en is not None or falta.sigue is None):
        raise ConflictError(falta.dicho(campana), code="move_refused")


def _del_operador(tope: Tope | None, motivo: str) -> bool:
    return tope.medida != "monto" if tope is not None else "instalación" in motivo
