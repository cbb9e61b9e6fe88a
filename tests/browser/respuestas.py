"""A shop whose clients write back."""

from datetime import timedelta

from django.utils import timezone

from campaigns.entrantes.services import Texto, recibir
from campaigns.models import Entrante, SMSLog
from clientes.models import Cliente
from core.models import Usuario
from tests.browser import tienda

NUMERO = "+15005550006"
TEXTOS = (
    "¿Tienen el vestido azul en talla M? Lo vi en la vitrina del centro. ¿Me lo guardan hasta el sábado por la tarde?",
    "BAJA por favor",
    "Gracias 👍",
    "No me escriban más",
    "AYUDA",
    "¿A qué hora abren el domingo?",
)


def dudosa(cliente: Cliente) -> None:
    """Let a client write what may be an opt-out."""
    texto = "Ya me tienen harto con tantos mensajes"
    recibir(Texto(f"SM{96:032x}", cliente.telefono_e164, NUMERO, "", texto))


def surtida(owner: Usuario) -> list[Cliente]:
    """Clients of a running campaign, some of whom answered it; one of them came back."""
    owner.tienda = "Modas Zafiro"
    owner.save()
    clientes = tienda.clientes(owner, 30)
    tienda.en_curso(owner, clientes)
    SMSLog.objects.update(reclamado_en=timezone.now())
    for n, texto in enumerate(TEXTOS):
        recibir(Texto(f"SM{n:032x}", clientes[n].telefono_e164, NUMERO, "", texto))
    recibir(Texto(f"SM{98:032x}", clientes[3].telefono_e164, NUMERO, "", "ALTA"))
    recibir(Texto(f"SM{99:032x}", "+573209998877", NUMERO, "", "Quién es?"))
    recibir(Texto(f"SM{97:032x}", clientes[0].telefono_e164, NUMERO, "", "Hola?"))
    for minutes, row in enumerate(Entrante.objects.order_by("-pk")):
        Entrante.objects.filter(pk=row.pk).update(recibido=timezone.now() - timedelta(minutes=7 * minutes))
    Entrante.objects.filter(texto="Gracias 👍").update(leido_en=timezone.now())
    SMSLog.objects.update(actualizado=timezone.now() - timedelta(hours=2))
    return clientes
