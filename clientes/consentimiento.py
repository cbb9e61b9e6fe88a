"""A client's consent: where and when it was given. Both are said, or neither."""

from datetime import date

from django.utils import timezone

from core.dates import FECHA_LEJANA, de_este_mundo
from core.errors import InvalidInputError

FALTA_FUENTE = "Diga de dónde viene el consentimiento: un formulario, una llamada, la caja."
FALTA_FECHA = "Diga cuándo se dio el consentimiento."
EN_EL_FUTURO = "El consentimiento no puede ser de una fecha que no ha llegado."


def validar(fuente: str, fecha: date | None) -> None:
    """Check that a consent has both its source and its date, or neither.

    Raises:
        InvalidInputError: one is missing, or the date is to come or of no such year.
    """
    if fecha is not None and not fuente:
        raise InvalidInputError(FALTA_FUENTE, field="consentimiento_fuente", code="required")
    if fuente and fecha is None:
        raise InvalidInputError(FALTA_FECHA, field="consentimiento_en", code="required")
    if fecha is not None and fecha > timezone.localdate():
        raise InvalidInputError(EN_EL_FUTURO, field="consentimiento_en", code="invalid")
    if fecha is not None and not de_este_mundo.holds(fecha):
        raise InvalidInputError(FECHA_LEJANA, field="consentimiento_en", code="invalid")
