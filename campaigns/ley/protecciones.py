"""Functions that tell whether a change loosens a setting, one for each kind: the history keeps a reason for those.

Each takes the stored values before and after, which differ, and says whether a protection is given up, or some of it.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from campaigns.values.horario import Franja
from campaigns.values.ventanas import semana


def nunca(antes: Any, despues: Any) -> bool:
    """Say no: what something costs, where the shop is and until when a campaign may last are no protection."""
    return False


def al_apagar(antes: bool, despues: bool) -> bool:
    """Say whether it was switched off."""
    return not despues


def al_subir(antes: int | Decimal | None, despues: int | Decimal | None) -> bool:
    """Say whether a limit was raised, or taken away."""
    return antes is not None and (despues is None or despues > antes)


def al_vaciar(antes: str, despues: str) -> bool:
    return not despues


def al_quitar(antes: Collection[Any], despues: Collection[Any]) -> bool:
    """Say whether any of a list was taken away."""
    return not set(antes) <= set(despues)


def al_ampliar(antes: Mapping[str, Any], despues: Mapping[str, Any]) -> bool:
    """Say whether a timetable lets something leave at an hour at which nothing could."""
    return any(map(_abre_mas, semana(antes), semana(despues)))


def _abre_mas(antes: Franja | None, despues: Franja | None) -> bool:
    if antes is None or despues is None:
        return despues is not None
    return despues.abre < antes.abre or despues.cierra > antes.cierra
