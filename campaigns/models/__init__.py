"""Every model of the package: `from campaigns.models import CampanaSMS`.

The ledger in PostgreSQL is the truth about what was sent; Redis and Celery only make it fast.
"""

from campaigns.models.ajustes import Ajustes, AjustesCambio
from campaigns.models.alerta import AjustesAlertas, Alerta, EntregaAlerta
from campaigns.models.campana import CampanaSMS
from campaigns.models.cierre import CierreDiario, Diferencia, MensajeListado
from campaigns.models.cupos import Contacto, Gasto
from campaigns.models.descarte import Descarte
from campaigns.models.destinatario import Destinatario
from campaigns.models.entrante import Entrante
from campaigns.models.gancho import EntregaGancho, EventoGancho, Gancho
from campaigns.models.limites import Limites, LimitesTienda
from campaigns.models.llave import Llave
from campaigns.models.lote import Lote
from campaigns.models.plantilla import MENSAJE_MAX, PlantillaSMS
from campaigns.models.programacion import Ocurrencia, Programacion
from campaigns.models.remitente import Remitente
from campaigns.models.respuesta import RespuestaGuardada
from campaigns.models.smslog import SMSLog
from campaigns.models.suceso import Suceso

__all__ = [
    "MENSAJE_MAX",
    "Ajustes",
    "AjustesAlertas",
    "AjustesCambio",
    "Alerta",
    "CampanaSMS",
    "CierreDiario",
    "Contacto",
    "Descarte",
    "Destinatario",
    "Diferencia",
    "Entrante",
    "EntregaAlerta",
    "EntregaGancho",
    "EventoGancho",
    "Gancho",
    "Gasto",
    "Limites",
    "LimitesTienda",
    "Llave",
    "Lote",
    "MensajeListado",
    "Ocurrencia",
    "PlantillaSMS",
    "Programacion",
    "Remitente",
    "RespuestaGuardada",
    "SMSLog",
    "Suceso",
]
