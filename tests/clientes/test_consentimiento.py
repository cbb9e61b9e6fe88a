"""Where and when a client agreed: both or neither, on every way a client is written."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from clientes import consentimiento
from clientes.importacion.filas import FUENTE_ARCHIVO
from clientes.models import Cliente
from clientes.services import anonimizar_cliente
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
