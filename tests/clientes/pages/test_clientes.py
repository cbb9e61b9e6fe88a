"""The clients' list, form and deletion, for each kind of person."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clientes import services
from clientes.models import Cliente
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, EtiquetaFactory, VentaFactory, open_lote, sms_log
from tests.pages import flashes, get, signed_in


@pytest.fixture
def ana(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana Gómez", telefono="3001234567", documento="987")


# --- the list ---


def test_it_shows_the_shops_active_clients(owner: Usuario, teammate: Usuario, stranger: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, nombre="Berta Inactiva", activo=False)
    ClienteFactory.create(usuario=stranger, nombre="Carlos Ajeno")
    for usuario in (owner, teammate):
        body = get(usuario, "/clientes/")
        assert "Ana Gómez" in body
        assert "+57 300 1234567" in body
        assert "Berta Inactiva" not in body
        assert "Carlos Ajeno" not in body


def test_it_offers_nothing_to_write_to_a_vendedor(owner: Usuario, teammate: Usuario, ana: Cliente) -> None:
    assert "/clientes/nuevo/" in get(owner, "/clientes/")
    for path in ("/clientes/", f"/clientes/{ana.pk}/"):
        body = get(teammate, path)
        assert not [word for word in ("nuevo", "editar", "eliminar", "desactivar", "anonimizar") if f"/{word}/" in body]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Ana", "José"}),
        ("activo=false", {"Luis"}),
        ("activo=todos", {"Ana", "José", "Luis"}),
        ("activo=quizas", {"Ana", "José"}),
        ("q=ana", {"Ana"}),
        ("q=gomez", {"Ana"}),  # accents do not count
        ("q=GÓM+an", {"Ana"}),  # beginnings of words, in any order
        ("q=mez", set()),
        ("q=jose+ñu", {"José"}),
        ("q=1234567", {"Ana"}),
        ("q=300+123", {"Ana"}),
        ("q=CC-44", {"José"}),  # a document that is no number
        ("q=98", {"Ana"}),
        ("q='%26:*|!(", set()),
        ("q=%00", {"Ana", "José"}),
        ("q=o'brien", set()),
        ("q=luis&activo=todos", {"Luis"}),
        ("etiqueta=x", {"Ana", "José"}),
    ],
)
def test_it_finds(query: str, found: set[str], owner: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, nombre="José Núñez", telefono="3109999999", documento="CC-44")
    ClienteFactory.create(usuario=owner, nombre="Luis Ríos", telefono="3208888888", activo=False)
    body = get(owner, f"/clientes/?{query}")
    assert {nombre for nombre in ("Ana", "José", "Luis") if f">{nombre} " in body} == found


def test_it_filters_by_a_tag_of_the_shop(owner: Usuario, stranger: Usuario, ana: Cliente) -> None:
    ClienteFactory.create(usuario=owner, nombre="Luis Ríos")
    vip, ajena = EtiquetaFactory.create(usuario=owner, nombre="VIP"), EtiquetaFactory.create(usuario=stranger)
    ana.etiquetas.add(vip)
    assert ">Luis Ríos<" not in get(owner, f"/clientes/?etiqueta={vip.pk}")
    assert ">Ana Gómez<" in get(owner, f"/clientes/?etiqueta={vip.pk}")
    assert ">Luis Ríos<" in get(owner, f"/clientes/?etiqueta={ajena.pk}")


@pytest.mark.parametrize(
    ("orden", "expected"),
    [("recientes", "BACAD"), ("antiguos", "DACAB"), ("nombre", "AABCD")],
)
@pytest.mark.parametrize("q", ["", "prueba"])
def test_it_pages_in_every_order(
    q: str, orden: str, expected: str, owner: Usuario, monkeypatch: pytest.MonkeyPatch
) -> None:
    for letter in "DACAB":
        ClienteFactory.create(usuario=owner, nombre=f"{letter} Prueba")
    monkeypatch.setattr("clientes.pages.clientes.CLIENTES", 2)
    seen, path = "", f"/clientes/?q={q}&orden={orden}"
    for _ in range(3):
        answer: Any = signed_in(owner).get(path)
        seen += "".join(c.nombre[0] for c in answer.context["clientes"])
        path = f"/clientes/?q={q}&orden={orden}&despues={answer.context['siguiente']}"
    assert seen == expected
    assert answer.context["siguiente"] is None


def test_its_queries_do_not_grow(
    owner: Usuario, ana: Cliente, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(owner)
    with django_assert_num_queries(6):  # session, user, tags to filter by, clients, their tags, count
        client.get("/clientes/")
    ClienteFactory.create_batch(5, usuario=owner)
    with django_assert_num_queries(6):
        client.get("/clientes/")


def test_it_says_what_to_do_when_empty(owner: Usuario, teammate: Usuario) -> None:
    assert "/clientes/importar/" in get(owner, "/clientes/")
    assert "Cuando un administrador" in get(teammate, "/clientes/")
    ClienteFactory.create(usuario=owner, activo=False)
    assert "Todos sus clientes están inactivos" in get(owner, "/clientes/")
    assert "Ningún cliente coincide" in get(owner, "/clientes/?q=nadie")


# --- create ---


def test_it_creates_with_what_is_sent(owner: Usuario) -> None:
    vip = EtiquetaFactory.create(usuario=owner)
    form = {"nombre": " Laura Mendez ", "telefono": "+573001234567", "documento": "456789123", "etiquetas": [vip.pk]}
    answer = signed_in(owner).post("/clientes/nuevo/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/clientes/")
    cliente = Cliente.objects.get()
    assert (cliente.nombre, cliente.telefono, cliente.telefono_e164) == (
        "Laura Mendez",
        "+573001234567",
        "+573001234567",
    )
    assert (cliente.activo, cliente.usuario, list(cliente.etiquetas.all())) == (True, owner, [vip])


@pytest.mark.parametrize(
    ("sent", "activo"), [(["true"], True), (["false"], False), (["false", "true"], True), ([""], False), (["on"], True)]
)
def test_it_reads_activo(sent: list[str], activo: bool, owner: Usuario) -> None:
    signed_in(owner).post("/clientes/nuevo/", {"nombre": "Ana", "activo": sent})
    assert Cliente.objects.get().activo is activo


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nombre": ""}, "Este campo es requerido."),
        ({"nombre": "   "}, "Este campo es requerido."),
        ({"nombre": "x" * 151}, "como máximo 150 caracteres"),
        ({"telefono": "1" * 21}, "como máximo 20 caracteres"),
        ({"documento": "1" * 21}, "como máximo 20 caracteres"),
        ({"nombre": "A\0na"}, "nulos"),
        ({"activo": "quizas"}, "Escriba «true» o «false»."),
        ({"etiquetas": ["99999999"]}, "Escoja una opción válida"),
        ({"etiquetas": ["x"]}, "id_etiquetas_error"),
    ],
)
def test_it_shows_the_form_again_with_the_error(change: dict[str, Any], said: str, owner: Usuario) -> None:
    answer = signed_in(owner).post("/clientes/nuevo/", {"nombre": "Ana", "telefono": "300", **change})
    assert answer.status_code == 200
    body = answer.content.decode()
    assert said in body
    assert 'aria-invalid="true"' in body or "id_etiquetas_error" in body
    assert not Cliente.objects.exists()


@pytest.mark.parametrize(
    ("telefono", "said"),
    [("12345", "no es un número válido"), ("6012345678", "no es de un celular"), ("3001234567", "el mismo teléfono")],
)
def test_it_warns_of_a_phone_that_will_surprise(telefono: str, said: str, owner: Usuario, ana: Cliente) -> None:
    assert said in " ".join(flashes(owner, "/clientes/nuevo/", {"nombre": "Luis", "telefono": telefono}))


def test_the_form_reads_what_programs_wrote(owner: Usuario) -> None:
    form = {"nombre": "Jose\u200b Paz", "telefono": '="3001234567"', "documento": "79123456.0"}
    assert signed_in(owner).post("/clientes/nuevo/", form).status_code == 302
    cliente = Cliente.objects.get()
    assert (cliente.nombre, cliente.telefono, cliente.documento) == ("Jose Paz", "3001234567", "79123456")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nombre": "NULL"}, "no es un nombre"),
        ({"nombre": "#N/A"}, "error de la planilla"),
        ({"documento": "1,5"}, "otra persona"),
    ],
)
def test_the_form_refuses_what_programs_spoilt(change: dict[str, str], said: str, owner: Usuario) -> None:
    answer = signed_in(owner).post("/clientes/nuevo/", {"nombre": "Ana", "telefono": "3001234567", **change})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Cliente.objects.exists()


def test_it_escapes_a_name_in_its_message(owner: Usuario) -> None:
    said = flashes(owner, "/clientes/nuevo/", {"nombre": "<script>x</script>"})
    assert "&lt;script&gt;" in said[0]


# --- edit ---


def test_it_changes_only_what_is_sent(owner: Usuario, ana: Cliente) -> None:
    vip = EtiquetaFactory.create(usuario=owner)
    ana.etiquetas.add(vip)
    answer = signed_in(owner).post(f"/clientes/editar/{ana.pk}/", {"activo": "false"})
    assert (answer.status_code, answer["Location"]) == (302, "/clientes/")
    ana.refresh_from_db()
    assert (ana.nombre, ana.telefono, ana.documento, ana.activo) == ("Ana Gómez", "3001234567", "987", False)
    assert list(ana.etiquetas.all()) == [vip]

    signed_in(owner).post(
        f"/clientes/editar/{ana.pk}/", {"nombre": "Ana G.", "telefono": "3001112222", "activo": "true"}
    )
    ana.refresh_from_db()
    assert (ana.nombre, ana.telefono_e164, ana.documento, ana.activo) == ("Ana G.", "+573001112222", "987", True)


def test_what_is_sent_empty_is_emptied(owner: Usuario, ana: Cliente) -> None:
    ana.etiquetas.add(EtiquetaFactory.create(usuario=owner))
    signed_in(owner).post(f"/clientes/editar/{ana.pk}/", {"documento": "", "telefono": "", "etiquetas": ""})
    ana.refresh_from_db()
    assert (ana.telefono, ana.telefono_e164, ana.documento, ana.etiquetas.count()) == ("", "", "", 0)
    assert signed_in(owner).post(f"/clientes/editar/{ana.pk}/", {"nombre": ""}).status_code == 200


def test_the_form_can_untick_everything(owner: Usuario, ana: Cliente) -> None:
    EtiquetaFactory.create(usuario=owner)
    body = get(owner, f"/clientes/editar/{ana.pk}/")
    assert '<input type="hidden" name="activo" value="false">' in body
    assert '<input type="hidden" name="etiquetas" value="">' in body
    assert body.count('value="true"') == 1


def test_a_refused_name_does_not_become_the_title(owner: Usuario, ana: Cliente) -> None:
    body = signed_in(owner).post(f"/clientes/editar/{ana.pk}/", {"nombre": ""}).content.decode()
    assert "Editar a Ana Gómez</h1>" in body


# --- delete, deactivate ---


def test_it_asks_before_it_deletes(owner: Usuario, ana: Cliente) -> None:
    assert "¿Eliminar a Ana Gómez?" in get(owner, f"/clientes/eliminar/{ana.pk}/")
    answer = signed_in(owner).post(f"/clientes/eliminar/{ana.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/clientes/")
    assert not Cliente.objects.exists()


@pytest.mark.parametrize("history", ["venta", "sms"])
def test_it_refuses_to_delete_history(history: str, owner: Usuario, ana: Cliente) -> None:
    if history == "venta":
        VentaFactory.create(cliente=ana)
    else:
        campana = CampanaFactory.create(usuario=owner)
        sms_log(campana, open_lote(campana, [ana]), ana)
    said = flashes(owner, f"/clientes/eliminar/{ana.pk}/", {})
    assert "No se puede eliminar a Ana Gómez: tiene ventas o mensajes." in said[0]
    assert f"/clientes/eliminar/{ana.pk}/" in said[0]
    assert Cliente.objects.filter(pk=ana.pk).exists()
    body = get(owner, f"/clientes/eliminar/{ana.pk}/")
    assert f"/clientes/{ana.pk}/desactivar/" in body
    assert f"/clientes/{ana.pk}/anonimizar/" in body


def test_it_deactivates_and_activates(owner: Usuario, ana: Cliente) -> None:
    for action, activo in (("desactivar", False), ("activar", True)):
        answer = signed_in(owner).post(f"/clientes/{ana.pk}/{action}/")
        assert answer["Location"] == f"/clientes/{ana.pk}/"
        ana.refresh_from_db()
        assert ana.activo is activo


# --- one client ---


def test_it_shows_the_client_and_the_latest_sales(owner: Usuario, ana: Cliente) -> None:
    ana.etiquetas.add(EtiquetaFactory.create(usuario=owner, nombre="VIP"))
    VentaFactory.create(cliente=ana, total="85000.00", referencia="F-1")
    VentaFactory.create(cliente=ana, total="1500.50")
    body = get(owner, f"/clientes/{ana.pk}/").replace("\N{NO-BREAK SPACE}", " ")
    assert {"VIP", "F-1", "$ 85.000<", "$ 1.500,50", "$ 86.500,50 en 2"} <= {
        text for text in ("VIP", "F-1", "$ 85.000<", "$ 1.500,50", "$ 86.500,50 en 2") if text in body
    }


@pytest.mark.parametrize("path", ["editar/{}/", "eliminar/{}/", "{}/"])
def test_an_id_beyond_the_column_is_nobody(path: str, owner: Usuario) -> None:
    assert signed_in(owner).get("/clientes/" + path.format(10**25)).status_code == 404


def test_an_anonymous_client_is_not_changed(owner: Usuario, ana: Cliente) -> None:
    services.anonimizar_cliente(cliente=ana)
    for path in (f"editar/{ana.pk}/", f"{ana.pk}/activar/", f"{ana.pk}/anonimizar/"):
        said = flashes(owner, f"/clientes/{path}", {"nombre": "Ana otra vez"})
        assert said == [services.YA_ANONIMO]
    assert "editar" not in get(owner, f"/clientes/{ana.pk}/")
