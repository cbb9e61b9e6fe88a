"""What one segment costs the shop, by the country of its recipient, in SMS_PRICE_CURRENCY."""

from decimal import Decimal

from django.conf import settings

from campaigns.ajustes.models import Ajustes


def precio_base(ajustes: Ajustes) -> Decimal | None:
    """Of a country without a price of its own; None while there is no price."""
    base: Decimal | None = settings.SMS_SEGMENT_PRICE
    return base if ajustes.precio_segmento is None else ajustes.precio_segmento


def precio_de_segmentos(ajustes: Ajustes, segmentos: int) -> Decimal | None:
    """Of so many, wherever they went; None while there is no price."""
    base = precio_base(ajustes)
    return None if base is None else base * segmentos


def precio_de(ajustes: Ajustes, pais: str) -> Decimal | None:
    """Of one segment to this country; None while there is no price."""
    own = ajustes.precios.get(pais)
    return precio_base(ajustes) if own is None else Decimal(own)
