"""A client's consent: where and when it was given, both or neither; and its proof, which is of one consent."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone

from clientes.models import Cliente, RegistroConsentimiento
from core.dates import FECHA_LEJANA, de_este_mundo
from core.errors import InvalidInputError
from core.models import Usuario

FUENTE, EN = "consentimiento_fuente", "consentimiento_en"
# The proof, and what a consent has that has none.
PRUEBA: Final[Mapping[str, Any]] = {
    "consentimiento_hora": None,
    "consentimiento_medio": "",
    "consentimiento_texto": "",
    "consentimiento_lugar": "",
}
CAMPOS: Final = (FUENTE, EN, *PRUEBA)
EN_UNA_LINEA: Final = ("consentimiento_texto", "consentimiento_lugar")  # as a cell of an exported file holds them

FALTA_FUENTE = "Diga de dónde viene el consentimiento: un formulario, una llamada, la caja."
FALTA_FECHA = "Diga cuándo se dio el consentimiento."
EN_EL_FUTURO = "El consentimiento no puede ser de una fecha que no ha llegado."
SIN_CONSENTIMIENTO = "No hay consentimiento que probar: diga de dónde viene y cuándo se dio."


def validar(fuente: str, fecha: date | None, prueba: Mapping[str, Any] | None = None) -> None:
    """Check that a consent has both its source and its date, or neither, and a proof only with them.

    Args:
        prueba: has fields of PRUEBA, perhaps among others.

    Raises:
        InvalidInputError: something is missing, or the moment is to come or of no such year.
    """
    if fecha is not None and not fuente:
        raise InvalidInputError(FALTA_FUENTE, field=FUENTE, code="required")
    if fuente and fecha is None:
        raise InvalidInputError(FALTA_FECHA, field=EN, code="required")
    proof = {campo: prueba[campo] for campo in PRUEBA if prueba and prueba.get(campo) not in {None, ""}}
    if fecha is None:
        for campo in proof:
            raise InvalidInputError(SIN_CONSENTIMIENTO, field=campo, code="invalid")
        return
    if fecha > timezone.localdate():
        raise InvalidInputError(EN_EL_FUTURO, field=EN, code="invalid")
    if not de_este_mundo.holds(fecha):
        raise InvalidInputError(FECHA_LEJANA, field=EN, code="invalid")
    hora = proof.get("consentimiento_hora")
    if hora is not None and datetime.combine(fecha, hora) > timezone.make_naive(timezone.now()):
        raise InvalidInputError(EN_EL_FUTURO, field="consentimiento_hora", code="invalid")


def con_su_prueba(antes: Mapping[str, Any], dicho: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a consent after a change: of another day, or withdrawn, it has not the earlier one's proof.

    Args:
        antes: each of CAMPOS.
        dicho: those that are changed.
    """
    now = {campo: dicho.get(campo, antes[campo]) for campo in CAMPOS}
    for campo in EN_UNA_LINEA:
        now[campo] = " ".join(now[campo].split())
    if antes[EN] is not None and now[EN] is None and not now[FUENTE]:
        return {**now, **PRUEBA}
    if now[EN] != antes[EN]:
        return {**now, **{campo: nada for campo, nada in PRUEBA.items() if campo not in dicho}}
    return now


def de_cliente(cliente: Cliente) -> dict[str, Any]:
    """Return each of CAMPOS."""
    return {campo: getattr(cliente, campo) for campo in CAMPOS}


def anotar(cliente: Cliente, *, quien: Usuario | None) -> None:
    """Write the client's consent, or that it was withdrawn, into its history."""
    said = {campo.removeprefix("consentimiento_"): valor for campo, valor in de_cliente(cliente).items()}
    RegistroConsentimiento.objects.create(cliente=cliente, quien=quien, **said)
