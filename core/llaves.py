"""Keys of the API: how they are written, made, found and ended.

A key begins with a word that secret scanners know it by and ends with a checksum, so that a text that only looks like
one, or lost a letter, is told apart without asking anybody:
https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core import addresses
from core.errors import ConflictError, ForbiddenError, InvalidInputError
from core.models import LlaveApi, Usuario
from core.permisos import ESCRIBEN, Accion
from core.registro import Tipo, anotar
from core.sessions import RECIENTE_S

Alcance = LlaveApi.Alcance
Origen = LlaveApi.Origen

MARCA: Final = "sms_live_"
MARCA_PRUEBA: Final = "sms_test_"
ALFABETO: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM: Final = 30  # letters: 178 bits
CHECK: Final = 6  # letters: 32 bits
LLAVE: Final = re.compile(rf"(?:{MARCA}|{MARCA_PRUEBA})([0-9A-Za-z]{{{RANDOM}}})([0-9A-Za-z]{{{CHECK}}})")
TOKEN: Final = re.compile(r"[0-9a-f]{40}")  # from before keys
PREFIJO: Final = len(MARCA) + 4

# Something of this a role must be let do for a key of its own to have the scope; `leer` everybody's may.
SIRVEN: Final = {
    Alcance.CLIENTES: {Accion.EDITAR_CLIENTES},
    Alcance.CAMPANAS: {Accion.EDITAR_CAMPANAS, Accion.MANEJAR, Accion.APROBAR},
    Alcance.TODO: {Accion.ADMINISTRAR},
}

# A key that is made without an end ends so much later.
DURA: Final = timedelta(days=365)
# Keys that people made, of one shop; and those that each person's password gave, the newest of which count.
MAXIMO: Final = 100
REDES_MAX: Final = 20  # of one key
# The rows of keys that are over stay so long, so that their use is still known for what it is.
QUEDAN: Final = timedelta(days=30)

NO_ES_RED: Final = (
    "«{}» no es una red. Escriba una dirección o una red desde su comienzo: 203.0.113.7 o 203.0.113.0/24."
)
NO_ES_SUYO: Final = "Su rol no alcanza para una llave con «{}»."
PRUEBA_TODO: Final = "Una llave de prueba no puede tener el alcance «todo»: con él cambiaría lo que es de verdad."
PASADA: Final = "Elija un momento por venir."
DURA_MAS: Final = "La llave con que pide esta vence antes: no puede hacer otra que dure más."
MAS_REDES: Final = "La llave con que pide esta solo sirve desde ciertas redes: la nueva debe quedar dentro de ellas."
DEMASIADAS: Final = f"La tienda ya tiene {MAXIMO} llaves: revoque alguna que no use."
CAMBIO: Final = "Su cuenta cambió mientras pedía la llave. Ingrese de nuevo."


def huella(llave: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(llave.encode()).hexdigest()


def nueva(*, prueba: bool = False) -> str:
    """Return the text of a new key."""
    azar = "".join(secrets.choice(ALFABETO) for _ in range(RANDOM))
    return f"{MARCA_PRUEBA if prueba else MARCA}{azar}{_check(azar)}"


def parece(text: str) -> bool:
    """Tell whether the text can be a key, or a token from before keys."""
    found = LLAVE.fullmatch(text)
    return found[2] == _check(found[1]) if found else TOKEN.fullmatch(text) is not None


def fin(con: LlaveApi | None, ahora: datetime) -> datetime:
    """Return the end of a key for which none was asked.

    Args:
        con: the key of who asks, if it is a program: what it makes ends no later, unless a password has just given it.
        ahora: the moment of asking.
    """
    end = ahora + DURA
    return end if con is None or _por_clave(con, ahora) or not con.vence_en else min(end, con.vence_en)


def _por_clave(con: LlaveApi, ahora: datetime) -> bool:
    """Tell whether the password that gave this key was given within the time for which it proves who asks."""
    return con.origen == Origen.CLAVE and ahora - con.creada_en <= timedelta(seconds=RECIENTE_S)


def alcances_de(usuario: Usuario) -> list[Alcance]:
    """Return the scopes that a key of the person may have."""
    return [one for one in Alcance if one not in SIRVEN or not usuario.permisos.isdisjoint(SIRVEN[one])]


def crear_llave(
    *,
    usuario: Usuario,
    nombre: str,
    alcances: Collection[str],
    vence_en: datetime | None,
    redes: Collection[str] = (),
    prueba: bool = False,
    con: LlaveApi | None = None,
) -> LlaveApi:
    """Make a key with which programs call as the person. Its text is in `llave`, this once.

    Args:
        alcances: one at least.
        vence_en: its end; None: it has none.
        redes: as `addresses.cidr` gives them; none: it is good from anywhere.
        prueba: what it sends is to leave nowhere.
        con: the key of who asks, if it is a program: what it makes is no better than itself, or a thief's key would
            outlive the one that was stolen.

    Raises:
        ForbiddenError: it would have a scope that the person's role has no use for, or a program's be better than its
            own.
        InvalidInputError: the end is past, or a test key would do everything.
        ConflictError: the shop has too many.
    """
    if more := [alcance for alcance in alcances if alcance not in alcances_de(usuario)]:
        raise ForbiddenError(NO_ES_SUYO.format(more[0]), field="alcances")
    if prueba and Alcance.TODO in alcances:
        raise InvalidInputError(PRUEBA_TODO, field="alcances")
    if vence_en is not None and vence_en <= timezone.now():
        raise InvalidInputError(PASADA, field="vence_en", code="past")
    if con is not None and not _por_clave(con, timezone.now()):  # who has just given it may do what they like
        if con.vence_en and (vence_en is None or vence_en > con.vence_en):
            raise ForbiddenError(DURA_MAS, field="vence_en")
        if con.redes and not (redes and all(addresses.is_within(red, con.redes) for red in redes)):
            raise ForbiddenError(MAS_REDES, field="redes")
    with transaction.atomic():
        _lock(usuario)
        Usuario.objects.select_for_update(no_key=True).get(
            pk=usuario.tenant_id
        )  # two requests count one after the other
        alive = llaves_de_la_tienda(usuario).filter(origen=Origen.PERSONA).exclude(vence_en__lt=Now())
        if alive.count() >= MAXIMO:
            raise ConflictError(DEMASIADAS, code="too_many")
        row = _insert(
            usuario=usuario,
            nombre=nombre,
            alcances=[alcance for alcance in Alcance.values if alcance in alcances],
            redes=list(dict.fromkeys(redes)),
            vence_en=vence_en,
            prueba=prueba,
        )
        anotar(Tipo.LLAVE_NUEVA, usuario=usuario, detalle=f"{row}: {', '.join(row.alcances)}")
    return row


def llave_por_clave(*, usuario: Usuario) -> LlaveApi:
    """Make the key of a person who has just given the password: for all that they may do, and for some hours."""
    with transaction.atomic():
        _lock(usuario)
        row = _insert(
            usuario=usuario,
            nombre=Origen.CLAVE.label,
            # Whatever it is, the role bounds it.
            alcances=[Alcance.LEER] if usuario.permisos.isdisjoint(ESCRIBEN) else [Alcance.TODO],
            vence_en=timezone.now() + timedelta(hours=settings.API_TOKEN_H),
            origen=Origen.CLAVE,
        )
        given = LlaveApi.objects.filter(usuario=usuario, origen=Origen.CLAVE).values_list("pk", flat=True)
        LlaveApi.objects.filter(pk__in=list(given[MAXIMO : 2 * MAXIMO])).delete()
    return row


def revocar_llave(*, llave: LlaveApi) -> None:
    """End a key: its next use is refused, everywhere."""
    with transaction.atomic():
        if LlaveApi.objects.filter(pk=llave.pk, revocada_en=None).update(revocada_en=Now()):
            anotar(Tipo.LLAVE_REVOCADA, tienda=llave.usuario, detalle=str(llave))


def revocar_por_clave(usuario: Usuario) -> None:
    """End the keys that the person's password gave: what proves who they are has just changed."""
    LlaveApi.objects.filter(usuario=usuario, origen=Origen.CLAVE, revocada_en=None).update(revocada_en=Now())


def revocar_las_de_mas(usuario: Usuario) -> None:
    """End the keys that the person made and their present role could not: it has just changed."""
    scopes = [str(alcance) for alcance in alcances_de(usuario)]
    LlaveApi.objects.filter(usuario=usuario, revocada_en=None).exclude(alcances__contained_by=scopes).update(
        revocada_en=Now()
    )


def siguen(usuario: Usuario) -> str:
    """Return the sentence that tells how many keys still call as the person; "" when none does."""
    alive = LlaveApi.objects.filter(usuario=usuario, revocada_en=None).exclude(vence_en__lte=Now()).count()
    if not alive:
        return ""
    return "Sigue sirviendo 1 llave de la API." if alive == 1 else f"Siguen sirviendo {alive} llaves de la API."


def llaves_de(usuario: Usuario) -> QuerySet[LlaveApi]:
    """Return the keys that the person sees and may end: an admin the whole shop's, a vendedor their own.

    One that is over says so for a while; but those that a password gave are many, and nobody misses them.
    """
    found = llaves_de_la_tienda(usuario) if usuario.es_admin else llaves_de_la_tienda(usuario).filter(usuario=usuario)
    return found.exclude(origen=Origen.CLAVE, vence_en__lt=Now()).select_related("usuario")


def llaves_de_la_tienda(usuario: Usuario) -> QuerySet[LlaveApi]:
    """Return the keys of the person's shop that nobody has ended."""
    whose = Q(usuario_id=usuario.tenant_id) | Q(usuario__creado_por_id=usuario.tenant_id)
    return LlaveApi.objects.filter(whose, revocada_en=None)


def limpiar() -> int:
    """Drop the rows of keys that have been over for long; return how many."""
    before = timezone.now() - QUEDAN
    return LlaveApi.objects.filter(Q(revocada_en__lt=before) | Q(vence_en__lt=before)).delete()[0]


def _insert(*, prueba: bool = False, **campos: object) -> LlaveApi:
    llave = nueva(prueba=prueba)
    row = LlaveApi.objects.create(prueba=prueba, prefijo=llave[:PREFIJO], huella=huella(llave), **campos)
    row.llave = llave
    return row


def _check(azar: str) -> str:
    """Return the checksum that a key ends with: CRC-32, in base 62."""
    rest, text = zlib.crc32(azar.encode()), ""
    for _ in range(CHECK):
        rest, digit = divmod(rest, len(ALFABETO))
        text = ALFABETO[digit] + text
    return text


def _lock(usuario: Usuario) -> None:
    """Hold the person's row, so that whatever ends their keys comes before or after this one.

    Raises:
        ForbiddenError: it came before: they may no longer sign in, or have another password or role.
    """
    # Not the key of the row: who inserts what refers to the person waits for nobody.
    now = Usuario.objects.select_for_update(no_key=True).get(pk=usuario.pk)
    if (now.dentro, now.password, now.rol) != (True, usuario.password, usuario.rol):
        raise ForbiddenError(CAMBIO)
