"""Services of alerts: raising them, and keeping what a shop wants to be told."""

import base64
import secrets
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from campaigns.models import AjustesAlertas, Alerta, EntregaAlerta, Suceso
from campaigns.values.direccion import leer
from core import registro
from core.errors import ConflictError
from core.models import Usuario
from core.nudges import nudge
from core.registro import anotar

ENTREGAR: Final = "workers.entregar_alertas"
SIN_DESTINO: Final = "No hay a quién avisar: guarde primero una dirección de webhook o un correo."

Tipo = Alerta.Tipo

# what happened: (the alert, the field of AjustesAlertas that wants it)
AVISAN: Final = {
    Suceso.Tipo.PAUSADA_SOLA: (Tipo.PAUSADA, "al_pausarse"),
    Suceso.Tipo.SIN_AVANCE: (Tipo.DETENIDA, "al_detenerse"),
    Suceso.Tipo.ERROR: (Tipo.ERROR, "al_fallar"),
}


def nuevo_secreto() -> str:
    """Make a secret as https://www.standardwebhooks.com asks: 24 random bytes in base64, with a prefix that says what
    it is."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def guardar_ajustes(*, usuario: Usuario, datos: dict[str, Any]) -> AjustesAlertas:
    """Keep what a shop wants; its secret is made with its first address.

    Args:
        datos: fields of AjustesAlertas but the secret, already validated one by one.

    Raises:
        InvalidInputError: the address may not be called.
    """
    if datos.get("url"):
        leer(datos["url"])
    ajustes, _ = AjustesAlertas.objects.get_or_create(usuario_id=usuario.tenant_id)
    for name, value in datos.items():
        setattr(ajustes, name, value)
    if ajustes.url and not ajustes.secreto:
        ajustes.secreto = nuevo_secreto()
    ajustes.save()
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=", ".join(sorted(datos)))
    return ajustes


def cambiar_secreto(*, usuario: Usuario) -> AjustesAlertas:
    """Make a new secret in the place of the old one, which signs nothing any more."""
    ajustes, _ = AjustesAlertas.objects.get_or_create(usuario_id=usuario.tenant_id)
    ajustes.secreto = nuevo_secreto()
    ajustes.save(update_fields=["secreto"])
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle="secreto")
    return ajustes


def avisar(suceso: Suceso) -> Alerta | None:
    """Raise the alert of what happened, in the caller's transaction, if the shop wants one and has said where."""
    known = AVISAN.get(Suceso.Tipo(suceso.tipo))
    if known is None:
        return None
    tipo, wanted = known
    campana = suceso.campana
    ajustes = AjustesAlertas.objects.filter(usuario_id=campana.usuario_id).first()
    if ajustes is None or not getattr(ajustes, wanted):
        return None
    path = reverse("campana", args=[campana.pk])
    datos = {
        "campana": {"id": campana.pk, "nombre": campana.nombre, "url": f"{settings.PUBLIC_URL}{path}"},
        "motivo": suceso.detalle,
    }
    return _crear(ajustes, tipo, datos, suceso)


def probar(*, usuario: Usuario) -> Alerta:
    """Raise an alert that says that it is a trial.

    Raises:
        ConflictError: there is nobody to tell.
    """
    ajustes = AjustesAlertas.objects.filter(usuario_id=usuario.tenant_id).first()
    alerta = _crear(ajustes, Tipo.PRUEBA, {"motivo": "Es una prueba: no pasó nada."}) if ajustes else None
    if alerta is None:
        raise ConflictError(SIN_DESTINO, code="no_destination")
    return alerta


@transaction.atomic
def _crear(
    ajustes: AjustesAlertas, tipo: Alerta.Tipo, datos: dict[str, Any], suceso: Suceso | None = None
) -> Alerta | None:
    canal = EntregaAlerta.Canal
    destinos = [(canal.WEBHOOK, ajustes.url)] if ajustes.url else []
    destinos += [(canal.CORREO, correo) for correo in ajustes.correos]
    if not destinos:
        return None
    alerta = Alerta.objects.create(usuario_id=ajustes.pk, suceso=suceso, tipo=tipo, datos=datos)
    EntregaAlerta.objects.bulk_create(
        EntregaAlerta(alerta=alerta, canal=canal, destino=destino) for canal, destino in destinos
    )
    nudge(ENTREGAR)
    return alerta
