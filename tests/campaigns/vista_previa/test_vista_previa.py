from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.partes import contar
from campaigns.models import CampanaSMS
from campaigns.vista_previa.costo import calcular, grupos_de
from clientes.models import Cliente
from core.models import Usuario
from tests.factories import ClienteFactory, EtiquetaFactory, PlantillaFactory, SegmentoFactory, VentaFactory

URL = "/api/v1/campanas/vista-previa/"


def test_it_counts_recipients_exclusions_segments_and_money(api: APIClient, owner: Usuario, settings: Any) -> None:
    settings.SMS_SEGMENT_PRICE = Decimal("0.05")
    ana = ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001112233")
    jose = ClienteFactory.create(usuario=owner, nombre="José Núñez")
    for telefono in ("", "12", "+57 300 111 2233"):
        ClienteFactory.create(usuario=owner, nombre="Eva", telefono=telefono)
    mensaje = "Hola {nombre} " + "x" * 80

    body = api.post(URL, {"mensaje": mensaje, "audiencia": {"todos": True}}).json()

    assert body["total"] == 5
    assert {row["codigo"]: row["cantidad"] for row in body["excluidos"]} == {
        "sin_telefono": 1,
        "telefono_invalido": 1,
        "telefono_duplicado": 1,
    }
    # ú makes José's message UCS-2: 96 units in two parts
    assert body["costo"] == {
        "mensajes": 2,
        "segmentos": 3,
        "segmentos_por_mensaje": {"1": 1, "2": 1},
        "encoding": {"GSM-7": 1, "UCS-2": 1},
        "segmentos_por_pais": {"CO": 3},
        "precio": "0.1500",
        "moneda": "USD",
    }
    assert [row["cliente_id"] for row in body["ejemplos"]][:2] == [ana.pk, jose.pk]
    assert body["mas_largo"]["cliente_id"] == jose.pk
    assert body["transliterado"] is None
    assert not CampanaSMS.objects.exists()


def test_it_offers_the_plain_text_with_its_saving(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create_batch(3, usuario=owner, nombre="Ana")
    mensaje = "Promoción " + "x" * 90
    body = api.post(URL, {"mensaje": mensaje, "audiencia": {"todos": True}}).json()
    assert (body["letras_ucs2"], body["invisibles"]) == (["ó"], [])
    assert body["costo"]["segmentos"] == 6
    assert body["transliterado"]["mensaje"] == "Promocion " + "x" * 90
    assert body["transliterado"]["ahorro_segmentos"] == 3


def test_it_names_what_nobody_sees(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, nombre="Ana")
    body = api.post(URL, {"mensaje": "Hola\u200b " + "x" * 90, "audiencia": {"todos": True}}).json()
    assert body["invisibles"] == ["espacio de ancho cero (U+200B)"]
    assert body["transliterado"]["ahorro_segmentos"] == 1


@pytest.fixture
def shop(owner: Usuario) -> dict[str, Cliente]:
    """vip bought yesterday; nuevo never bought; viejo is inactive; all have phones."""
    names = ("vip", "nuevo", "viejo", "otro")
    clientes = {name: ClienteFactory.create(usuario=owner, nombre=name) for name in names}
    Cliente.objects.filter(nombre="viejo").update(activo=False)
    clientes["vip"].etiquetas.add(EtiquetaFactory.create(usuario=owner, nombre="VIP"))
    VentaFactory.create(cliente=clientes["vip"], total="300000.00")
    return clientes


AUDIENCES = [
    ({"todos": True}, {"vip", "nuevo", "otro"}),
    ({"etiquetas": ["VIP"]}, {"vip"}),
    ({"segmento": {"gasto_minimo": "200000"}}, {"vip"}),
    ({"segmento": {"gasto_minimo": "400000"}}, set()),
    ({"segmento": {"no_compro_en_dias": 30}}, {"nuevo", "otro"}),
    ({"segmento": {"activo": False}}, set()),  # a campaign takes active clients only
    ({"cliente_ids": ["nuevo"], "etiquetas": ["VIP"]}, {"vip", "nuevo"}),
    ({"cliente_ids": ["vip"], "etiquetas": ["VIP"]}, {"vip"}),  # in two of them, once
    ({"todos": True, "excluir": {"etiquetas": ["VIP"], "cliente_ids": ["otro"]}}, {"nuevo"}),
    ({"todos": True, "excluir": {"segmento": {"no_compro_en_dias": 30}}}, {"vip"}),
]


@pytest.mark.parametrize(("audiencia", "names"), AUDIENCES, ids=[str(a) for a, _ in AUDIENCES])
def test_it_chooses_by_tag_segment_id_and_exclusion(
    api: APIClient, owner: Usuario, shop: dict[str, Cliente], audiencia: dict[str, Any], names: set[str]
) -> None:
    answer = api.post("/api/v1/campanas/", {"mensaje": "Hola", "audiencia": _with_ids(audiencia, owner, shop)})
    if not names:
        assert answer.status_code == 400
        return
    assert answer.status_code == 201, answer.json()
    campana = CampanaSMS.objects.get()
    frozen = [pk for lote in campana.lotes.all() for pk in lote.cliente_ids]
    assert {cliente.nombre for cliente in Cliente.objects.filter(pk__in=frozen)} == names
    assert len(frozen) == len(names) == campana.total_clientes


@pytest.mark.parametrize("field", ["etiquetas", "segmento", "cliente_ids"])
@pytest.mark.parametrize("inside", ["incluir", "excluir"])
def test_another_shops_audience_does_not_exist(
    api: APIClient, owner: Usuario, stranger: Usuario, field: str, inside: str
) -> None:
    ClienteFactory.create(usuario=owner)
    rows = {
        "etiquetas": [EtiquetaFactory.create(usuario=stranger).pk],
        "segmento": SegmentoFactory.create(usuario=stranger).pk,
        "cliente_ids": [ClienteFactory.create(usuario=stranger).pk],
    }
    part = {field: rows[field]}
    audiencia = part if inside == "incluir" else {"todos": True, "excluir": part}
    answer = api.post(URL, {"mensaje": "Hola", "audiencia": audiencia})
    assert answer.status_code == 400, answer.json()
    assert answer.json()["errors"][0]["attr"].startswith("audiencia")


def _with_ids(audiencia: dict[str, Any], owner: Usuario, shop: dict[str, Cliente]) -> dict[str, Any]:
    found = dict(audiencia)
    if "etiquetas" in found:
        found["etiquetas"] = [owner.etiquetas.get(nombre=nombre).pk for nombre in found["etiquetas"]]
    if "cliente_ids" in found:
        found["cliente_ids"] = [shop[nombre].pk for nombre in found["cliente_ids"]]
    if "segmento" in found:
        found["segmento"] = SegmentoFactory.create(usuario=owner, condiciones=found["segmento"]).pk
    if "excluir" in found:
        found["excluir"] = _with_ids(found["excluir"], owner, shop)
    return found


LETTERS = "abcXYZ 019éñüáóÉ€[]{}~'-.&😀👍🏽\u200d\u0301ĆčΩß"
NAMES = st.lists(
    st.text(st.sampled_from(LETTERS), min_size=1, max_size=40),
    min_size=1,
    max_size=12,
)
TEXTS = st.text(st.sampled_from("abc é€[ó\u0301😀\u200d"), max_size=150)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES, before=TEXTS, after=TEXTS)
def test_the_grouped_count_is_the_count_of_each_rendering(
    owner: Usuario, names: list[str], before: str, after: str
) -> None:
    """The shortcut of `campaigns.vista_previa.costo` against rendering and counting every message."""
    Cliente.objects.all().delete()
    for name in names:
        ClienteFactory.create(usuario=owner, nombre=name)
    mensaje = before + "{nombre}" + after
    costo = calcular(mensaje, grupos_de(Audiencia.todos(), ajustes=ajustes_de(owner.pk), dia=timezone.localdate()))
    assert costo.segmentos == sum(contar(before + name + after).segmentos for name in names)
    assert costo.destinatarios == len(names)


def test_it_refuses_what_creating_would_refuse(api: APIClient, owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner)
    plantilla = PlantillaFactory.create(usuario=owner, mensaje="Hola {nombre}")
    assert api.post(URL, {"plantilla": plantilla.pk, "audiencia": {"todos": True}}).status_code == 200
    bad: Iterator[dict[str, Any]] = iter(
        [{"mensaje": "{apellido}"}, {"mensaje": ""}, {"mensaje": "x" * 1601}, {"plantilla": 10**9}]
    )
    for body in bad:
        assert api.post(URL, {**body, "audiencia": {"todos": True}}).status_code == 400, body
