"""POST /api/v1/campanas/ with bad input: 400, naming the field, and no row of any table left behind."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.api import audiencia as audiencia_api
from campaigns.api import campanas_serializers
from campaigns.audiencia import seleccion
from campaigns.mensaje import texto
from campaigns.models import CampanaSMS
from clientes.models import Cliente
from core.models import Usuario
from tests.core.api.support import error_of, errors_of, row_counts
from tests.factories import ClienteFactory, PlantillaFactory

URL = "/api/v1/campanas/"
ABSENT = 2**53  # an id that nobody has


@pytest.fixture
def cliente(owner: Usuario) -> Cliente:
    return ClienteFactory.create(usuario=owner, nombre="Ana")


def refused(api: APIClient, body: Any) -> dict[str, Any]:
    before = row_counts()
    error = error_of(api.post(URL, body), 400)
    assert row_counts() == before
    return error


FIELDS = [
    ({"nombre": ""}, "nombre", "blank"),
    ({"nombre": " \t\n "}, "nombre", "blank"),
    ({"nombre": "x" * 201}, "nombre", "max_length"),
    ({"nombre": None}, "nombre", "null"),
    ({"nombre": []}, "nombre", "invalid"),
    ({"nombre": {"es": "x"}}, "nombre", "invalid"),
    ({"mensaje": ""}, "mensaje", "blank"),
    ({"mensaje": "  \n "}, "mensaje", "blank"),
    ({"mensaje": None}, "mensaje", "null"),
    ({"mensaje": ["Hola"]}, "mensaje", "invalid"),
    ({"mensaje": True}, "mensaje", "invalid"),
    ({"mensaje": "Hola {apellido}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola { nombre }"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {Nombre}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {nombre!r}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {0}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "Hola {nombre} y {{otro}}"}, "mensaje", "unknown_placeholder"),
    ({"mensaje": "x" * 1_601}, "mensaje", "max_length"),
    ({"mensaje": "x" * 1_000_000}, "mensaje", "max_length"),
    ({"cliente_ids": None}, "cliente_ids", "null"),
    ({"cliente_ids": []}, "cliente_ids", "empty"),
    ({"cliente_ids": "1,2"}, "cliente_ids", "not_a_list"),
    ({"cliente_ids": 1}, "cliente_ids", "not_a_list"),
    ({"cliente_ids": {"0": 1}}, "cliente_ids", "not_a_list"),
    ({"cliente_ids": True}, "cliente_ids", "not_a_list"),
    ({"cliente_ids": [0]}, "cliente_ids", "does_not_exist"),
    ({"cliente_ids": [-1]}, "cliente_ids", "does_not_exist"),
    ({"cliente_ids": [2**63 - 1]}, "cliente_ids", "does_not_exist"),
    ({"cliente_ids": [2**63]}, "cliente_ids", "does_not_exist"),
    ({"cliente_ids": [10**400]}, "cliente_ids", "does_not_exist"),
    ({"cliente_ids": list(range(1, 100_002))}, "cliente_ids", "max_length"),
]


@pytest.mark.parametrize(("change", "attr", "code"), FIELDS, ids=[json.dumps(row[0])[:60] for row in FIELDS])
def test_it_rejects_a_bad_field(api: APIClient, cliente: Cliente, change: dict[str, Any], attr: str, code: str) -> None:
    error = refused(api, {"mensaje": "Hola", "cliente_ids": [cliente.pk], **change})
    assert (error["attr"], error["code"]) == (attr, code)


@pytest.mark.parametrize("bad", ["7", 7.0, 1.5, True, False, None, [7], {"id": 7}, "", "abc", "\0", "x" * 5_000, 1e300])
@pytest.mark.parametrize("position", [0, 1])
def test_it_rejects_an_id_that_is_no_integer_naming_its_place(
    api: APIClient, cliente: Cliente, bad: object, position: int
) -> None:
    ids: list[object] = [cliente.pk]
    ids.insert(position, bad)
    error = refused(api, {"mensaje": "Hola", "cliente_ids": ids})
    assert (error["attr"], error["code"]) == (f"cliente_ids.{position}", "not_an_integer")
    assert len(error["detail"]) < 200


def test_it_names_the_unknown_placeholder(api: APIClient, cliente: Cliente) -> None:
    error = refused(api, {"mensaje": "{nombre}, {saldo}", "cliente_ids": [cliente.pk]})
    assert "{saldo}" in error["detail"]
    assert "{nombre}" in error["detail"]


@pytest.mark.parametrize("text", ["Llave {", "} suelta", "{nombre", "Hola {{nombre}}", "[nombre]", "{enlace_baja}x"])
def test_it_rejects_what_would_reach_people_as_it_stands(api: APIClient, cliente: Cliente, text: str) -> None:
    error = refused(api, {"mensaje": text, "cliente_ids": [cliente.pk]})
    assert error["attr"] == "mensaje"
    assert "arácter" in error["detail"]


def test_it_takes_signs_that_are_no_placeholder(api: APIClient, cliente: Cliente) -> None:
    body = {"mensaje": "100 % {nombre} %s %(x)s \\ $1 [2x1] <3 #uno", "cliente_ids": [cliente.pk]}
    assert api.post(URL, body).status_code == 201


def test_a_line_end_of_windows_is_one_character(api: APIClient, cliente: Cliente) -> None:
    mensaje = "a" * 80 + "\r\n" + "a" * 79
    answer = api.post(URL, {"mensaje": mensaje, "cliente_ids": [cliente.pk]})
    assert answer.json()["mensaje"] == mensaje.replace("\r", "")
    preview = api.post(f"{URL}vista-previa/", {"mensaje": mensaje, "cliente_ids": [cliente.pk]})
    assert preview.json()["costo"]["segmentos"] == 1
    template = api.post("/api/v1/plantillas/", {"nombre": "Dos líneas", "mensaje": mensaje})
    assert template.json()["mensaje"] == mensaje.replace("\r", "")
    api.post("/clientes/enviar-sms/", {"mensaje": mensaje, "cliente_ids": [cliente.pk]}, headers={"Prefer": "wait=0"})
    assert not CampanaSMS.objects.filter(mensaje__contains="\r").exists()
    assert CampanaSMS.objects.count() == 2


class TestLength:
    """1,600 characters are counted after the longest name among the chosen recipients is in."""

    @pytest.fixture(autouse=True)
    def _names(self, owner: Usuario) -> None:
        self.short = ClienteFactory.create(usuario=owner, nombre="Ana").pk
        self.long = ClienteFactory.create(usuario=owner, nombre="ñ" * 150).pk

    def body(self, length: int, nombres: int, ids: list[int]) -> dict[str, Any]:
        """A message with one {nombre}, `length` long once a name of `nombres` characters is in it."""
        return {"mensaje": "{nombre}" + "x" * (length - nombres), "cliente_ids": ids}

    def test_it_takes_exactly_1600(self, api: APIClient) -> None:
        assert api.post(URL, self.body(1_600, 150, [self.short, self.long])).status_code == 201

    def test_it_rejects_1601(self, api: APIClient) -> None:
        error = refused(api, self.body(1_601, 150, [self.short, self.long]))
        assert (error["attr"], error["code"]) == ("mensaje", "max_length")
        assert "1601" in error["detail"]

    def test_it_looks_only_at_the_chosen_ones(self, api: APIClient) -> None:
        body = self.body(1_600, 3, [self.short])
        assert api.post(URL, body).status_code == 201
        refused(api, {**body, "cliente_ids": [self.short, self.long]})

    def test_it_looks_only_at_active_clients_of_this_shop_for_todos(self, api: APIClient) -> None:
        Cliente.objects.filter(pk=self.long).update(activo=False)
        ClienteFactory.create(nombre="x" * 150)
        mensaje_ = self.body(1_600, 3, [])["mensaje"]
        assert api.post(URL, {"mensaje": mensaje_, "audiencia": {"todos": True}}).status_code == 201

    def test_it_counts_every_placeholder(self, api: APIClient) -> None:
        two = "{nombre}{nombre}" + "x" * 1_300
        assert api.post(URL, {"mensaje": two, "cliente_ids": [self.long]}).status_code == 201
        refused(api, {"mensaje": two + "x", "cliente_ids": [self.long]})

    def test_it_counts_characters_of_the_text_not_of_the_placeholder(self, api: APIClient) -> None:
        """{nombre} is 8 characters, Ana is 3."""
        assert api.post(URL, {"mensaje": "{nombre}" + "x" * 1_597, "cliente_ids": [self.short]}).status_code == 201

    def test_it_names_the_template(self, api: APIClient, owner: Usuario) -> None:
        plantilla = PlantillaFactory.create(usuario=owner, mensaje="{nombre}" + "x" * 1_451)
        error = refused(api, {"plantilla": plantilla.pk, "cliente_ids": [self.long]})
        assert (error["attr"], error["code"]) == ("plantilla", "max_length")
        assert api.post(URL, {"plantilla": plantilla.pk, "cliente_ids": [self.short]}).status_code == 201


class TestOtherShops:
    def test_it_does_not_tell_another_shops_client_from_none(self, api: APIClient, cliente: Cliente) -> None:
        others = ClienteFactory.create().pk
        answers = []
        for pk in (others, ABSENT):
            error = refused(api, {"mensaje": "Hola", "cliente_ids": [cliente.pk, pk]})
            assert str(pk) in error["detail"]
            answers.append({**error, "detail": error["detail"].replace(str(pk), "N")})
        assert answers[0] == answers[1]
        assert answers[0]["attr"] == "cliente_ids"

    def test_it_lists_the_first_ten_in_order(self, api: APIClient, cliente: Cliente) -> None:
        missing = [ABSENT + n for n in range(12)][::-1]
        detail = refused(api, {"mensaje": "Hola", "cliente_ids": [*missing, cliente.pk]})["detail"]
        assert detail == seleccion.NO_EXISTEN.format(ids=", ".join(map(str, missing[:10])) + " y 2 más")

    def test_it_does_not_tell_another_shops_template_from_none(self, api: APIClient, cliente: Cliente) -> None:
        others = PlantillaFactory.create().pk
        answers = []
        for pk in (others, ABSENT):
            error = refused(api, {"plantilla": pk, "cliente_ids": [cliente.pk]})
            answers.append({**error, "detail": error["detail"].replace(str(pk), "N")})
        assert answers[0] == answers[1]
        assert (answers[0]["attr"], answers[0]["code"]) == ("plantilla", "does_not_exist")

    def test_it_measures_no_other_shops_name(self, api: APIClient, cliente: Cliente) -> None:
        """Else a long name would be told by the length error that comes instead of «no existe»."""
        others = ClienteFactory.create(nombre="x" * 150).pk
        body = {"mensaje": "{nombre}" + "x" * 1_597, "cliente_ids": [cliente.pk, others]}
        assert refused(api, body)["code"] == "does_not_exist"


@pytest.mark.parametrize("bad", ["1", 1.0, 1.9, True, None, [1], {"id": 1}, 0, -1, 2**63, 10**400, "\0", ""])
def test_it_rejects_a_template_that_is_no_id(api: APIClient, owner: Usuario, cliente: Cliente, bad: object) -> None:
    PlantillaFactory.create(usuario=owner, id=1)
    assert refused(api, {"plantilla": bad, "cliente_ids": [cliente.pk]})["attr"] == "plantilla"


def test_it_rejects_an_inactive_template(api: APIClient, owner: Usuario, cliente: Cliente) -> None:
    plantilla = PlantillaFactory.create(usuario=owner, activo=False)
    error = refused(api, {"plantilla": plantilla.pk, "cliente_ids": [cliente.pk]})
    assert (error["attr"], error["code"]) == ("plantilla", "does_not_exist")


COMBINATIONS = [
    ({"cliente_ids": [1]}, "mensaje", campanas_serializers.FALTA_MENSAJE),
    ({"mensaje": "Hola"}, "cliente_ids", campanas_serializers.FALTA_AUDIENCIA),
    ({}, "mensaje", campanas_serializers.FALTA_MENSAJE),
    ({"mensaje": "Hola", "plantilla": 1, "cliente_ids": [1]}, "plantilla", campanas_serializers.DOS_MENSAJES),
    (
        {"mensaje": "Hola", "cliente_ids": [1], "audiencia": {"todos": True}},
        "audiencia",
        campanas_serializers.DOS_AUDIENCIAS,
    ),
    ({"mensaje": "Hola", "audiencia": {"todos": False}}, "audiencia.todos", audiencia_api.SOLO_TODOS),
]


@pytest.mark.parametrize(("body", "attr", "detail"), COMBINATIONS)
def test_it_rejects_none_or_both(api: APIClient, owner: Usuario, body: dict[str, Any], attr: str, detail: str) -> None:
    PlantillaFactory.create(usuario=owner, id=1)
    ClienteFactory.create(usuario=owner, id=1)
    error = refused(api, body)
    assert (error["attr"], error["detail"]) == (attr, detail)


@pytest.mark.parametrize(
    ("bad", "attr"),
    [
        ({}, "audiencia.non_field_errors"),
        ({"todos": None}, "audiencia.todos"),
        ({"todos": "quizás"}, "audiencia.todos"),
        ({"todos": []}, "audiencia.todos"),
        ({"todos": {}}, "audiencia.todos"),
        ({"etiquetas": ["vip"]}, "audiencia.etiquetas.0"),
        ([], "audiencia.non_field_errors"),
        ("todos", "audiencia.non_field_errors"),
        (True, "audiencia.non_field_errors"),
        (None, "audiencia"),
    ],
)
def test_it_rejects_a_bad_audience(api: APIClient, cliente: Cliente, bad: object, attr: str) -> None:
    assert refused(api, {"mensaje": "Hola", "audiencia": bad})["attr"] == attr


def test_it_rejects_todos_of_a_shop_without_active_clients(api: APIClient, cliente: Cliente) -> None:
    Cliente.objects.update(activo=False)
    error = refused(api, {"mensaje": "Hola", "audiencia": {"todos": True}})
    assert (error["attr"], error["code"], error["detail"]) == ("audiencia", "empty", seleccion.SIN_DESTINATARIOS)


def test_it_names_every_bad_field_at_once(api: APIClient) -> None:
    errors = errors_of(api.post(URL, {"nombre": "", "mensaje": None, "cliente_ids": "x"}), 400)
    assert {error["attr"] for error in errors} == {"nombre", "mensaje", "cliente_ids"}


@pytest.mark.parametrize("nombre", ["x" * 200, "  " + "x" * 196 + "  ", "😀" * 200])
def test_it_takes_a_name_of_200(api: APIClient, cliente: Cliente, nombre: str) -> None:
    response = api.post(URL, {"nombre": nombre, "mensaje": "Hola", "cliente_ids": [cliente.pk]})
    assert (response.status_code, response.json()["nombre"]) == (201, nombre.strip())


@pytest.mark.parametrize(
    ("text", "nombre", "expected"),
    [
        ("Hola {nombre}", "Ana", "Hola Ana"),
        ("{nombre}{nombre}", "{nombre}", "{nombre}{nombre}"),  # a name is text, never a template
        ("{{nombre}}", "x", "{x}"),
        ("{nombre.__class__}", "x", "{nombre.__class__}"),
        ("Sin marcador", "x", "Sin marcador"),
    ],
)
def test_it_renders_by_plain_substitution(text: str, nombre: str, expected: str) -> None:
    assert texto.render(text, nombre) == expected
    assert texto.rendered_length(text, len(nombre)) == len(expected)
