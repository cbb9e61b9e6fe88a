"""Writes, checks and removes a person's second factor.

The rules are of OWASP ASVS 5.0, 6.5 (https://github.com/OWASP/ASVS) and RFC 6238, section 5.2. How often one may guess
is the caller's business: see `core.guesses`.
"""

import hashlib
import re
import secrets
import time
from base64 import b32encode
from typing import Final

import pyotp
from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from pyotp.exceptions import OTPVerificationError

from core import correo, llaves
from core.models import CodigoRecuperacion, Factor, Usuario
from core.permisos import ESCRIBEN
from core.registro import Tipo, anotar

PUESTO: Final = "Se puso un segundo factor"
QUITADO: Final = "Se quitó el segundo factor"
# Somebody who asks for a key of the API has shown it: see core.guesses, which the API must not import.
mostrado: Final = Signal()
EMISOR: Final = "Campañas SMS"
# A clock may be wrong by so many steps of 30 seconds.
DESFASE: Final = 1
CODIGOS: Final = 10
# 120 bits: from 112 on a plain hash protects them (ASVS 6.5.2).
CODIGO_BYTES: Final = 15
DIGITOS: Final = re.compile(r"[0-9]{6}")
APARTE: Final = re.compile(r"[\s-]+")
# More is no code, and is not looked at.
LARGO_MAX: Final = 64


def exigido(usuario: Usuario) -> bool:
    """Tell whether the person must have a second factor: operators of the installation and whoever does more in a shop
    than read, where the installation says so."""
    does = usuario.is_staff or usuario.is_superuser or not usuario.permisos.isdisjoint(ESCRIBEN)
    return bool(settings.SECOND_FACTOR_REQUIRED and does)


def tiene(usuario: Usuario) -> bool:
    """Tell whether the person has one."""
    return Factor.objects.filter(usuario=usuario).exists()


def secreto_nuevo() -> str:
    """Return a secret for an app: 160 bits in Base32, as RFC 4226, section 4, recommends."""
    return pyotp.random_base32()


def direccion(usuario: Usuario, secreto: str) -> str:
    """Return what the QR says: https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
    return pyotp.TOTP(secreto).provisioning_uri(name=usuario.get_username(), issuer_name=EMISOR)


def paso_de(secreto: str, texto: str) -> int | None:
    """Return the step of 30 seconds whose code this is, now or one step away; None when it is none."""
    codigo = APARTE.sub("", texto[:LARGO_MAX])
    if not DIGITOS.fullmatch(codigo):
        return None
    try:
        return pyotp.TOTP(secreto).verify_and_get_timecode(codigo, for_time=time.time(), valid_window=DESFASE)
    except OTPVerificationError:
        return None


def verificar(*, usuario: Usuario, texto: str) -> bool:
    """Use up a code of the app or a recovery code; return False for one that is wrong or was used before."""
    factor = Factor.objects.filter(usuario=usuario).first()
    if factor is None:
        return False
    paso = paso_de(factor.secreto, texto)
    if paso is not None:
        # One statement: of two who show the same code at once, one comes in.
        return bool(Factor.objects.filter(pk=factor.pk, paso__lt=paso).update(paso=paso))
    with transaction.atomic():
        used = bool(CodigoRecuperacion.objects.filter(factor=factor, huella=_huella(texto)).delete()[0])
        if used:
            anotar(Tipo.RECUPERACION, usuario=usuario, detalle=f"usó uno; quedan {factor.codigos.count()}")
    return used


def poner(*, usuario: Usuario, secreto: str, texto: str) -> list[str] | None:
    """Give the person this factor, in the place of any other, if the code proves that their app has it.

    Every session of theirs ends, and every key that the password alone gave: the caller keeps the session that asked.

    Returns:
        The recovery codes, which are known nowhere else; None when the code is wrong.
    """
    paso = paso_de(secreto, texto)
    if paso is None:
        return None
    with transaction.atomic():
        Usuario.objects.select_for_update().get(pk=usuario.pk)  # serialises two clicks
        Factor.objects.filter(usuario=usuario).delete()
        factor = Factor.objects.create(usuario=usuario, secreto=secreto, paso=paso)
        codigos = _codigos(factor)
        usuario.end_sessions()
        llaves.revocar_por_clave(usuario)
        anotar(Tipo.FACTOR, usuario=usuario)
        correo.avisar(usuario, PUESTO)
    return codigos


def codigos_nuevos(*, usuario: Usuario) -> list[str]:
    """Make new recovery codes; the old ones are worth nothing from now on.

    Raises:
        Factor.DoesNotExist: the person has no second factor.
    """
    with transaction.atomic():
        factor = Factor.objects.select_for_update().get(usuario=usuario)
        factor.codigos.all().delete()
        anotar(Tipo.RECUPERACION, usuario=usuario, detalle="hizo otros")
        return _codigos(factor)


def quitar(*, usuario: Usuario) -> bool:
    """Take the person's second factor away, end their sessions and the keys that their password gave; return False when
    there was none."""
    with transaction.atomic():
        ended = bool(Factor.objects.filter(usuario=usuario).delete()[0])
        if ended:
            usuario.end_sessions()
            llaves.revocar_por_clave(usuario)
            anotar(Tipo.FACTOR_FUERA, tienda=usuario, detalle=f"de {usuario.get_username()}")
            correo.avisar(usuario, QUITADO)
    return ended


def _codigos(factor: Factor) -> list[str]:
    made = [b32encode(secrets.token_bytes(CODIGO_BYTES)).decode().lower() for _ in range(CODIGOS)]
    CodigoRecuperacion.objects.bulk_create(CodigoRecuperacion(factor=factor, huella=_huella(one)) for one in made)
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in made]


def _huella(texto: str) -> str:
    return hashlib.sha256(APARTE.sub("", texto[:LARGO_MAX]).lower().encode()).hexdigest()
