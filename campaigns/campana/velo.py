"""Recipients as people see them who may not see phones whole: in pages, the API and files."""

from collections.abc import Iterable
from dataclasses import replace

from campaigns.campana.selectors import Motivo
from campaigns.models import SMSLog
from core.models import Usuario
from core.permisos import Accion
from core.text.formato import oculto, sin_telefonos


def velar(usuario: Usuario, logs: Iterable[SMSLog]) -> list[SMSLog]:
    """Return the recipients as the person may see them. They are for showing: nobody saves them.

    A phone keeps its last digits, and so does one in a name, in Twilio's words or in a text: people write a phone into
    a name that has none.
    """
    shown = list(logs)
    if not usuario.puede(Accion.VER_TELEFONOS):
        for log in shown:
            log.telefono = oculto(log.telefono)
            log.nombre, log.error, log.mensaje = map(sin_telefonos, (log.nombre, log.error, log.mensaje))
    return shown


def velar_motivos(usuario: Usuario, motivos: Iterable[Motivo]) -> list[Motivo]:
    """Return why messages failed, as the person may see it."""
    if usuario.puede(Accion.VER_TELEFONOS):
        return list(motivos)
    return [replace(m, error=sin_telefonos(m.error), nombres=[*map(sin_telefonos, m.nombres)]) for m in motivos]
