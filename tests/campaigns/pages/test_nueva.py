"""A new campaign, step by step: who may, what travels, what is refused, and that one click makes one campaign."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import CampanaSMS
from campaigns.vista_previa import borrador
from clientes.models import Cliente
from core.models import Usuario
from tests.campaigns.pages.support import URL, hidden, post
from tests.factories import CampanaFactory, ClienteFactory, EtiquetaFactory, PlantillaFactory, SegmentoFactory
from tests.pages import signed_in

FRAGMENTS = ("cuenta/", "costo/", "buscar/clientes/", "buscar/excluir_clientes/")


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana", telefono="3001112233")


@pytest.mark.parametrize("path", ["", *FRAGMENTS])
def test_it_is_for_admins(path: str, owner: Usuario, teammate: Usuario) -> None:
    assert signed_in(owner).post(URL + path).status_code == 200
    assert signed_in(teammate).post(URL + path).status_code == 403
    assert Client().post(URL + path).status_code == 302
    assert Client().post(URL + path, headers={"HX-Request": "true"}).status_code == 401


def test_a_vendedor_may_not_even_look(teammate: Usuario) -> None:
    assert signed_in(teammate).get(URL).status_code == 403
    assert "/campanas/nueva/" not in signed_in(teammate).get("/").content.decode()


def test_from_audience_to_the_campaign(owner: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, telefono="")
    page = post(owner, "mensaje")
    assert "Continuar al mensaje" not in page
    page = post(owner, "revisar", **hidden(page), nombre="Promo", mensaje="Hola {nombre}!\r\nHoy")
    assert "Hola Ana!\nHoy" in page
    assert "El cliente no tiene teléfono." in page
    assert "Enviar a 1 cliente ·" in page
    assert "1 segmento</span>" in page

    answer = signed_in(owner).post(URL, {**hidden(page), "accion": "enviar"})
    campana = CampanaSMS.objects.get()
    assert answer["Location"] == f"/campanas/{campana.pk}/"
    assert (campana.nombre, campana.mensaje, campana.total_clientes) == ("Promo", "Hola {nombre}!\nHoy", 2)


def test_two_clicks_make_one_campaign(owner: Usuario, ana: Cliente) -> None:
    form = {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar"}
    places = {signed_in(owner).post(URL, form)["Location"] for _ in range(2)}
    assert len(places) == CampanaSMS.objects.count() == 1


def test_another_preview_makes_another_campaign(owner: Usuario, ana: Cliente) -> None:
    for _ in range(2):
        signed_in(owner).post(URL, {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar"})
    assert CampanaSMS.objects.count() == 2


@pytest.mark.parametrize("clave", ["", "\0", "x" * 500, "🤷"])
def test_any_key_will_do(clave: str, owner: Usuario, ana: Cliente) -> None:
    form = {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar", "clave": clave}
    assert signed_in(owner).post(URL, form).status_code == 302
    assert CampanaSMS.objects.count() == 1


def test_a_key_with_another_text_is_shown_again(owner: Usuario, ana: Cliente) -> None:
    form = {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar"}
    signed_in(owner).post(URL, form)
    body = signed_in(owner).post(URL, {**form, "mensaje": "Adiós"}).content.decode()
    assert "ya se usó con otro contenido" in body
    assert hidden(body)["clave"] != form["clave"]
    assert CampanaSMS.objects.count() == 1


def test_it_shows_the_preview_again_when_the_audience_changed(owner: Usuario, ana: Cliente) -> None:
    form = {**hidden(post(owner, "revisar", mensaje="Hola")), "accion": "enviar"}
    ClienteFactory.create(usuario=owner)
    body = signed_in(owner).post(URL, form).content.decode()
    assert "Los destinatarios cambiaron" in body
    assert "Enviar a 2 clientes ·" in body
    assert not CampanaSMS.objects.exists()


def test_the_draft_travels_whole(owner: Usuario, ana: Cliente) -> None:
    etiqueta, segmento = EtiquetaFactory.create(usuario=owner), SegmentoFactory.create(usuario=owner)
    otro = ClienteFactory.create(usuario=owner)
    chosen = {
        "quienes": "algunos",
        "etiquetas": [str(etiqueta.pk)],
        "segmento": str(segmento.pk),
        "clientes": [str(ana.pk), str(otro.pk)],
        "excluir_etiquetas": [str(etiqueta.pk)],
        "excluir_clientes": [str(otro.pk)],
    }
    travelled = hidden(post(owner, "mensaje", **chosen))
    assert travelled == {name: value if isinstance(value, list) else [value] for name, value in chosen.items()}
    back = post(owner, "audiencia", **travelled, mensaje="Hola <b>", nombre="Promo")
    assert hidden(back) == {"mensaje": ["Hola <b>"], "nombre": ["Promo"]}
    assert f'name="clientes" value="{ana.pk}" checked' in back


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quienes": "algunos"}, borrador.NADIE),
        ({"quienes": "algunos", "clientes": list(range(1, 202))}, borrador.DEMASIADOS),
        ({"quienes": "todos"}, "La campaña no tiene destinatarios."),
    ],
)
def test_it_asks_for_somebody(fields: dict[str, Any], said: str, owner: Usuario) -> None:
    body = post(owner, "mensaje", **fields)
    assert said in body
    assert "Continuar al mensaje" in body


@pytest.mark.parametrize("accion", ["mensaje", "revisar", "enviar"])
@pytest.mark.parametrize("kind", ["clientes", "etiquetas", "segmento", "excluir_clientes", "excluir_segmento"])
def test_what_is_another_shops_does_not_exist(accion: str, kind: str, owner: Usuario, stranger: Usuario) -> None:
    ClienteFactory.create(usuario=owner)
    factory = ClienteFactory if "cliente" in kind else EtiquetaFactory if kind == "etiquetas" else SegmentoFactory
    theirs = factory.create(usuario=stranger)
    chosen = {"quienes": "todos" if "excluir" in kind else "algunos", kind: theirs.pk, "mensaje": "Hola"}
    body = post(owner, accion, **chosen)
    assert "No exist" in body
    assert theirs.nombre not in body
    assert not CampanaSMS.objects.exists()


@pytest.mark.parametrize(
    ("mensaje", "said"),
    [
        ("", "El mensaje está vacío."),
        ("Hola [nombre]", "¿Quiso escribir {nombre}?"),
        ("Hola {apellido}", "Marcador desconocido"),
        ("x" * 1601, "el máximo de Twilio"),
    ],
)
def test_it_refuses_a_bad_text(mensaje: str, said: str, owner: Usuario, ana: Cliente) -> None:
    for accion in ("revisar", "enviar"):
        body = post(owner, accion, mensaje=mensaje)
        assert said in body
        assert 'aria-invalid="true"' in body
    assert not CampanaSMS.objects.exists()


def test_it_refuses_a_long_name(owner: Usuario, ana: Cliente) -> None:
    assert borrador.NOMBRE_LARGO in post(owner, "revisar", mensaje="Hola", nombre="x" * 201)


def test_nobody_to_send_to_leaves_nothing_to_press(owner: Usuario) -> None:
    ClienteFactory.create(usuario=owner, telefono="")
    body = post(owner, "revisar", mensaje="Hola")
    assert "no hay nada que enviar" in body
    assert 'value="enviar"' not in body


def test_a_template_gives_its_text_and_its_name(owner: Usuario, ana: Cliente) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, mensaje="De la plantilla")
    page = post(owner, "plantilla", plantilla=plantilla.pk, mensaje="")
    assert ">\nDe la plantilla</textarea>" in page
    for mensaje, kept in (("De la plantilla", plantilla.pk), ("Cambiado", None)):
        form = {**hidden(post(owner, "revisar", plantilla=plantilla.pk, mensaje=mensaje)), "accion": "enviar"}
        signed_in(owner).post(URL, form)
        assert CampanaSMS.objects.latest("pk").plantilla_id == kept


def test_a_strangers_template_does_not_exist(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    theirs = PlantillaFactory.create(usuario=stranger, nombre="Ajena", mensaje="Secreto")
    for body in (
        post(owner, "plantilla", plantilla=theirs.pk, mensaje="Mío"),
        signed_in(owner).get(URL, {"plantilla": theirs.pk}).content.decode(),
    ):
        assert "Secreto" not in body
        assert "Ajena" not in body


def test_without_scripts_the_server_takes_the_accents_off(owner: Usuario, ana: Cliente) -> None:
    assert ">\nPromocion</textarea>" in post(owner, "sin_tildes", mensaje="Promoción")


def test_what_nobody_sees_is_named_and_goes_by_a_click(owner: Usuario, ana: Cliente) -> None:
    body = post(owner, "otra", mensaje="Hola\u200b {nombre}")
    assert '<mark class="letra">espacio de ancho cero (U+200B)</mark>' in body
    assert '<mark class="letra">\u200b</mark>' not in body
    assert 'value="sin_invisibles"' in body
    assert ">\nHola {nombre}</textarea>" in post(owner, "sin_invisibles", mensaje="Hola\u200b {nombre}")


def test_without_scripts_the_search_works(owner: Usuario, ana: Cliente) -> None:
    body = post(owner, "buscar", quienes="algunos", q="an")
    assert f'name="clientes" value="{ana.pk}">' in body


def test_the_search_finds_the_shops_clients_only(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=stranger, nombre="Anabel")
    found = signed_in(owner).post(f"{URL}buscar/clientes/", {"q": "ana"}).content.decode()
    assert "Ana<" in found
    assert "Anabel" not in found
    chosen = signed_in(owner).post(f"{URL}buscar/clientes/", {"q": "zz", "clientes": ana.pk}).content.decode()
    assert f'value="{ana.pk}" checked' in chosen
    assert "Ningún otro cliente coincide con «zz»" in chosen


def test_the_count_follows_the_form(owner: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, telefono="12")
    ClienteFactory.create(usuario=owner, activo=False)
    body = signed_in(owner).post(f"{URL}cuenta/", {"quienes": "todos"}).content.decode()
    assert '<p class="resumen-cifra">1</p>' in body
    assert "De 2 elegidos" in body
    body = signed_in(owner).post(f"{URL}cuenta/", {"quienes": "algunos"}).content.decode()
    assert borrador.NADIE in body


def test_the_cost_follows_the_text(owner: Usuario, ana: Cliente, settings: Settings) -> None:
    ClienteFactory.create(usuario=owner, nombre="Luis")
    mensaje = "Promoción " + "x" * 90
    body = signed_in(owner).post(f"{URL}costo/", {"mensaje": mensaje}).content.decode()
    assert "<dd>4</dd>" in body
    assert "ahorra 2 segmentos" in body
    assert "/ajustes/#gasto" in post(owner, "revisar", mensaje=mensaje)  # where the price is missing
    settings.SMS_SEGMENT_PRICE = Decimal("0.05")
    assert "USD\N{NO-BREAK SPACE}0,2000" in post(owner, "revisar", mensaje=mensaje)


def test_a_link_may_choose(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, mensaje="Hola")
    body = signed_in(owner).get(URL, {"clientes": ana.pk, "plantilla": plantilla.pk}).content.decode()
    assert f'name="clientes" value="{ana.pk}" checked' in body
    assert hidden(body) == {"plantilla": [str(plantilla.pk)], "mensaje": ["Hola"]}


def test_a_copy_brings_text_and_a_few_clients(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    campana = CampanaFactory.create(usuario=owner, nombre="Promo", mensaje="Hola {nombre}")
    campana.lotes.create(numero=1, cliente_ids=[ana.pk, 999_999], total=2)
    body = signed_in(owner).get(URL, {"copiar": campana.pk}).content.decode()
    assert hidden(body) == {"nombre": ["Promo (copia)"], "mensaje": ["Hola {nombre}"]}
    assert f'name="clientes" value="{ana.pk}" checked' in body
    assert signed_in(stranger).get(URL, {"copiar": campana.pk}).status_code == 404
    large = CampanaFactory.create(usuario=owner, total_clientes=5_000)
    assert "Elija de nuevo a quién" in signed_in(owner).get(URL, {"copiar": large.pk}).content.decode()


@pytest.mark.parametrize("total", [5_000, 1], ids=["too many to list", "all of them deleted since"])
def test_a_copy_never_widens_to_everybody(owner: Usuario, ana: Cliente, total: int) -> None:
    campana = CampanaFactory.create(usuario=owner, total_clientes=total)
    campana.lotes.create(numero=1, cliente_ids=[999_999], total=1)
    body = signed_in(owner).get(URL, {"copiar": campana.pk}).content.decode()
    assert "Elija de nuevo a quién" in body
    assert re.search(r'value="algunos"[^>]* checked', body)
    assert not re.search(r'value="todos"[^>]* checked', body)
    assert borrador.NADIE in post(owner, "mensaje", quienes="algunos", mensaje="Hola")


def test_it_reads_nonsense_as_nothing(owner: Usuario, ana: Cliente) -> None:
    for value in ("x", "-1", "٣", "9" * 30, "\0"):
        assert "Continuar al mensaje" in post(owner, "audiencia", clientes=value, segmento=value, q=value)
    assert post(owner, "no-existe", mensaje="\0Hola")


def test_its_queries_are_few(
    owner: Usuario, ana: Cliente, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    EtiquetaFactory.create_batch(5, usuario=owner)
    client = signed_in(owner)
    with django_assert_max_num_queries(10):
        client.post(URL, {"accion": "revisar", "mensaje": "Hola {nombre}"})


def test_the_shops_name_goes_in_front_by_a_click_and_once(owner: Usuario, ana: Cliente) -> None:
    owner.tienda = "Zapatos Luna"
    owner.save()
    page = post(owner, "revisar", mensaje="Hola {nombre}")
    assert "El texto no dice de quién es." in page
    page = post(owner, "con_nombre", **hidden(page))
    assert "Zapatos Luna: Hola {nombre}" in page
    again = post(owner, "con_nombre", mensaje="Zapatos Luna: Hola")
    assert "Zapatos Luna: Zapatos Luna" not in again
    assert "El texto no dice de quién es." not in post(owner, "revisar", mensaje="Zapatos Luna: Hola")
