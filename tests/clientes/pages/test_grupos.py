"""Tags and segments, for each kind of person."""

from typing import Any

import pytest
from django.test import Client

from clientes.grupos.palabras import en_palabras
from clientes.models import Etiqueta, Segmento
from core.dates import FECHA_LEJANA
from core.models import Usuario
from tests.factories import ClienteFactory, EtiquetaFactory, SegmentoFactory, VentaFactory
from tests.pages import signed_in

ETIQUETAS, SEGMENTOS = "/clientes/etiquetas/", "/clientes/segmentos/"


def get(usuario: Usuario, path: str) -> str:
    answer = signed_in(usuario).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", [ETIQUETAS, SEGMENTOS])
def test_the_shop_reads_its_own(path: str, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    (EtiquetaFactory if path == ETIQUETAS else SegmentoFactory).create(usuario=owner, nombre="Los de siempre")
    assert "Los de siempre" in get(owner, path)
    assert "Los de siempre" in get(teammate, path)
    assert "Eliminar" not in get(teammate, path)
    assert "Los de siempre" not in get(stranger, path)
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize("action", ["editar", "eliminar"])
@pytest.mark.parametrize("kind", [ETIQUETAS, SEGMENTOS])
def test_only_its_admin_writes(kind: str, action: str, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    row = (EtiquetaFactory if kind == ETIQUETAS else SegmentoFactory).create(usuario=owner, nombre="Antes")
    url = f"{kind}{action}/{row.pk}/"
    assert signed_in(teammate).post(url, {"nombre": "Después"}).status_code == 403
    assert signed_in(stranger).post(url, {"nombre": "Después"}).status_code == 404
    assert Client().post(url).status_code == 302
    row.refresh_from_db()
    assert row.nombre == "Antes"
    assert signed_in(owner).post(url, {"nombre": "Después"})["Location"] == kind
    assert type(row).objects.filter(nombre="Después").exists() == (action == "editar")
    assert not type(row).objects.filter(nombre="Antes").exists()


@pytest.mark.parametrize("path", [f"{ETIQUETAS}crear/", f"{SEGMENTOS}nuevo/", f"{SEGMENTOS}cuenta/"])
def test_a_vendedor_creates_nothing(path: str, teammate: Usuario) -> None:
    assert signed_in(teammate).post(path, {"nombre": "X"}).status_code == 403
    assert Client().post(path).status_code == 302


def test_a_tag_is_created_once(owner: Usuario, stranger: Usuario) -> None:
    EtiquetaFactory.create(usuario=stranger, nombre="VIP")
    assert signed_in(owner).post(f"{ETIQUETAS}crear/", {"nombre": " VIP "})["Location"] == ETIQUETAS
    answer = signed_in(owner).post(f"{ETIQUETAS}crear/", {"nombre": "vip"})
    assert "Ya existe con ese nombre." in answer.content.decode()
    assert Etiqueta.objects.filter(usuario=owner).count() == 1
    assert 'role="alert"' in signed_in(owner).post(f"{ETIQUETAS}crear/", {"nombre": ""}).content.decode()


def test_a_tag_has_no_invisible_letters(owner: Usuario) -> None:
    signed_in(owner).post(f"{ETIQUETAS}crear/", {"nombre": "V\u200bIP\u202c"})
    assert Etiqueta.objects.get().nombre == "VIP"
    signed_in(owner).post(f"{ETIQUETAS}crear/", {"nombre": "\u200b"})
    assert Etiqueta.objects.count() == 1


def test_a_tag_counts_active_clients(owner: Usuario) -> None:
    etiqueta = EtiquetaFactory.create(usuario=owner)
    etiqueta.clientes.set([ClienteFactory.create(usuario=owner, activo=activo) for activo in (True, True, False)])
    assert '">2</a></td>' in get(owner, ETIQUETAS)


def test_a_tag_that_a_segment_uses_stays(owner: Usuario) -> None:
    etiqueta = EtiquetaFactory.create(usuario=owner, nombre="No molestar")
    SegmentoFactory.create(usuario=owner, nombre="Los demás", condiciones={"sin_etiquetas": [etiqueta.pk]})
    answer = signed_in(owner).post(f"{ETIQUETAS}eliminar/{etiqueta.pk}/", follow=True)
    assert "la usa el segmento «Los demás»" in answer.content.decode()
    assert Etiqueta.objects.filter(pk=etiqueta.pk).exists()


def test_a_segment_is_what_the_api_would_store(owner: Usuario) -> None:
    etiqueta = EtiquetaFactory.create(usuario=owner)
    form: dict[str, Any] = {
        "nombre": "Por recuperar",
        "activo": "si",
        "con_movil": "1",
        "etiquetas": [etiqueta.pk],
        "compro_en_dias": "",
        "no_compro_en_dias": "90",
        "gasto_minimo": "200000",
        "gasto_en_dias": "365",
        "creado_desde": "2026-01-31",
    }
    assert signed_in(owner).post(f"{SEGMENTOS}nuevo/", form)["Location"] == SEGMENTOS
    segmento = Segmento.objects.get()
    assert segmento.usuario == owner
    assert segmento.condiciones == {
        "activo": True,
        "con_movil": True,
        "etiquetas": [etiqueta.pk],
        "no_compro_en_dias": 90,
        "gasto_minimo": "200000.00",
        "gasto_en_dias": 365,
        "creado_desde": "2026-01-31",
    }
    body = get(owner, f"{SEGMENTOS}editar/{segmento.pk}/")
    for value in ('value="90"', 'value="200000.00"', 'value="2026-01-31"', f'value="{etiqueta.pk}" checked'):
        assert value in body


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"nombre": ""}, "Este campo no puede estar en blanco."),
        ({"gasto_en_dias": "30"}, "Necesita «gasto_minimo»."),
        ({"creado_desde": "2026-02-01", "creado_hasta": "2026-01-01"}, "Es anterior a «creado_desde»."),
        ({"creado_hasta": "9999-12-31"}, FECHA_LEJANA),
        ({"creado_desde": "0001-01-01"}, FECHA_LEJANA),
        ({"compro_en_dias": "0"}, "mayor o igual a 1"),
        ({"gasto_minimo": "mucho"}, "número"),
    ],
)
def test_a_segment_says_what_is_wrong(form: dict[str, str], said: str, owner: Usuario) -> None:
    answer = signed_in(owner).post(f"{SEGMENTOS}nuevo/", {"nombre": "S", **form})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Segmento.objects.exists()


def test_a_strangers_tag_does_not_exist(owner: Usuario, stranger: Usuario) -> None:
    theirs = EtiquetaFactory.create(usuario=stranger)
    form = {"nombre": "S", "etiquetas": [theirs.pk]}
    assert signed_in(owner).post(f"{SEGMENTOS}nuevo/", form).status_code == 200
    assert not Segmento.objects.exists()


def test_the_count_follows_the_form(owner: Usuario, stranger: Usuario) -> None:
    buyer = ClienteFactory.create(usuario=owner)
    VentaFactory.create(cliente=buyer)
    ClienteFactory.create(usuario=owner)
    ClienteFactory.create(usuario=stranger)

    def count(**form: str) -> str:
        return signed_in(owner).post(f"{SEGMENTOS}cuenta/", form).content.decode()

    assert '"resumen-cifra">2<' in count()
    assert '"resumen-cifra">1<' in count(compro_en_dias="30")
    assert "Revise las condiciones" in count(compro_en_dias="x")


def test_the_list_asks_for_each_count(owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    ClienteFactory.create_batch(3, usuario=owner)
    segmento = SegmentoFactory.create(usuario=owner, condiciones={"activo": True})
    url = f"{SEGMENTOS}cuenta/{segmento.pk}/"
    assert f'hx-get="{url}"' in get(owner, SEGMENTOS)
    assert get(teammate, url).strip() == "3"
    assert signed_in(stranger).get(url).status_code == 404


def test_conditions_in_words() -> None:
    said = en_palabras(
        {
            "activo": False,
            "con_movil": True,
            "etiquetas": [1, 2, 9],
            "sin_etiquetas": [2],
            "compro_en_dias": 1,
            "no_compro_en_dias": 1500,
            "gasto_minimo": "200000.50",
            "gasto_en_dias": 365,
            "creado_desde": "2026-01-31",
            "creado_hasta": "2026-12-01",
        },
        {1: "VIP", 2: "Centro"},
    )
    assert said == [
        "están desactivados",
        "tienen un celular válido",
        "con etiqueta «VIP» o «Centro»",
        "sin etiqueta «Centro»",
        "compraron en los últimos 1 día",
        "no compraron en los últimos 1.500 días",
        "gastaron al menos $\N{NO-BREAK SPACE}200.000,50 en los últimos 365 días",
        "entraron desde el 31 ene 2026",
        "entraron hasta el 1 dic 2026",
    ]
