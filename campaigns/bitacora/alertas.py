"""Services of alerts: raising them, and keeping what a shop wants to be told.

An alert leaves by email from the installation's address, with words of the shop in it: so it goes only to whoever has
said yes to a link (https://cheatsheetseries.owasp.org/cheatsheets/Input_Validation_Cheat_Sheet.html, Email Address
Validation), and what is sent to all others, the link itself, holds no word of a shop.
"""

import base64
import secrets
from datetime import timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from limits import RateLimitItemPerDay
from rest_framework.exceptions import Throttled

from campaigns.models import AjustesAlertas, Alerta, EntregaAlerta, Suceso
from campaigns.values.direccion import leer
from core import registro
from core.api.throttling import count_here_too
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.nudges import nudge
from core.registro import anotar

ENTREGAR: Final = "workers.entregar_alertas"
SIN_DESTINO: Final = "No hay a quién avisar: guarde primero una dirección de webhook o un correo."
SIN_CONFIRMAR: Final = "Nadie ha confirmado todavía los correos: el enlace está en el mensaje que les llegó."
MUCHOS_CORREOS: Final = "Hoy ya se enviaron {max} enlaces de confirmación: agregue mañana los correos que faltan."

# Of a shop in 24 hours: what is sent to people who have not asked for it.
CONFIRMACIONES_MAX: Final = 20
POR_CORREO_MAX: Final = 3
OTRO_ENLACE: Final = timedelta(hours=1)  # an address gets no other before
ENLACE_S: Final = 3 * 24 * 3600  # a link is good for so long
SAL: Final = "campaigns.alertas.correo"
PRUEBAS: Final = RateLimitItemPerDay(30)  # trials of a shop; each is an email to all its addresses

Tipo = Alerta.Tipo

# what happened: (the alert, the field of AjustesAlertas that wants it)
AVISAN: Final = {
    Suceso.Tipo.PAUSADA_SOLA: (Tipo.PAUSADA, "al_pausarse"),
    Suceso.Tipo.SIN_AVANCE: (Tipo.DETENIDA, "al_detenerse"),
    Suceso.Tipo.ERROR: (Tipo.ERROR, "al_fallar"),
}


class DemasiadasError(Throttled):
    """Raised when a shop has asked for too many trials today; the API answers it by itself.

    Args:
        espera: seconds until another is allowed.
    """

    def __init__(self, espera: float) -> None:
        super().__init__(espera)
        self.espera = espera


def nuevo_secreto() -> str:
    """Make a secret as https://www.standardwebhooks.com asks: 24 random bytes in base64, with a prefix that says what
    it is."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


@transaction.atomic
def guardar_ajustes(*, usuario: Usuario, datos: dict[str, Any]) -> AjustesAlertas:
    """Keep what a shop wants; its secret is made with its first address. A new email is sent a link to confirm it.

    Args:
        datos: fields of AjustesAlertas but the secret and who has confirmed, already validated one by one.

    Raises:
        InvalidInputError: the address may not be called, or too many emails were asked to confirm today.
    """
    if datos.get("url"):
        leer(datos["url"])
    AjustesAlertas.objects.get_or_create(usuario_id=usuario.tenant_id)
    ajustes = AjustesAlertas.objects.select_for_update().get(pk=usuario.tenant_id)
    for name, value in datos.items():
        setattr(ajustes, name, value)
    ajustes.correos = list(dict.fromkeys(ajustes.correos))
    if ajustes.url and not ajustes.secreto:
        ajustes.secreto = nuevo_secreto()
    # One that is taken out and comes back is asked again.
    ajustes.confirmados = [correo for correo in ajustes.confirmados if correo in ajustes.correos]
    ajustes.save()
    anotar(registro.Tipo.ALERTAS, usuario=usuario, detalle=", ".join(sorted(datos)))
    if "correos" in datos:
        _pedir_confirmacion(ajustes)
    return ajustes


def _pedir_confirmacion(ajustes: AjustesAlertas) -> None:
    """Send a link to each address that waits for one. The caller holds the row."""
    sent = EntregaAlerta.objects.filter(
        alerta__usuario_id=ajustes.pk,
        alerta__tipo=Tipo.CONFIRMACION,
        alerta__creada__gt=Now() - timedelta(days=1),
    )
    of_day = list(sent.values_list("destino", flat=True))
    lately = set(sent.filter(alerta__creada__gt=Now() - OTRO_ENLACE).values_list("destino", flat=True))
    wait = [c for c in ajustes.sin_confirmar if c not in lately and of_day.count(c) < POR_CORREO_MAX]
    if len(of_day) + len(wait) > CONFIRMACIONES_MAX:
        raise InvalidInputError(MUCHOS_CORREOS.format(max=CONFIRMACIONES_MAX), field="correos", code="limit")
    for correo in wait:
        _crear(ajustes.pk, Tipo.CONFIRMACION, {}, [(EntregaAlerta.Canal.CORREO, correo)])


def enlace_de(tenant_id: int, correo: str) -> str:
    """Return the address at which whoever reads this email says that alerts of the shop may come."""
    token = signing.dumps([tenant_id, correo], salt=SAL)
    return f"{settings.PUBLIC_URL}{reverse('alertas-confirmar', args=[token])}"


def por_confirmar(token: str) -> tuple[int, str] | None:
    """Return the shop and the email that a link is about; None when it is none of ours, too old, or not wanted any
    more."""
    try:
        tenant_id, correo = signing.loads(token, salt=SAL, max_age=ENLACE_S)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    wanted = AjustesAlertas.objects.filter(pk=tenant_id, correos__contains=[correo])
    return (tenant_id, correo) if wanted.exists() else None


@transaction.atomic
def confirmar(token: str) -> str | None:
    """Let alerts come to the email of a link from now on; return it, or None as `por_confirmar` does."""
    found = por_confirmar(token)
    if found is None:
        return None
    tenant_id, correo = found
    ajustes = AjustesAlertas.objects.select_for_update().get(pk=tenant_id)
    if correo not in ajustes.correos:
        return None
    if correo not in ajustes.confirmados:
        ajustes.confirmados.append(correo)
        ajustes.save(update_fields=["confirmados"])
        anotar(registro.Tipo.ALERTAS, tienda=ajustes.usuario, detalle=f"{correo}, confirmado")
    return correo


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
    return _crear(ajustes.pk, tipo, datos, _destinos(ajustes), suceso)


def avisar_de_gancho(*, usuario_id: int, url: str, motivo: str) -> None:
    """Raise the alert that a hook was disabled by itself, in the caller's transaction, if the shop has said where."""
    ajustes = AjustesAlertas.objects.filter(usuario_id=usuario_id).first()
    if ajustes is not None:
        _crear(usuario_id, Tipo.GANCHO, {"gancho": {"url": url}, "motivo": motivo}, _destinos(ajustes))


def probar(*, usuario: Usuario) -> Alerta:
    """Raise an alert that says that it is a trial.

    Raises:
        ConflictError: there is nobody to tell.
        DemasiadasError: the shop has asked for too many today.
    """
    ajustes = AjustesAlertas.objects.filter(usuario_id=usuario.tenant_id).first()
    destinos = _destinos(ajustes) if ajustes else []
    if not destinos:
        waiting = ajustes is not None and ajustes.sin_confirmar
        raise ConflictError(SIN_CONFIRMAR if waiting else SIN_DESTINO, code="no_destination")
    if (wait := count_here_too(PRUEBAS, f"alertas:prueba:{usuario.tenant_id}")) is not None:
        raise DemasiadasError(wait)
    alerta = _crear(usuario.tenant_id, Tipo.PRUEBA, {"motivo": "Es una prueba: no pasó nada."}, destinos)
    return cast("Alerta", alerta)


def _destinos(ajustes: AjustesAlertas) -> list[tuple[str, str]]:
    """The ways by which an alert leaves: only to emails that were confirmed."""
    canal = EntregaAlerta.Canal
    webhook = [(canal.WEBHOOK.value, ajustes.url)] if ajustes.url else []
    return webhook + [(canal.CORREO.value, correo) for correo in ajustes.correos if correo in ajustes.confirmados]


@transaction.atomic
def _crear(
    tenant_id: int,
    tipo: Alerta.Tipo,
    datos: dict[str, Any],
    destinos: list[tuple[str, str]],
    suceso: Suceso | None = None,
) -> Alerta | None:
    if not destinos:
        return None
    alerta = Alerta.objects.create(usuario_id=tenant_id, suceso=suceso, tipo=tipo, datos=datos)
    EntregaAlerta.objects.bulk_create(
        EntregaAlerta(alerta=alerta, canal=canal, destino=destino) for canal, destino in destinos
    )
    nudge(ENTREGAR)
    return alerta
