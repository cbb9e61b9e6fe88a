from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.ley import reglas
from campaigns.ley.precios import precio_de
from campaigns.ley.services import bloquear, cambiar_ajustes
from campaigns.models import Ajustes, AjustesCambio
from campaigns.models.ajustes import MOTIVO_MAX
from campaigns.models.limites import CAMPOS
from campaigns.values import ventanas
from core.api.serializers import NO_EXISTE
from core.errors import InvalidInputError
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import AdminFactory, VendedorFactory

URL = "/api/v1/ajustes/"
LABORAL = {"abre": "08:00", "cierra": "19:00"}


@pytest.fixture
def nueva(db: None) -> Usuario:
    """The admin of a new shop."""
    return AdminFactory.create(username="nueva", ajustes=None)


@pytest.fixture
def api(nueva: Usuario) -> APIClient:
    return signed_in(nueva)


def test_a_new_shop_keeps_to_the_law(api: APIClient, nueva: Usuario) -> None:
    """FIELD: Ley 2300 de 2023 within the carriers' hours; the holidays of Ley 51 de 1983."""
    assert api.get(URL).json() == {
        "ventanas_activas": True,
        "zona_horaria": "America/Bogota",
        "ventanas": {
            **dict.fromkeys(("lunes", "martes", "miercoles", "jueves", "viernes"), LABORAL),
            "sabado": {"abre": "08:00", "cierra": "15:00"},
            "domingo": None,
        },
        "festivos_pais": "CO",
        "dias_cerrados": [],
        "plazo_h": 72.0,
        "frecuencia_activa": True,
        "frecuencia_maxima": 1,
        "rne_activo": True,
        "rne_vigencia_dias": 7,
        "rne_exigir_consulta": False,
        "exigir_consentimiento": False,
        "alias": "",
        "exigir_nombre": False,
        "precio_segmento": None,
        "precios": {},
        "tope_diario": None,
        "tope_mensual": None,
        "aprobacion_destinatarios": None,
        "aprobacion_costo": None,
        "aprobacion_ajena": False,
        "limites": {**dict.fromkeys(CAMPOS), "paises": ["CO"]},
    }
    assert not Ajustes.objects.filter(usuario=nueva).exists()  # reading writes nothing


def test_a_vendedor_sees_by_the_api_what_the_page_shows_them(api: APIClient, nueva: Usuario) -> None:
    vendedor = signed_in(VendedorFactory.create(creado_por=nueva))
    assert [vendedor.get(path).status_code for path in (URL, f"{URL}historial/")] == [403, 403]


def test_it_changes_what_is_sent_and_keeps_the_rest(api: APIClient) -> None:
    before = api.get(URL).json()
    answer = api.patch(URL, {"ventanas": {"sabado": None}, "dias_cerrados": ["2026-12-31", "2026-12-24"]})
    assert answer.status_code == 200
    assert answer.json() == {
        **before,
        "ventanas": {**before["ventanas"], "sabado": None},
        "dias_cerrados": ["2026-12-24", "2026-12-31"],
    }
    assert api.get(URL).json() == answer.json()


def test_every_change_is_in_the_history(api: APIClient, nueva: Usuario) -> None:
    api.patch(URL, {"ventanas_activas": False, "plazo_h": 24, "motivo": " Pruebas "})
    api.patch(URL, {"plazo_h": 24})  # changes nothing
    [entry] = api.get(URL + "historial/").json()["results"]
    assert entry | {"id": 0, "creado": ""} == {
        "id": 0,
        "creado": "",
        "quien": "nueva",
        "motivo": "Pruebas",
        "cambios": {
            "ventanas_activas": {"antes": True, "despues": False},
            "plazo_h": {"antes": 72, "despues": 24},
        },
    }


def test_switching_a_protection_off_needs_a_reason(api: APIClient) -> None:
    for body in ({"ventanas_activas": False}, {"ventanas_activas": False, "motivo": "  "}):
        error = error_of(api.patch(URL, body), 400)
        assert (error["attr"], error["detail"]) == ("motivo", reglas.FALTA_MOTIVO) or error["code"] == "blank"
    assert api.get(URL).json()["ventanas_activas"] is True
    assert not AjustesCambio.objects.exists()
    assert api.patch(URL, {"ventanas_activas": False, "motivo": "Pruebas"}).status_code == 200
    assert api.patch(URL, {"ventanas_activas": True}).status_code == 200


LOOSER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # a protection that stays on, and protects less
    ({}, {"ventanas": {"lunes": {"abre": "07:00", "cierra": "19:00"}}}),
    ({}, {"ventanas": {"lunes": {"abre": "08:00", "cierra": "19:30"}}}),
    ({}, {"ventanas": {"lunes": {"abre": "12:00", "cierra": "20:00"}}}),  # shorter, and in hours that were closed
    ({}, {"ventanas": {"domingo": {"abre": "10:00", "cierra": "11:00"}}}),
    ({}, {"ventanas": {"domingo": {"abre": "10:00", "cierra": "11:00"}, "lunes": None, "martes": None}}),
    ({}, {"ventanas": {dia: {"abre": "00:00", "cierra": "24:00"} for dia in ventanas.DIAS}}),
    ({"dias_cerrados": ["2026-12-24", "2026-12-31"]}, {"dias_cerrados": ["2026-12-24", "2027-01-02"]}),
    ({}, {"frecuencia_maxima": 2}),
    ({}, {"rne_vigencia_dias": 8}),
    ({"tope_diario": "10"}, {"tope_diario": "10.01"}),
    ({"tope_mensual": "10"}, {"tope_mensual": "999999"}),
    ({"aprobacion_destinatarios": 500}, {"aprobacion_destinatarios": 501}),
    ({"aprobacion_costo": "5"}, {"aprobacion_costo": "6"}),
]


@pytest.mark.parametrize(("before", "body"), LOOSER)
def test_loosening_a_protection_needs_a_reason(api: APIClient, before: dict[str, Any], body: dict[str, Any]) -> None:
    assert api.patch(URL, {"precio_segmento": "0.05", **before}).status_code == 200
    held = api.get(URL).json()
    error = error_of(api.patch(URL, body), 400)
    assert (error["attr"], error["detail"]) == ("motivo", reglas.FALTA_MOTIVO)
    assert api.get(URL).json() == held
    assert api.patch(URL, {**body, "motivo": "Temporada"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"ventanas": {"lunes": {"abre": "09:00", "cierra": "18:00"}, "sabado": None}},
        {"dias_cerrados": ["2026-12-31"]},
        {"frecuencia_maxima": 4},
        {"rne_vigencia_dias": 6},
        {"tope_diario": "9", "tope_mensual": "90"},
        {"aprobacion_destinatarios": 499, "aprobacion_costo": "4"},
        # facts, and what protects nobody
        {"precio_segmento": "0.01", "precios": {}, "plazo_h": 100, "zona_horaria": "America/Lima"},
    ],
)
def test_tightening_one_needs_none(api: APIClient, body: dict[str, Any]) -> None:
    before = {"tope_diario": "10", "tope_mensual": "100", "aprobacion_destinatarios": 500, "aprobacion_costo": "5"}
    loose = {"frecuencia_maxima": 5, "precio_segmento": "0.05", "precios": {"US": "0.01"}, "motivo": "Pruebas"}
    assert api.patch(URL, before | loose).status_code == 200
    assert api.patch(URL, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "attr", "detail"),
    [
        ({"zona_horaria": "Bogotá"}, "zona_horaria", reglas.NO_ES_ZONA.format(valor="Bogotá")),
        ({"festivos_pais": "XX"}, "festivos_pais", reglas.NO_ES_PAIS.format(valor="XX")),
        ({"plazo_h": 0}, "plazo_h", reglas.FUERA.format(minimo=1, maximo=720)),
        ({"plazo_h": 721}, "plazo_h", reglas.FUERA.format(minimo=1, maximo=720)),
        (
            {"ventanas": {"lunes": {"abre": "8:00", "cierra": "19:00"}}},
            "ventanas.lunes.abre",
            ventanas.NO_ES_HORA.format(valor="8:00"),
        ),
        (
            {"ventanas": {"lunes": {"abre": "08:00", "cierra": "24:30"}}},
            "ventanas.lunes.cierra",
            ventanas.NO_ES_HORA.format(valor="24:30"),
        ),
        (
            {"ventanas": {"martes": {"abre": "19:00", "cierra": "08:00"}}},
            "ventanas.martes",
            ventanas.AL_REVES.format(abre="19:00", cierra="08:00"),
        ),
        ({"ventanas": {"lunez": None}}, "ventanas.lunez", NO_EXISTE),
        ({"ventanas": dict.fromkeys(ventanas.DIAS)}, "ventanas", reglas.NUNCA_ABRE),
        ({"limite": 1}, "limite", NO_EXISTE),
        ({"frecuencia_maxima": 0}, "frecuencia_maxima", reglas.FUERA.format(minimo=1, maximo=20)),
        ({"frecuencia_activa": False}, "motivo", reglas.FALTA_MOTIVO),
        ({"precios": {"XX": "0.1"}}, "precios.XX", reglas.NO_ES_PAIS_DE_PRECIO.format(valor="XX")),
        ({"precios": {"US": "-0.1"}}, "precios.US", reglas.NO_ES_DINERO),
        ({"precios": {"US": "gratis"}}, "precios.US", None),
        ({"precio_segmento": "-1"}, "precio_segmento", reglas.NO_ES_DINERO),
        ({"rne_vigencia_dias": 0}, "rne_vigencia_dias", reglas.FUERA.format(minimo=1, maximo=365)),
        ({"rne_activo": False}, "motivo", reglas.FALTA_MOTIVO),
        ({"aprobacion_destinatarios": -1}, "aprobacion_destinatarios", None),
        ({"aprobacion_costo": "5"}, "precio_segmento", reglas.SIN_PRECIO),
        ({"dias_cerrados": ["mañana"]}, "dias_cerrados.0", None),
        ({"dias_cerrados": [f"2026-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 10)]}, "dias_cerrados", None),
        ({"ventanas_activas": "quizás"}, "ventanas_activas", None),
        ({"plazo_h": 24, "motivo": "x" * (MOTIVO_MAX + 1)}, "motivo", None),
    ],
)
def test_it_refuses_what_makes_no_sense(api: APIClient, body: dict[str, Any], attr: str, detail: str | None) -> None:
    error = error_of(api.patch(URL, body), 400)
    assert error["attr"] == attr
    assert detail is None or error["detail"] == detail
    assert not AjustesCambio.objects.exists()


def test_prices_and_caps(api: APIClient) -> None:
    error = error_of(api.patch(URL, {"tope_diario": "10"}), 400)
    assert (error["attr"], error["detail"]) == ("precio_segmento", reglas.SIN_PRECIO)
    body = {"precio_segmento": "0.0525", "precios": {"US": "0.00830", "ES": "0.08"}, "tope_diario": "10"}
    answer = api.patch(URL, body).json()
    assert (answer["precio_segmento"], answer["precios"], answer["tope_diario"]) == (
        "0.052500",
        {"ES": "0.080000", "US": "0.008300"},
        "10.00",
    )
    error = error_of(api.patch(URL, {"tope_mensual": "9.99"}), 400)
    assert (error["attr"], error["detail"]) == ("tope_diario", reglas.TOPES_CRUZADOS)
    error = error_of(api.patch(URL, {"precio_segmento": None}), 400)
    assert error["attr"] == "precio_segmento"
    nothing: dict[str, Any] = {"tope_diario": None, "precio_segmento": None}
    error = error_of(api.patch(URL, nothing), 400)
    assert (error["attr"], error["detail"]) == ("motivo", reglas.FALTA_MOTIVO)
    assert api.patch(URL, nothing | {"motivo": "Pruebas"}).status_code == 200


def test_to_forget_the_holidays_needs_a_reason(api: APIClient) -> None:
    error = error_of(api.patch(URL, {"festivos_pais": ""}), 400)
    assert (error["attr"], error["detail"]) == ("motivo", reglas.FALTA_MOTIVO)
    assert api.patch(URL, {"festivos_pais": "US"}).status_code == 200


def test_the_installations_price_is_the_default(api: APIClient, nueva: Usuario, settings: Any) -> None:
    settings.SMS_SEGMENT_PRICE = Decimal("0.05")
    assert api.patch(URL, {"tope_diario": "10"}).status_code == 200
    ajustes = Ajustes.objects.get(usuario=nueva)
    assert (precio_de(ajustes, "CO"), precio_de(ajustes, "US")) == (Decimal("0.05"), Decimal("0.05"))
    api.patch(URL, {"precios": {"US": "0.01"}})
    ajustes.refresh_from_db()
    assert (precio_de(ajustes, "CO"), precio_de(ajustes, "US")) == (Decimal("0.05"), Decimal("0.01"))


def test_all_day_is_written_with_24(api: APIClient, nueva: Usuario) -> None:
    api.patch(URL, {"ventanas": {"domingo": {"abre": "00:00", "cierra": "24:00"}}, "motivo": "Feria"})
    horario = Ajustes.objects.get(usuario=nueva).horario
    assert horario is not None
    sunday = horario.semana[6]
    assert sunday is not None
    assert (sunday.abre, sunday.cierra) == (0, 1440)


def test_the_service_refuses_a_setting_that_is_none(nueva: Usuario) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        cambiar_ajustes(usuario=nueva, cambios={"usuario_id": 1})
    assert refusal.value.field == "usuario_id"


@pytest.mark.django_db
def test_the_row_is_made_when_somebody_needs_to_hold_it(nueva: Usuario) -> None:
    first, second = bloquear(nueva.pk), bloquear(nueva.pk)
    assert first.pk == second.pk == nueva.pk
    assert second.ventanas_activas
