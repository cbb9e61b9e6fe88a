"""The source and the date of a client's consent: both or neither, on every way a client is written."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from clientes import consentimiento
from clientes.importacion import valores
from clientes.importacion.filas import FUENTE_ARCHIVO
from clientes.importacion.valores import InvalidCellError
from clientes.models import Cliente, Medio
from clientes.services import anonimizar_cliente
from core.errors import InvalidInputError
from core.models import Usuario
from tests.clientes.importacion.support import counts, csv, problems, run
from tests.core.api.support import error_of
from tests.factories import ClienteFactory
from tests.pages import get, signed_in

URL = "/api/v1/clientes/"
DADO = {"consentimiento_fuente": "Formulario", "consentimiento_en": "2026-03-01"}
TITULOS = "nombre;telefono;documento;fecha del consentimiento;fuente del consentimiento"
TOMORROW = str(timezone.localdate() + timedelta(days=2))


def stored() -> list[tuple[str, date | None]]:
    return list(Cliente.objects.order_by("nombre").values_list("consentimiento_fuente", "consentimiento_en"))


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"consentimiento_fuente": "Formulario"}, "consentimiento_en", consentimiento.FALTA_FECHA),
    ({"consentimiento_en": "2026-03-01"}, "consentimiento_fuente", consentimiento.FALTA_FUENTE),
    (DADO | {"consentimiento_en": TOMORROW}, "consentimiento_en", consentimiento.EN_EL_FUTURO),
]


class TestApi:
    def test_it_works(self, api: APIClient) -> None:
        made = api.post(URL, {"nombre": "Ana", **DADO}).json()
        assert {name: made[name] for name in DADO} == DADO
        # Withdrawn: both at once.
        answer = api.patch(f"{URL}{made['id']}/", {"consentimiento_fuente": "", "consentimiento_en": None})
        assert (answer.status_code, stored()) == (200, [("", None)])

    def test_half_of_it_is_changed_beside_the_other_half(self, api: APIClient, owner: Usuario) -> None:
        ana = ClienteFactory.create(usuario=owner, consentimiento_fuente="Caja", consentimiento_en=date(2026, 1, 1))
        assert api.patch(f"{URL}{ana.pk}/", {"consentimiento_fuente": "Llamada"}).status_code == 200
        assert stored() == [("Llamada", date(2026, 1, 1))]

    @pytest.mark.parametrize(("body", "attr", "detail"), BAD)
    def test_it_rejects_half_of_it(self, api: APIClient, body: dict[str, Any], attr: str, detail: str) -> None:
        error = error_of(api.post(URL, {"nombre": "Ana", **body}), 400)
        assert (error["attr"], error["detail"]) == (attr, detail)
        assert not Cliente.objects.exists()


PRUEBA = {
    "consentimiento_hora": "16:20:00",
    "consentimiento_medio": "web",
    "consentimiento_texto": "Acepto recibir ofertas de Zapatos Luna",
    "consentimiento_lugar": "190.24.8.15",
}
NADA = {**dict.fromkeys(PRUEBA, ""), "consentimiento_hora": None}


def proof() -> dict[str, Any]:
    found = Cliente.objects.values(*PRUEBA).get()
    return {**found, "consentimiento_hora": found["consentimiento_hora"] and str(found["consentimiento_hora"])}


def history(cliente: Cliente) -> list[tuple[date | None, str, str, str]]:
    """(day, how, where, who wrote it down or what file brought it), oldest first."""
    return [
        (one.en, one.medio, one.lugar, one.quien.username if one.quien else one.archivo)
        for one in cliente.consentimientos.select_related("quien").order_by("pk")
    ]


class TestProof:
    """The words, the way, the place and the hour, which are of one consent."""

    def test_it_is_kept_with_its_history(self, api: APIClient, owner: Usuario) -> None:
        made = api.post(URL, {"nombre": "Ana", **DADO, **PRUEBA}).json()
        assert {name: made[name] for name in PRUEBA} == PRUEBA
        path, ana = f"{URL}{made['id']}/", Cliente.objects.get()
        # Another day is another consent: it has not the proof of the first.
        assert api.patch(path, {"consentimiento_en": "2026-04-01", "consentimiento_medio": "papel"}).status_code == 200
        assert proof() == NADA | {"consentimiento_medio": "papel"}
        assert api.patch(path, {"nombre": "Ana Paz", "consentimiento_lugar": "Local\nCalle 72"}).status_code == 200
        assert proof() == NADA | {"consentimiento_medio": "papel", "consentimiento_lugar": "Local Calle 72"}
        assert api.patch(path, {"consentimiento_fuente": "", "consentimiento_en": None}).status_code == 200
        assert proof() == NADA
        assert history(ana) == [
            (date(2026, 3, 1), "web", "190.24.8.15", owner.username),
            (date(2026, 4, 1), "papel", "", owner.username),
            (date(2026, 4, 1), "papel", "Local Calle 72", owner.username),
            (None, "", "", owner.username),
        ]
        page = get(owner, f"/clientes/{ana.pk}/")
        assert all(
            text in page for text in ("Acepto recibir ofertas", "190.24.8.15", "Formulario en papel", "Retirado")
        )
        kept = api.get(f"{path}expediente/").json()["consentimiento"]
        assert [one["lugar"] for one in kept["historia"]] == ["190.24.8.15", "", "Local Calle 72", ""]
        anonimizar_cliente(cliente=ana)
        assert history(ana) == []

    @pytest.mark.parametrize(
        ("body", "attr"),
        [
            ({"consentimiento_medio": "web"}, "consentimiento_medio"),
            ({"consentimiento_texto": "Acepto"}, "consentimiento_texto"),
            ({"consentimiento_hora": "10:00"}, "consentimiento_hora"),
            (DADO | {"consentimiento_medio": "paloma"}, "consentimiento_medio"),
            (DADO | {"consentimiento_lugar": "x" * 201}, "consentimiento_lugar"),
            (DADO | {"consentimiento_hora": "25:00"}, "consentimiento_hora"),
            (DADO | {"consentimiento_texto": 5}, "consentimiento_texto"),
        ],
    )
    def test_it_rejects_a_proof_of_nothing(self, api: APIClient, body: dict[str, Any], attr: str) -> None:
        assert error_of(api.post(URL, {"nombre": "Ana", **body}), 400)["attr"] == attr
        assert not Cliente.objects.exists()

    def test_the_form_takes_it(self, owner: Usuario) -> None:
        browser = signed_in(owner)
        body = {"nombre": "Ana", "activo": "true", **DADO, **PRUEBA, "consentimiento_hora": "16:20"}
        assert browser.post("/clientes/nuevo/", body).status_code == 302
        assert proof() == PRUEBA
        ana = Cliente.objects.get()
        withdrawn = body | {"consentimiento_fuente": "", "consentimiento_en": ""}
        assert browser.post(f"/clientes/editar/{ana.pk}/", withdrawn).status_code == 302
        assert (stored(), proof()) == ([("", None)], NADA)
        assert len(history(ana)) == 2

    def test_a_file_brings_it_and_takes_it_back(self, owner: Usuario) -> None:
        titles = f"{TITULOS};manera del consentimiento;ip;texto del consentimiento"
        row = "Ana;3001112233;1;2026-03-01 16:20;Formulario;Formulario web;190.24.8.15;Acepto"
        assert counts(run(owner, csv(titles, row))) == {"creadas": 1}
        assert proof() == PRUEBA | {"consentimiento_texto": "Acepto"}
        assert counts(run(owner, csv(titles, row))) == {"sin_cambios": 1}
        exported = signed_in(owner).get("/clientes/exportar/")
        assert counts(run(owner, b"".join(exported.streaming_content))) == {"sin_cambios": 1}  # type: ignore[attr-defined]
        # Files without the columns: the same day keeps its proof, another has none.
        assert counts(run(owner, csv(TITULOS, "Ana;;1;2026-03-01;Formulario"))) == {"sin_cambios": 1}
        assert proof() == PRUEBA | {"consentimiento_texto": "Acepto"}
        assert counts(run(owner, csv(TITULOS, "Ana;;1;2026-05-01;Caja"))) == {"actualizadas": 1}
        assert proof() == NADA
        assert history(Cliente.objects.get()) == [
            (date(2026, 3, 1), "web", "190.24.8.15", "lista.csv"),
            (date(2026, 5, 1), "", "", "lista.csv"),
        ]

    def test_a_file_says_what_is_wrong_with_it(self, owner: Usuario) -> None:
        titles = f"{TITULOS};manera del consentimiento;texto del consentimiento"
        found = [
            motivo
            for *_, motivo in problems(run(owner, csv(titles, "Ana;;1;2026-03-01;Caja;paloma;", "Eva;;2;;;;Acepto")))
        ]
        assert "«paloma»" in found[0]
        assert "papel" in found[0]
        assert found[1] == consentimiento.SIN_CONSENTIMIENTO


@pytest.mark.parametrize(
    ("written", "medio"),
    [
        ("papel", "papel"),
        ("Formato físico firmado", "papel"),
        ("WEB", "web"),
        ("Página web", "web"),
        ("Tienda online", "web"),
        ("WhatsApp", "mensaje"),
        ("SMS", "mensaje"),
        ("E-mail", "correo"),
        ("Correo electrónico", "correo"),
        ("Telefónica", "llamada"),
        ("Phone call", "llamada"),
        ("Presencial", "persona"),
        ("De palabra, en persona", "persona"),
        ("conducta", "conducta"),
        ("Formulario", ""),  # on paper, or on a page?
        ("sí", ""),
        ("7", ""),
    ],
)
def test_a_file_names_the_way_in_its_own_words(written: str, medio: str) -> None:
    if medio:
        assert valores.medio(written) == Medio(medio)
    else:
        with pytest.raises(InvalidCellError, match=written):
            valores.medio(written)


def test_an_hour_of_today_that_has_not_come_is_refused() -> None:
    late = {"consentimiento_hora": time(23, 59, 59, 999_999)}
    with pytest.raises(InvalidInputError):
        consentimiento.validar("Caja", timezone.localdate(), late)


class TestPage:
    def test_it_works(self, owner: Usuario) -> None:
        answer = signed_in(owner).post("/clientes/nuevo/", {"nombre": "Ana", "activo": "true", **DADO})
        assert (answer.status_code, stored()) == (302, [("Formulario", date(2026, 3, 1))])
        page = get(owner, f"/clientes/{Cliente.objects.get().pk}/")
        assert "1 mar 2026" in page
        assert "Formulario" in page

    @pytest.mark.parametrize(("body", "attr", "detail"), BAD)
    def test_it_rejects_half_of_it(self, owner: Usuario, body: dict[str, Any], attr: str, detail: str) -> None:
        answer = signed_in(owner).post("/clientes/nuevo/", {"nombre": "Ana", "activo": "true", **body})
        assert detail in answer.content.decode()
        assert not Cliente.objects.exists()


class TestImport:
    def test_it_comes_with_the_file(self, owner: Usuario) -> None:
        data = csv(TITULOS, "Ana;3001112233;1;2026-03-01;Formulario", "Luis;3001112244;2;;")
        assert counts(run(owner, data)) == {"creadas": 2}
        assert stored() == [("Formulario", date(2026, 3, 1)), ("", None)]
        assert counts(run(owner, data)) == {"sin_cambios": 2}

    def test_empty_cells_keep_what_is_there_and_others_replace_it(self, owner: Usuario) -> None:
        run(owner, csv(TITULOS, "Ana;3001112233;1;2026-03-01;Formulario", "Luis;3001112244;2;2026-03-01;Caja"))
        changed = run(owner, csv(TITULOS, "Ana;;1;;", "Luis;;2;02/04/2026;Llamada"))
        assert counts(changed) == {"sin_cambios": 1, "actualizadas": 1}
        assert stored() == [("Formulario", date(2026, 3, 1)), ("Llamada", date(2026, 4, 2))]

    def test_dates_alone_come_from_the_file(self, owner: Usuario) -> None:
        run(owner, csv("nombre;documento;fecha del consentimiento", "Ana;1;2026-03-01"))
        assert stored() == [(FUENTE_ARCHIVO, date(2026, 3, 1))]

    def test_it_says_what_is_wrong(self, owner: Usuario) -> None:
        data = csv(
            TITULOS, "Ana;;1;;Formulario", "Luis;;2;2026-03-01;", "Eva;;3;mañana;Caja", f"Sol;;4;{TOMORROW};Caja"
        )
        found = [motivo for *_, motivo in problems(run(owner, data))]
        assert found[:2] == [consentimiento.FALTA_FECHA, consentimiento.FALTA_FUENTE]
        assert "«mañana»" in found[2]
        assert found[3] == consentimiento.EN_EL_FUTURO
        assert not Cliente.objects.exists()


def test_it_is_erased_with_the_client(owner: Usuario) -> None:
    ana = ClienteFactory.create(usuario=owner, consentimiento_fuente="Caja", consentimiento_en=date(2026, 1, 1))
    anonimizar_cliente(cliente=ana)
    assert stored() == [("", None)]
