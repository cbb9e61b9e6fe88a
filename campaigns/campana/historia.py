"""The timeline of a campaign and of a shop, for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from campaigns.models import CampanaSMS, Suceso
from campaigns.values import estados
from core.models import Usuario

HISTORIA_MAX: Final = 50
Tipo = Suceso.Tipo

# tipo: (tone, icon)
ASPECTO: Final = {
    **{Tipo(move.suceso): (move.aspecto.tono, move.aspecto.icono) for move in estados.MOVES.values()},
    Tipo.CREADA: ("tono-quieto", "plus"),
    Tipo.EDITADA: ("tono-quieto", "edit"),
    Tipo.APROBADA: ("tono-activo", "shield-check"),
    Tipo.RECHAZADA: ("tono-falla", "ban"),
    Tipo.ESPERA: ("tono-duda", "clock"),
    Tipo.SIGUE: ("tono-activo", "player-play"),
    Tipo.PAUSADA_SOLA: ("tono-falla", "alert-triangle"),
    Tipo.MOVIDA: ("tono-quieto", "info-circle"),
    Tipo.AVANCE_25: ("tono-activo", "circle-dashed"),
    Tipo.AVANCE_50: ("tono-activo", "circle-dashed"),
    Tipo.AVANCE_75: ("tono-activo", "circle-dashed"),
    Tipo.SIN_AVANCE: ("tono-falla", "alert-triangle"),
    Tipo.REVISION: ("tono-falla", "alert-triangle"),
    Tipo.COMPLETADA: ("tono-exito", "circle-check"),
    Tipo.ERROR: ("tono-falla", "alert-triangle"),
    Tipo.CERRADA: ("tono-quieto", "ban"),
}
# Events whose text would only repeat who did it.
DE_PERSONA: Final = frozenset(Tipo(move.suceso) for move in estados.MOVES.values() if move.hecho)


@dataclass(frozen=True, slots=True)
class Hito:
    """One line: what happened, when, by whom."""

    suceso: Suceso
    texto: str
    tono: str
    icono: str
    quien: str
    detalle: str


def historia_de(campana: CampanaSMS) -> list[Hito]:
    """The last things that happened to it, the newest first."""
    rows = Suceso.objects.filter(campana=campana).select_related("usuario").order_by("-pk")
    return _hitos(rows[:HISTORIA_MAX])


def sucesos_de(usuario: Usuario, *, n: int) -> list[Hito]:
    """The last things that happened in the shop, the newest first."""
    rows = Suceso.objects.filter(campana__usuario_id=usuario.tenant_id).select_related("usuario", "campana")
    return _hitos(rows.order_by("-pk")[:n])


def _hitos(rows: Iterable[Suceso]) -> list[Hito]:
    return [_hito(row) for row in rows]


def _hito(row: Suceso) -> Hito:
    tipo = Tipo(row.tipo)
    tono, icono = ASPECTO[tipo]
    quien = (row.usuario.get_full_name() or row.usuario.get_username()) if row.usuario else ""
    detalle = "" if quien and tipo in DE_PERSONA else row.detalle
    return Hito(row, str(tipo.label), tono, icono, quien, detalle)
