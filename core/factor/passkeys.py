"""Passkeys: a person's device or security key signs a challenge in the place of a code (WebAuthn, W3C Level 3).

They are bound to the host of PUBLIC_URL, so that a page which imitates ours gets nothing from them. Who has one has an
app's codes too, for the day on which the device is elsewhere.
"""

import json
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core import correo
from core.factor.services import EMISOR
from core.models import Factor, LlaveAcceso, Usuario
from core.registro import Tipo, anotar

PUESTA: Final = "Se añadió una llave de acceso"
LLAVES_MAX: Final = 10
# An answer is some thousand characters; with an attestation, which nobody asks for, a few more.
RESPUESTA_MAX: Final = 20_000
RETO_BYTES: Final = 32
# What an answer raises that a browser did not make.
MALA: Final = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)


def reto_nuevo() -> str:
    """Return a challenge, good for one answer."""
    return bytes_to_base64url(secrets.token_bytes(RETO_BYTES))


def opciones_para_poner(factor: Factor, reto: str) -> str:
    """Return what the browser needs to make a passkey: `PublicKeyCredentialCreationOptions` as JSON."""
    usuario = factor.usuario
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=EMISOR,
        user_id=f"usuario-{usuario.pk}".encode(),
        user_name=usuario.get_username(),
        challenge=base64url_to_bytes(reto),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_conocidas(factor),
    )
    return webauthn.options_to_json(options)


def opciones_para_ingresar(usuario: Usuario, reto: str) -> str | None:
    """Return what the browser needs to sign the challenge, as JSON; None when the person has no passkey."""
    factor = Factor.objects.filter(usuario=usuario).first()
    known = _conocidas(factor) if factor else []
    if not known:
        return None
    options = webauthn.generate_authentication_options(
        rp_id=_host(), challenge=base64url_to_bytes(reto), allow_credentials=known
    )
    return webauthn.options_to_json(options)


def poner(*, factor: Factor, reto: str, respuesta: str, nombre: str) -> bool:
    """Keep a passkey that signed the challenge; return False when the answer proves nothing.

    Args:
        respuesta: the browser's JSON.
        nombre: what the person calls it.
    """
    try:
        made = webauthn.verify_registration_response(
            credential=_leida(respuesta),
            expected_challenge=base64url_to_bytes(reto),
            expected_rp_id=_host(),
            expected_origin=_origen(),
        )
    except MALA:
        return False
    credencial = bytes_to_base64url(made.credential_id)
    with transaction.atomic():
        Factor.objects.select_for_update().get(pk=factor.pk)  # serialises two clicks
        if LlaveAcceso.objects.filter(credencial=credencial).exists() or factor.llaves.count() >= LLAVES_MAX:
            return False
        factor.llaves.create(
            nombre=nombre,
            credencial=credencial,
            clave_publica=bytes_to_base64url(made.credential_public_key),
            contador=made.sign_count,
        )
        anotar(Tipo.FACTOR, usuario=factor.usuario, detalle=f"llave de acceso: {nombre}")
        correo.avisar(factor.usuario, PUESTA)
    return True


def verificar(*, usuario: Usuario, reto: str, respuesta: str) -> bool:
    """Tell whether one of the person's passkeys signed the challenge."""
    try:
        said = _leida(respuesta)
        llave = LlaveAcceso.objects.filter(factor__usuario=usuario, credencial=str(said["id"])).first()
        if llave is None:
            return False
        signed = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=base64url_to_bytes(reto),
            expected_rp_id=_host(),
            expected_origin=_origen(),
            credential_public_key=base64url_to_bytes(llave.clave_publica),
            credential_current_sign_count=llave.contador,
        )
    except MALA:
        return False
    llave.contador, llave.usada = signed.new_sign_count, timezone.now()
    llave.save(update_fields=["contador", "usada"])
    return True


def quitar(*, factor: Factor, pk: int) -> bool:
    """Take a passkey away; return False when it is none of the person's."""
    with transaction.atomic():
        llave = factor.llaves.filter(pk=pk).first()
        if llave is None:
            return False
        llave.delete()
        anotar(Tipo.FACTOR_FUERA, usuario=factor.usuario, detalle=f"llave de acceso: {llave.nombre}")
    return True


def _conocidas(factor: Factor) -> list[PublicKeyCredentialDescriptor]:
    ids = factor.llaves.values_list("credencial", flat=True)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in ids]


def _leida(respuesta: str) -> dict[str, Any]:
    """Read the browser's JSON; an answer that is none raises one of MALA."""
    said = json.loads(respuesta if len(respuesta) <= RESPUESTA_MAX else "")
    if not isinstance(said, dict) or "\x00" in str(said["id"]):
        raise TypeError(respuesta[:80])
    return said


def _origen() -> str:
    """Return the origin of PUBLIC_URL as browsers write it: https://www.rfc-editor.org/rfc/rfc6454#section-6.2"""
    parts = urlsplit(settings.PUBLIC_URL)
    port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or ""
