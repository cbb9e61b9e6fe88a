"""The preview and the engine agree about every client: random shops with all that may keep somebody out at once.

Few worlds with many clients each: a world costs as much as a statement, a client nearly nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from campaigns.audiencia.juicio import JUZGADOS_TODOS, parametros
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.services import NuevaCampana, crear_campana
from campaigns.ley.limites import cambiar_limites
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Contacto, Entrante, SMSLog
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.horario import dia_de
from campaigns.vista_previa.calculo import calcular_vista_previa
from clientes.bajas.services import Prueba, dar_de_alta, dar_de_baja
from clientes.models import Cliente, Fuente
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests.factories import CampanaFactory
from workers.engine.campaign import campana as campanas
from workers.engine.lote import publishing

CONSULTA: Final = date(2026, 1, 10)
# Few phones for many clients: families share them. Some are of other countries, fixed lines, or none at all.
PHONES: Final = (
    *(f"+5730011122{n:02d}" for n in range(24)),
    "+525512345678", "+51987654321", "+14155552671", "+34612345678", "6012345678", "300", "no tiene", "",
)  # fmt: skip
NADA: Final = "nada"


@dataclass(frozen=True, slots=True)
class Uno:
    """A client of a world.

    Args:
        consent: days between the consultation of the register and the consent; None for no consent.
    """

    phone: str
    activo: bool
    consent: int | None


@dataclass(frozen=True, slots=True)
class Mundo:
    """A shop: its clients, its protections, and what is known of phones."""

    clientes: tuple[Uno, ...]
    protections: dict[str, bool]
    maximum: int
    countries: tuple[str, ...]
    clase: str
    lote: int
    phones: dict[str, tuple[str, bool, int]]  # phone: (word about opting out, in the register, messages of today)


UNOS: Final = st.builds(
    Uno,
    phone=st.sampled_from(PHONES),
    activo=st.sampled_from([True, True, True, False]),
    consent=st.sampled_from([None, -5, 0, 1, 30]),
)
MUNDOS: Final = st.builds(
    Mundo,
    clientes=st.lists(UNOS, min_size=25, max_size=60).map(tuple),
    protections=st.fixed_dictionaries(
        {name: st.booleans() for name in ("rne_activo", "exigir_consentimiento", "frecuencia_activa")}
    ),
    maximum=st.integers(1, 3),
    countries=st.sampled_from([("CO",), ("CO", "MX"), ("*",), ("MX",)]),
    clase=st.sampled_from(["promocional", "promocional", "transaccional"]),
    lote=st.sampled_from([4, 9, 500]),
    phones=st.fixed_dictionaries(
        {
            phone: st.tuples(
                st.sampled_from([NADA, NADA, NADA, "baja", "vuelve", "duda"]), st.booleans(), st.integers(0, 3)
            )
            for phone in PHONES
            if phone.startswith("+")
        }
    ),
)


def build(owner: Usuario, mundo: Mundo) -> list[int]:
    """Make the world; the ids of its clients."""
    cambiar_limites(tienda=owner, cambios={"paises": list(mundo.countries)})
    changes = {**mundo.protections, "frecuencia_maxima": mundo.maximum, "ventanas_activas": False}
    cambiar_ajustes(usuario=owner, cambios=changes, motivo="Un mundo al azar")
    made = []
    for n, one in enumerate(mundo.clientes):
        given = {} if one.consent is None else {
            "consentimiento_fuente": "Caja", "consentimiento_en": CONSULTA + timedelta(days=one.consent),
        }  # fmt: skip
        cliente = Cliente(usuario=owner, nombre=f"Ana {n}", telefono=one.phone, activo=one.activo, **given)
        cliente.derive_phone()
        made.append(cliente)
    Cliente.objects.bulk_create(made)
    other = CampanaFactory.create(usuario=owner)
    today = dia_de(ajustes_de(owner.pk).zona, timezone.now())
    for n, (phone, (word, _, contacts)) in enumerate(mundo.phones.items()):
        if word in {"baja", "vuelve"}:
            dar_de_baja(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        if word == "vuelve":
            dar_de_alta(telefono=phone, tienda_id=owner.pk, prueba=Prueba(Fuente.MANUAL))
        if word == "duda":
            Entrante.objects.create(usuario=owner, sid=f"SM{n}", telefono=phone, texto="baja ana", tipo="duda")
        Contacto.objects.bulk_create(
            Contacto(usuario=owner, dia=today, telefono=phone, n=each + 1, campana=other) for each in range(contacts)
        )
    registered = [phone for phone, (_, there, _) in mundo.phones.items() if there]
    if registered:
        importar_lista(usuario=owner, telefonos=registered, consultado_en=CONSULTA, reemplaza=False)
    return [cliente.pk for cliente in made]


def foreseen(owner: Usuario, ids: list[int], *, a_toda_hora: bool) -> dict[int, str]:
    """The code of each client by the statement from which the preview is counted."""
    ajustes = ajustes_de(owner.pk)
    dia = dia_de(ajustes.zona, timezone.now())
    params = parametros(ajustes, dia=dia, remitente=valor_de(None), a_toda_hora=a_toda_hora)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH elegidos AS (SELECT u.id, u.n FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)),"
            f"{JUZGADOS_TODOS} SELECT cliente_id, codigo FROM juzgados",
            params | {"ids": ids},
        )
        return dict(cursor.fetchall())


@runs(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MUNDOS)
def test_the_preview_says_of_each_what_the_engine_does(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, mundo: Mundo
) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)
    with transaction.atomic(), override_settings(LOTE_SIZE=mundo.lote, LOTES_EN_VUELO=100):
        ids = build(owner, mundo)
        audiencia = Audiencia.de_ids(ids)
        motivo = "" if mundo.clase == "promocional" else "Pedidos listos"
        nueva = NuevaCampana(mensaje="Hola {nombre}", audiencia=audiencia, clase=mundo.clase, clase_motivo=motivo)
        seen = calcular_vista_previa(usuario=owner, mensaje=nueva.mensaje, audiencia=audiencia, clase=mundo.clase)
        said = foreseen(owner, ids, a_toda_hora=mundo.clase != "promocional")
        campana, _ = crear_campana(usuario=owner, nueva=nueva)
        for _ in ids:
            campanas.advance(campana.pk)
            logs = SMSLog.objects.filter(campana=campana)
            if logs.count() == len(ids):
                break
        done = dict(logs.values_list("cliente_id", "codigo"))
        assert said == done
        excluded = Counter(code for code in done.values() if code)
        assert (seen.total, seen.costo.destinatarios) == (len(ids), len(ids) - excluded.total())
        assert seen.costo.excluidos == excluded
        # And nobody is written to twice, whatever the order.
        phones = list(logs.filter(codigo="").values_list("telefono", flat=True))
        assert len(phones) == len(set(phones))
        assert codigos.TELEFONO_DUPLICADO not in done.values() or phones
        transaction.set_rollback(True)
