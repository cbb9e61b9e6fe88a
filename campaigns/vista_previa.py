"""What a campaign will do and cost, before it exists."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models.functions import Length

from campaigns import audiencia as audiencias
from campaigns import mensaje as mensajes
from campaigns.audiencia import Audiencia
from campaigns.costo import Costo, calcular, grupos_de
from campaigns.destinatarios import enviables_de
from campaigns.models import Remitente
from campaigns.remitentes import valor_de
from campaigns.segmentos import Segmentos, contar, letras_ucs2, transliterar
from clientes.models import Cliente
from core.models import Usuario

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Ejemplo:
    """One rendered text and what it takes."""

    cliente_id: int
    nombre: str
    mensaje: str
    segmentos: Segmentos


@dataclass(frozen=True, slots=True)
class VistaPrevia:
    """Args:
    total: recipients, sendable or not.
    costo: of the text as it is.
    letras_ucs2: what in the text itself forces UCS-2.
    ejemplos: the first texts; `mas_largo` is the longest name's.
    transliterado: the text without those letters, and `costo_transliterado` what it would cost; None when the
        text has none.
    """

    total: int
    costo: Costo
    letras_ucs2: list[str]
    ejemplos: list[Ejemplo]
    mas_largo: Ejemplo | None
    transliterado: str | None
    costo_transliterado: Costo | None


def precio(segmentos: int) -> Decimal | None:
    """What Twilio charges for this many segments, in SMS_PRICE_CURRENCY; None while no price is configured."""
    price: Decimal | None = settings.SMS_SEGMENT_PRICE
    return None if price is None else price * segmentos


def calcular_vista_previa(
    *, usuario: Usuario, mensaje: str, audiencia: Audiencia, remitente: Remitente | None = None
) -> VistaPrevia:
    """Judge, render and count, without writing anything.

    Args:
        remitente: None for the installation's sender.

    Raises:
        InvalidInputError: what creating the campaign would refuse, with the same field and text.
    """
    mensajes.validate(mensaje)
    medida = audiencias.medir(audiencia, tenant_id=usuario.tenant_id)
    mensajes.validate_length(mensaje, longest_nombre=medida.longest_nombre)
    grupos = grupos_de(audiencia, tenant_id=usuario.tenant_id, remitente=remitente)
    enlazado = mensajes.con_enlace(mensaje)
    plain = transliterar(mensaje)
    sendable = enviables_de(audiencia, tenant_id=usuario.tenant_id, remitente=valor_de(remitente))
    longest = sendable.order_by(Length("nombre").desc(), "pk").first()
    return VistaPrevia(
        total=medida.total,
        costo=calcular(mensaje, grupos),
        letras_ucs2=letras_ucs2(mensaje),
        ejemplos=[_ejemplo(enlazado, cliente) for cliente in sendable.order_by("pk")[:EXAMPLES]],
        mas_largo=_ejemplo(enlazado, longest) if longest else None,
        transliterado=plain if plain != mensaje else None,
        costo_transliterado=calcular(plain, grupos) if plain != mensaje else None,
    )


def _ejemplo(mensaje: str, cliente: Cliente) -> Ejemplo:
    texto = mensajes.render(mensaje, cliente.nombre)
    return Ejemplo(cliente.pk, cliente.nombre, texto, contar(texto))
