"""The table of exclusions: what keeps somebody out does so in the preview, at the opening of a Lote, while they wait
and among the examples, and the first reason of the table is the one that is told."""

import re
from collections.abc import Callable
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.audiencia.juicio import (
    EXCLUSIONES,
    JUZGADOS,
    JUZGADOS_TODOS,
    REMEDIOS,
    TEXTOS,
    Exclusion,
    enviables_de,
    parametros,
)
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana import services
from campaigns.campana.motivos import remedio
from campaigns.ley.limites import cambiar_limites
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, CampanaSMS, Contacto, Entrante, SMSLog
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.horario import dia_de
from campaigns.vista_previa.costo import calcular, grupos_de
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.models import Cliente, Fuente
from clientes.rne.services import importar_lista
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from workers.engine.campaign import campana as campanas
from workers.engine.lote import cupos, publishing

LEY: Final = Path(__file__).parents[4] / "docs" / "ley.md"
ANTES, ANA = "+573004445566", "+573001112233"

todas = pytest.mark.parametrize("exclusion", EXCLUSIONES, ids=lambda exclusion: exclusion.code)


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_publish", lambda due, *, most: None)


@pytest.fixture
def owner(owner: Usuario) -> Usuario:
    """A shop in which every protection is on."""
    protections = {"exigir_consentimiento": True, "frecuencia_activa": True, "rne_activo": True}
    cambiar_ajustes(usuario=owner, cambios=protections)
    return owner


@pytest.fixture
def clientes(owner: Usuario) -> list[Cliente]:
    """One whom nothing keeps out, and Ana, who stands after them."""
    given = {"consentimiento_fuente": "Caja", "consentimiento_en": date(2026, 1, 1)}
    return [ClienteFactory.create(usuario=owner, telefono=telefono, **given) for telefono in (ANTES, ANA)]


def hoy(usuario_id: int) -> date:
    return dia_de(ajustes_de(usuario_id).zona, timezone.now())


def change(cliente: Cliente, **fields: object) -> None:
    for name, value in fields.items():
        setattr(cliente, name, value)
    cliente.save()


def opt_out(cliente: Cliente) -> None:
    dar_de_baja(telefono=cliente.telefono_e164, tienda_id=cliente.usuario_id, prueba=Prueba(Fuente.MANUAL))


def doubt(cliente: Cliente) -> None:
    Entrante.objects.create(
        usuario=cliente.usuario, sid="SM1", telefono=cliente.telefono_e164, texto="baja ana", tipo="duda"
    )


def register(cliente: Cliente) -> None:
    importar_lista(
        usuario=cliente.usuario, telefonos=[cliente.telefono_e164], consultado_en=date(2026, 1, 2), reemplaza=False
    )


def contact(cliente: Cliente) -> None:
    other = CampanaFactory.create(usuario=cliente.usuario)
    dia = hoy(cliente.usuario_id)
    Contacto.objects.create(usuario=cliente.usuario, dia=dia, telefono=cliente.telefono_e164, n=2, campana=other)


# How somebody comes to be kept out by each row of the table.
HAPPENS: Final[dict[str, Callable[[Cliente], object]]] = {
    codigos.CLIENTE_ELIMINADO: lambda ana: Cliente.objects.filter(pk=ana.pk).delete(),
    codigos.CLIENTE_INACTIVO: lambda ana: change(ana, activo=False),
    codigos.SIN_TELEFONO: lambda ana: change(ana, telefono=""),
    codigos.TELEFONO_INVALIDO: lambda ana: change(ana, telefono="12"),
    codigos.PAIS_NO_PERMITIDO: lambda ana: Cliente.objects.filter(pk=ana.pk).update(pais="PE"),
    codigos.BAJA: opt_out,
    codigos.BAJA_DUDOSA: doubt,
    codigos.RNE: register,
    codigos.SIN_CONSENTIMIENTO: lambda ana: change(ana, consentimiento_fuente="", consentimiento_en=None),
    codigos.FRECUENCIA: contact,
    codigos.TELEFONO_DUPLICADO: lambda ana: change(ana, telefono=ANTES),
}
# How a shop gives up each protection that is a setting.
GIVEN_UP: Final = {
    codigos.RNE: "rne_activo",
    codigos.SIN_CONSENTIMIENTO: "exigir_consentimiento",
    codigos.FRECUENCIA: "frecuencia_activa",
}


def give_up(owner: Usuario, code: str) -> None:
    if code == codigos.PAIS_NO_PERMITIDO:
        cambiar_limites(tienda=owner, cambios={"paises": ["*"]})
    else:
        cambiar_ajustes(usuario=owner, cambios={GIVEN_UP[code]: False}, motivo="Solo avisos de pedidos")


# A client whose message waits is not deleted.
WAIT = [exclusion for exclusion in EXCLUSIONES if exclusion.code != codigos.CLIENTE_ELIMINADO]


def create(owner: Usuario, clientes: list[Cliente]) -> CampanaSMS:
    audiencia = Audiencia.de_ids([cliente.pk for cliente in clientes])
    return services.crear_campana(usuario=owner, nueva=services.NuevaCampana(mensaje="Hola", audiencia=audiencia))[0]


def told(campana: CampanaSMS) -> list[str]:
    return list(SMSLog.objects.filter(campana=campana).order_by("id").values_list("codigo", flat=True))


def judged(clientes: list[int], ajustes: Ajustes, *, a_toda_hora: bool = False) -> str:
    """The last client's code, by the judgement of a Lote and by that of a whole audience, which must be the same."""
    params = parametros(ajustes, dia=hoy(ajustes.usuario_id), remitente=valor_de(None), a_toda_hora=a_toda_hora)
    found = []
    for juzgados in (JUZGADOS, JUZGADOS_TODOS):
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH elegidos AS (SELECT u.id, u.n FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)),"
                f"{juzgados} SELECT codigo FROM juzgados ORDER BY n DESC LIMIT 1",
                params | {"ids": clientes},
            )
            found.append(cursor.fetchone()[0])
    assert found[0] == found[1]
    return str(found[0])


def sendable(clientes: list[int], ajustes: Ajustes, *, a_toda_hora: bool = False) -> bool:
    """Tell whether the last client may stand as an example."""
    return (
        enviables_de(
            Audiencia.de_ids(clientes),
            ajustes=ajustes,
            dia=hoy(ajustes.usuario_id),
            remitente=valor_de(None),
            a_toda_hora=a_toda_hora,
        )
        .filter(pk=clientes[-1])
        .exists()
    )


@todas
def test_it_keeps_nobody_out_whom_it_does_not_mean(exclusion: Exclusion, clientes: list[Cliente]) -> None:
    ajustes = ajustes_de(clientes[0].usuario_id)
    ids = [cliente.pk for cliente in clientes]
    assert (judged(ids, ajustes), sendable(ids, ajustes)) == ("", True)
    HAPPENS[exclusion.code](clientes[1])
    assert (judged(ids[:1], ajustes), sendable(ids[:1], ajustes)) == ("", True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, codigos.RNE),
        (date(2025, 12, 31), codigos.RNE),
        (date(2026, 1, 2), codigos.RNE),  # of the day of the consultation
        (date(2026, 1, 3), ""),
        (date(2026, 2, 1), ""),
    ],
)
def test_a_consent_later_than_the_register_is_valid(given: date | None, code: str, clientes: list[Cliente]) -> None:
    ana = clientes[1]
    ajustes = ajustes_de(ana.usuario_id)
    ids = [cliente.pk for cliente in clientes]
    register(ana)
    change(ana, consentimiento_fuente="Caja" if given else "", consentimiento_en=given)
    assert (judged(ids, ajustes), sendable(ids, ajustes)) == (code, not code)
    costo = calcular("Hola", grupos_de(Audiencia.de_ids(ids), ajustes=ajustes, dia=hoy(ana.usuario_id)))
    assert costo.destinatarios == (1 if code else 2)


@todas
def test_the_preview_counts_it(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    ids = [cliente.pk for cliente in clientes]
    HAPPENS[exclusion.code](clientes[1])
    ajustes = ajustes_de(owner.pk)
    costo = calcular("Hola", grupos_de(Audiencia.de_ids(ids), ajustes=ajustes, dia=hoy(owner.pk)))
    assert (costo.excluidos, costo.destinatarios) == ({exclusion.code: 1}, 1)
    assert judged(ids, ajustes) == exclusion.code


@todas
def test_the_examples_leave_it_out(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    """But of two clients with one phone either may be an example: what they get is the same."""
    ids = [cliente.pk for cliente in clientes]
    HAPPENS[exclusion.code](clientes[1])
    assert sendable(ids, ajustes_de(owner.pk)) is (exclusion.code == codigos.TELEFONO_DUPLICADO)


@todas
def test_the_opening_of_a_lote_tells_it(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    found = create(owner, clientes)
    HAPPENS[exclusion.code](clientes[1])
    campanas.advance(found.pk)
    assert told(found) == ["", exclusion.code]
    assert SMSLog.objects.get(codigo=exclusion.code).error == exclusion.text


@pytest.mark.parametrize("exclusion", WAIT, ids=lambda exclusion: exclusion.code)
def test_who_waits_is_asked_again(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    found = create(owner, clientes)
    campanas.advance(found.pk)
    assert told(found) == ["", ""]
    HAPPENS[exclusion.code](clientes[1])
    cupos.renew(found)
    assert told(found) == ["", exclusion.code if exclusion.may_come_later else ""]


@pytest.mark.parametrize(
    ("first", "second"),
    [pytest.param(*pair, id=f"{pair[0].code}-{pair[1].code}") for pair in combinations(EXCLUSIONES, 2)],
)
def test_the_first_of_the_table_is_told(first: Exclusion, second: Exclusion, clientes: list[Cliente]) -> None:
    ids = [cliente.pk for cliente in clientes]
    HAPPENS[second.code](clientes[1])
    HAPPENS[first.code](clientes[1])
    assert judged(ids, ajustes_de(clientes[0].usuario_id)) == first.code


@pytest.mark.parametrize(
    "exclusion", [each for each in EXCLUSIONES if each.setting], ids=lambda exclusion: exclusion.code
)
def test_a_setting_is_given_up_everywhere(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    ids = [cliente.pk for cliente in clientes]
    HAPPENS[exclusion.code](clientes[1])
    give_up(owner, exclusion.code)
    ajustes = ajustes_de(owner.pk)
    assert (judged(ids, ajustes), sendable(ids, ajustes)) == ("", True)
    found = create(owner, clientes)
    campanas.advance(found.pk)
    cupos.renew(found)
    assert told(found) == ["", ""]


@todas
def test_what_goes_at_any_hour_escapes_some(exclusion: Exclusion, owner: Usuario, clientes: list[Cliente]) -> None:
    ids = [cliente.pk for cliente in clientes]
    HAPPENS[exclusion.code](clientes[1])
    ajustes = ajustes_de(owner.pk)
    escapes = not exclusion.at_all_hours
    assert judged(ids, ajustes, a_toda_hora=True) == ("" if escapes else exclusion.code)
    assert sendable(ids, ajustes, a_toda_hora=True) is (escapes or exclusion.code == codigos.TELEFONO_DUPLICADO)


def test_the_order_is_the_one_that_was_promised() -> None:
    paragraph = re.search(r"\*\*Why somebody gets nothing\.\*\*.*?\n\n", LEY.read_text(), re.DOTALL)
    assert paragraph is not None
    assert re.findall(r"`([a-z_]+)`", paragraph[0]) == [exclusion.code for exclusion in EXCLUSIONES]


@todas
def test_a_row_says_all_of_it(exclusion: Exclusion) -> None:
    assert [each.code for each in EXCLUSIONES].count(exclusion.code) == 1
    assert len(exclusion.code) <= (SMSLog._meta.get_field("codigo").max_length or 0)
    assert exclusion.text.endswith(".")
    assert exclusion.remedy.endswith(".")
    assert TEXTOS[exclusion.code] == exclusion.text
    assert REMEDIOS[exclusion.code] == remedio(exclusion.code) == exclusion.remedy


def test_every_code_of_ours_has_a_text_and_a_remedy() -> None:
    assert set(TEXTOS) == set(REMEDIOS)
    named = {code for name, code in vars(codigos).items() if name.isupper() and re.fullmatch("[a-z_]+", str(code))}
    assert named <= set(TEXTOS)
