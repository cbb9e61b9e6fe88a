"""The price of one segment for the shop, by the country of its recipient, in SMS_PRICE_CURRENCY."""

from decimal import Decimal
from typing import Final

from django.conf import settings

from campaigns.models import Ajustes

# What the sent messages of a closed Lote `l` cost: what it spent of the shop's money (`workers.engine.lote.cupos`), by
# country and at the price of then. One that was sent while the shop had no price costs what it would now.
COSTO_DE_LOTE: Final = """
CASE WHEN l.cupo_previo + l.cupo_monto > 0 THEN l.cupo_previo + l.cupo_monto
    ELSE l.segmentos * coalesce(%(precio)s::numeric, 0) END
"""


def precio_base(ajustes: Ajustes) -> Decimal | None:
    """Return the price for a country without one of its own; None while there is no price."""
    base: Decimal | None = settings.SMS_SEGMENT_PRICE
    return base if ajustes.precio_segmento is None else ajustes.precio_segmento


def precio_de(ajustes: Ajustes, pais: str) -> Decimal | None:
    """Return the price of one segment to this country; None while there is no price."""
    own = ajustes.precios.get(pais)
    return precio_base(ajustes) if own is None else Decimal(own)


def precio_operador(ajustes: Ajustes, pais: str) -> Decimal | None:
    """Return the price of one segment to this country in the eyes of the operator's ceilings: the shop's, but no less
    than the installation's, or a shop that says that its messages cost nothing would send without end. None while the
    installation has none."""
    own, least = precio_de(ajustes, pais), settings.SMS_SEGMENT_PRICE
    return None if least is None else max(own or least, least)
